#include "tern/driver/feedback_delay.hpp"

#include <algorithm>
#include <cmath>

namespace tern::driver {

FeedbackDelay FeedbackDelay::fixed(std::int64_t delay_ns, std::int64_t retry_delay_ns) {
    FeedbackDelay delay;
    delay.delay_ns_ = delay_ns;
    delay.retry_delay_ns_ = retry_delay_ns;
    return delay;
}

FeedbackDelay FeedbackDelay::multicast(std::int64_t max_backoff_ns, std::int32_t group_size,
                                       platform::Random& random) {
    FeedbackDelay delay;
    delay.random_ = &random;
    delay.max_backoff_ns_ = static_cast<double>(max_backoff_ns);
    delay.lambda_ = std::log(static_cast<double>(std::max(group_size, 1))) + 1;
    return delay;
}

std::int64_t FeedbackDelay::initial_ns() const { return random_ ? draw_ns() : delay_ns_; }

std::int64_t FeedbackDelay::retry_ns() const { return random_ ? draw_ns() : retry_delay_ns_; }

std::int64_t FeedbackDelay::draw_ns() const {
    // Truncated exponential with its weight at the far end (DSR-8.3).
    constexpr double kUnit = 0x1p-53;
    const double uniform = static_cast<double>(random_->next_u64() >> 11) * kUnit;  // [0, 1)
    const double rate = lambda_ / max_backoff_ns_;
    const double span = std::expm1(lambda_);
    const double x = uniform * rate + rate / span;
    const double delay = std::log(x * span / rate) / rate;
    return static_cast<std::int64_t>(std::clamp(delay, 0.0, max_backoff_ns_));
}

}  // namespace tern::driver
