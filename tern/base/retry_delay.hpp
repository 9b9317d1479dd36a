#pragma once
// How long to wait before trying again what has failed: each time twice as long, within bounds.
// Thread safety: none.

#include <algorithm>
#include <cstdint>

namespace tern {

class RetryDelay {
  public:
    /// 0 < first_ns <= most_ns.
    constexpr RetryDelay(std::int64_t first_ns, std::int64_t most_ns) noexcept
        : first_ns_(first_ns), most_ns_(most_ns) {}

    /// It has failed again: the delay from now on, in ns. `first_ns` when the last failure was long
    /// ago, that is, more than twice `most_ns`.
    constexpr std::int64_t next(std::int64_t now_ns) noexcept {
        const bool is_new = delay_ns_ == 0 || now_ns - failed_ns_ > 2 * most_ns_;
        delay_ns_ = is_new ? first_ns_ : std::min(2 * delay_ns_, most_ns_);
        failed_ns_ = now_ns;
        return delay_ns_;
    }

  private:
    std::int64_t first_ns_;
    std::int64_t most_ns_;
    std::int64_t delay_ns_ = 0;  // 0: nothing has failed yet
    std::int64_t failed_ns_ = 0;
};

}  // namespace tern
