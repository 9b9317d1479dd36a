#pragma once
// How long a receiver waits before it asks for a retransmission (DSR-8.3).
//
// Thread safety: used by one thread, the conductor.

#include <cstdint>

#include "tern/platform/random.hpp"

namespace tern::driver {

class FeedbackDelay {
  public:
    /// `delay_ns` before the first NAK of a gap, `retry_delay_ns` between repetitions.
    [[nodiscard]] static FeedbackDelay fixed(std::int64_t delay_ns, std::int64_t retry_delay_ns);
    /// Streams with reliable=false: gaps are filled at once, and tried at every scan.
    [[nodiscard]] static FeedbackDelay none() { return fixed(0, 0); }
    /// Many receivers: drawn so that few of them ask early. `group_size` is an estimate, at least
    /// 1; `random` outlives this.
    [[nodiscard]] static FeedbackDelay multicast(std::int64_t max_backoff_ns,
                                                 std::int32_t group_size, platform::Random& random);

    [[nodiscard]] std::int64_t initial_ns() const;
    [[nodiscard]] std::int64_t retry_ns() const;

  private:
    [[nodiscard]] std::int64_t draw_ns() const;

    std::int64_t delay_ns_ = 0;
    std::int64_t retry_delay_ns_ = 0;
    platform::Random* random_ = nullptr;  // null: fixed
    double max_backoff_ns_ = 0;
    double lambda_ = 0;
};

}  // namespace tern::driver
