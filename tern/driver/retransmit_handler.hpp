#pragma once
// Decides which NAKs of one publication lead to a retransmission, and when (DSR-3.9).
//
// A NAK that overlaps a retransmission of the last moments (delay + linger) is ignored: several
// receivers, or one impatient one, ask for the same loss. Unicast streams remember one
// retransmission, group streams up to max_resend.
//
// Thread safety: used by one thread, the sender.

#include <array>
#include <cstdint>
#include <limits>

#include "tern/memory/system_counters.hpp"

namespace tern::driver {

inline constexpr std::int32_t kMaxRetransmitActions = 256;

/// Sends what a gap misses. Implemented by NetworkPublication.
class RetransmitSender {
  public:
    virtual void resend(std::int32_t term_id, std::int32_t term_offset, std::int32_t length,
                        std::int64_t now_ns) = 0;

  protected:
    ~RetransmitSender() = default;
};

class RetransmitHandler {
  public:
    struct Config {
        std::int32_t term_length = 0;
        bool has_group_semantics = false;
        std::int32_t max_actions = 16;  ///< 1..256; unicast always has one
        std::int64_t delay_ns = 0;
        std::int64_t linger_ns = 10'000'000;
    };
    RetransmitHandler(const Config& config, const memory::SystemCounters& counters);

    /// `max_length` is the flow control strategy's limit for one retransmission.
    void on_nak(std::int32_t term_id, std::int32_t term_offset, std::int32_t length,
                std::int32_t max_length, std::int64_t now_ns, RetransmitSender& sender);
    void process_timeouts(std::int64_t now_ns, RetransmitSender& sender) {
        // A publication that lost nothing pays one comparison per cycle.
        if (now_ns > next_expiry_ns_) expire(now_ns, sender);
    }

  private:
    enum class State : std::uint8_t { inactive, delayed, lingering };
    struct Action {
        std::int64_t expiry_ns = 0;
        std::int32_t term_id = 0;
        std::int32_t term_offset = 0;
        std::int32_t length = 0;
        State state = State::inactive;
    };

    void expire(std::int64_t now_ns, RetransmitSender& sender);
    [[nodiscard]] Action* choose_action(std::int32_t term_id, std::int32_t term_offset);

    Config config_;
    memory::Counter invalid_packets_;
    memory::Counter overflows_;
    std::array<Action, kMaxRetransmitActions> actions_;
    std::int64_t next_expiry_ns_ = std::numeric_limits<std::int64_t>::max();  // no later than any
};

}  // namespace tern::driver
