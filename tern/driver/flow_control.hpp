#pragma once
// How far a sender may go, given what its receivers have told (DSR-4).
//
// Thread safety: all calls on the sender's thread, except has_required_receivers (any thread).

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "tern/memory/counter.hpp"
#include "tern/wire/udp_frames.hpp"

namespace tern::driver {

/// A retransmission never exceeds this times the strategy's multiple (compile-time constant
/// upstream too, whatever window is configured).
inline constexpr std::int32_t kRetransmitBaseWindow = 128 * 1024;
inline constexpr std::int32_t kUnicastRetransmitWindowMultiple = 16;
inline constexpr std::int32_t kMulticastRetransmitWindowMultiple = 4;

class FlowControl {
  public:
    explicit FlowControl(std::int32_t retransmit_window_multiple)
        : retransmit_window_multiple_(retransmit_window_multiple) {}
    virtual ~FlowControl() = default;
    FlowControl(const FlowControl&) = delete;
    FlowControl& operator=(const FlowControl&) = delete;

    /// Each returns the new sender limit. `position` is the one that the message acknowledges.
    [[nodiscard]] virtual std::int64_t on_status_message(const wire::StatusMessage& message,
                                                         std::int64_t position,
                                                         std::int64_t sender_limit,
                                                         std::int64_t now_ns) = 0;
    [[nodiscard]] virtual std::int64_t on_idle(std::int64_t now_ns, std::int64_t sender_limit) = 0;

    /// An SM asked for a SETUP; a SETUP was sent in answer.
    virtual void on_trigger_send_setup(const wire::StatusMessage&) {}
    virtual void on_setup(std::int64_t /*now_ns*/, std::int64_t /*sender_limit*/) {}
    /// A receiver refused the stream.
    virtual void on_error(std::int64_t /*receiver_id*/) {}
    [[nodiscard]] virtual bool has_required_receivers() const noexcept { return true; }

    /// Longest retransmission for one NAK.
    [[nodiscard]] std::int32_t max_retransmission_length(std::int32_t term_length) const noexcept;

  private:
    std::int32_t retransmit_window_multiple_;
};

/// Unicast, and fc=max: the fastest receiver drives the sender.
class MaxFlowControl final : public FlowControl {
  public:
    using FlowControl::FlowControl;
    [[nodiscard]] std::int64_t on_status_message(const wire::StatusMessage& message,
                                                 std::int64_t position, std::int64_t sender_limit,
                                                 std::int64_t now_ns) override;
    [[nodiscard]] std::int64_t on_idle(std::int64_t now_ns, std::int64_t sender_limit) override;
};

/// fc=min and fc=tagged: the slowest (tagged) receiver drives the sender.
class MinFlowControl final : public FlowControl {
  public:
    struct Config {
        std::optional<std::int64_t> group_tag = {};  ///< set: only receivers with this tag count
        std::int32_t group_min_size = 0;
        std::int64_t receiver_timeout_ns = 5'000'000'000;
        std::int32_t retransmit_window_multiple = kMulticastRetransmitWindowMultiple;
    };
    /// Tracked receivers at most; a further one is not waited for.
    static constexpr std::size_t kMaxReceivers = 1024;

    /// `receivers` is the stream's fc-receivers counter, or null.
    MinFlowControl(const Config& config, memory::Counter receivers);

    [[nodiscard]] std::int64_t on_status_message(const wire::StatusMessage& message,
                                                 std::int64_t position, std::int64_t sender_limit,
                                                 std::int64_t now_ns) override;
    [[nodiscard]] std::int64_t on_idle(std::int64_t now_ns, std::int64_t sender_limit) override;
    void on_trigger_send_setup(const wire::StatusMessage& message) override;
    void on_setup(std::int64_t now_ns, std::int64_t sender_limit) override;
    void on_error(std::int64_t receiver_id) override;
    [[nodiscard]] bool has_required_receivers() const noexcept override {
        return has_required_receivers_.load(std::memory_order_acquire);
    }

  private:
    struct Receiver {
        std::int64_t receiver_id;
        std::int64_t position;
        std::int64_t position_plus_window;
        std::int64_t time_of_last_status_ns;
        bool end_of_stream;
    };

    [[nodiscard]] bool matches(const wire::StatusMessage& message) const noexcept;
    [[nodiscard]] std::int64_t setup_limit(std::int64_t now_ns) noexcept;
    [[nodiscard]] bool group_complete() const noexcept;
    void publish_receivers();

    Config config_;
    memory::Counter receivers_counter_;
    std::vector<Receiver> receivers_;
    std::optional<std::int64_t> setup_limit_ = {};  // holds the limit while a receiver is joining
    std::int64_t time_of_last_setup_ns_ = 0;
    bool setup_triggered_ = false;
    std::atomic<bool> has_required_receivers_;
};

/// What `fc=` asks for (DSR-4.2).
struct FlowControlOptions {
    enum class Strategy : std::uint8_t { max, min, tagged };
    Strategy strategy = Strategy::max;
    std::optional<std::int64_t> receiver_timeout_ns = {};
    std::optional<std::int64_t> group_tag = {};
    std::optional<std::int32_t> group_min_size = {};
    std::optional<std::int32_t> retransmit_window_multiple = {};
};

/// Throws Error (in upstream's words) on a value that cannot be understood.
[[nodiscard]] FlowControlOptions parse_flow_control(std::string_view value, std::string_view uri);

/// What the driver is configured with; options of the URI go before it.
struct FlowControlDefaults {
    std::int64_t receiver_timeout_ns = 5'000'000'000;
    std::int64_t group_tag = -1;
    std::int32_t group_min_size = 0;
    std::int32_t unicast_multiple = kUnicastRetransmitWindowMultiple;
    std::int32_t multicast_multiple = kMulticastRetransmitWindowMultiple;
};

/// `receivers_counter` may be null; only min and tagged use it.
[[nodiscard]] std::unique_ptr<FlowControl> make_flow_control(const FlowControlOptions& options,
                                                             const FlowControlDefaults& defaults,
                                                             bool has_group_semantics,
                                                             memory::Counter receivers_counter);

}  // namespace tern::driver
