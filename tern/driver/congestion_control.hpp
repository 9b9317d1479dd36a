#pragma once
// Size of the window that a receiver offers (DSR-9).
//
// Thread safety: on_track_rebuild on the conductor; the RTT functions on the receiver.

#include <cstdint>
#include <optional>

namespace tern::driver {

class CongestionControl {
  public:
    /// What one look at an image has found.
    struct Progress {
        bool loss_found = false;                 ///< a gap that was not known before
        std::int64_t consumed_position = 0;      ///< by the slowest subscriber
        std::int64_t acknowledged_position = 0;  ///< of the last scheduled status message
    };
    struct Decision {
        std::int32_t window_length = 0;  ///< bytes
        bool force_status_message = false;
    };

    virtual ~CongestionControl() = default;
    [[nodiscard]] virtual std::int32_t initial_window_length() const noexcept = 0;
    [[nodiscard]] virtual std::int32_t max_window_length() const noexcept = 0;
    [[nodiscard]] virtual Decision on_track_rebuild(std::int64_t now_ns,
                                                    const Progress& progress) noexcept = 0;

    /// The timestamp to send in a request for an RTT measurement that is due now; nullopt: none is.
    [[nodiscard]] virtual std::optional<std::int64_t> next_rtt_request(
        std::int64_t now_ns) noexcept = 0;
    /// An answer to a request, with the timestamp that it returns.
    virtual void on_rtt_reply(std::int64_t now_ns, std::int64_t echo_timestamp_ns,
                              std::int64_t reception_delta_ns) noexcept = 0;
};

/// cc=static, the default: always the configured window.
class StaticWindowCongestionControl final : public CongestionControl {
  public:
    /// `window_length` is already limited to half a term (logbuffer::receiver_window_length).
    explicit StaticWindowCongestionControl(std::int32_t window_length) : window_(window_length) {}
    [[nodiscard]] std::int32_t initial_window_length() const noexcept override { return window_; }
    [[nodiscard]] std::int32_t max_window_length() const noexcept override { return window_; }
    [[nodiscard]] Decision on_track_rebuild(std::int64_t, const Progress&) noexcept override {
        return {window_, false};
    }
    [[nodiscard]] std::optional<std::int64_t> next_rtt_request(std::int64_t) noexcept override {
        return std::nullopt;
    }
    void on_rtt_reply(std::int64_t, std::int64_t, std::int64_t) noexcept override {}

  private:
    std::int32_t window_;
};

}  // namespace tern::driver
