#pragma once
// When the next message is due, at a steady rate: each at its place in the schedule, so that a
// late one is followed at once by those that are due as well.

#include <cstdint>

#include "tern/base/duration.hpp"

namespace tern::tools {

class Pace {
  public:
    /// `per_second` messages a second from `start_ns` on; 0: always due, without a schedule.
    Pace(double per_second, std::int64_t start_ns) noexcept
        : interval_ns_(per_second > 0 ? kNanosPerSecond / per_second : 0), start_ns_(start_ns) {}

    [[nodiscard]] bool is_due(std::int64_t now_ns) const noexcept {
        return interval_ns_ == 0 || now_ns >= due_ns();
    }
    /// When the next message should leave.
    [[nodiscard]] std::int64_t due_ns() const noexcept {
        return start_ns_ + static_cast<std::int64_t>(static_cast<double>(sent_) * interval_ns_);
    }
    void sent() noexcept { ++sent_; }
    [[nodiscard]] bool has_schedule() const noexcept { return interval_ns_ != 0; }

  private:
    double interval_ns_;
    std::int64_t start_ns_;
    std::int64_t sent_ = 0;
};

}  // namespace tern::tools
