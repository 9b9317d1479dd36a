#include "tern/tools/samples/latency_histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace tern::tools {
namespace {

constexpr std::int64_t kMaxValueNs = 3'600'000'000'000;
/// Values of one power of two are told apart in so many steps: more than 1,000, for three digits.
constexpr int kStepBits = 10;
constexpr std::int64_t kSteps = std::int64_t{1} << kStepBits;

/// Values below 2 * kSteps have a bucket each; above, each power of two has kSteps.
int shift_of(std::int64_t value) noexcept {
    const int width = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(value)));
    return std::max(0, width - (kStepBits + 1));
}

std::size_t bucket_of(std::int64_t value) noexcept {
    const int shift = shift_of(value);
    return static_cast<std::size_t>(shift * kSteps + (value >> shift));
}

std::int64_t highest_value_in(std::size_t bucket) noexcept {
    const auto index = static_cast<std::int64_t>(bucket);
    const std::int64_t shift = std::max<std::int64_t>(0, index / kSteps - 1);
    return ((index - shift * kSteps + 1) << shift) - 1;
}

}  // namespace

LatencyHistogram::LatencyHistogram() : buckets_(bucket_of(kMaxValueNs) + 1) {}

void LatencyHistogram::record(std::int64_t value_ns) noexcept {
    const std::int64_t value = std::clamp<std::int64_t>(value_ns, 0, kMaxValueNs);
    ++buckets_[bucket_of(value)];
    ++count_;
    min_ = std::min(min_, value);
    max_ = std::max(max_, value);
    sum_ += static_cast<double>(value);
}

void LatencyHistogram::reset() noexcept {
    std::ranges::fill(buckets_, 0);
    count_ = 0;
    min_ = INT64_MAX;
    max_ = 0;
    sum_ = 0;
}

std::int64_t LatencyHistogram::at(double fraction) const noexcept {
    const auto wanted =
        std::max<std::int64_t>(1, std::llround(std::ceil(fraction * static_cast<double>(count_))));
    std::int64_t seen = 0;
    for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
        seen += buckets_[bucket];
        if (seen >= wanted) return std::min(highest_value_in(bucket), max_);
    }
    return max_;
}

double LatencyHistogram::mean() const noexcept {
    return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
}

}  // namespace tern::tools
