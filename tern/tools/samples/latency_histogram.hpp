#pragma once
// How long things took, to three significant digits, in bounded memory: as upstream's
// HdrHistogram counts (TLG-15.2).
//
// Thread safety: none. record() does not allocate.

#include <cstdint>
#include <vector>

namespace tern::tools {

class LatencyHistogram {
  public:
    LatencyHistogram();

    /// Negative values count as 0; what is beyond an hour as that.
    void record(std::int64_t value_ns) noexcept;
    void reset() noexcept;

    [[nodiscard]] std::int64_t count() const noexcept { return count_; }
    /// The least recorded value that so many of all are not above, at most 0.1 % too high;
    /// `fraction` in (0, 1]. 0 when nothing was recorded.
    [[nodiscard]] std::int64_t at(double fraction) const noexcept;
    [[nodiscard]] std::int64_t min() const noexcept { return count_ == 0 ? 0 : min_; }
    [[nodiscard]] std::int64_t max() const noexcept { return max_; }
    [[nodiscard]] double mean() const noexcept;

  private:
    std::vector<std::int64_t> buckets_;
    std::int64_t count_ = 0;
    std::int64_t min_ = INT64_MAX;
    std::int64_t max_ = 0;
    double sum_ = 0;
};

}  // namespace tern::tools
