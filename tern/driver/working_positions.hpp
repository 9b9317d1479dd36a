#pragma once
// What the conductor knows of the subscribers of one stream: the range of those positions that
// count (untethered ones that rest or are closed do not, DRV-11.8).
//
// The conductor owns subscriptions and their position counters; it hands this summary to the
// conductor-side functions of NetworkPublication (spies) and PublicationImage (subscribers).

#include <algorithm>
#include <cstdint>

namespace tern::driver {

struct WorkingPositions {
    std::int32_t count = 0;
    std::int64_t min = INT64_MAX;  ///< meaningful when count > 0
    std::int64_t max = INT64_MIN;  ///< meaningful when count > 0

    void add(std::int64_t position) noexcept {
        ++count;
        min = std::min(min, position);
        max = std::max(max, position);
    }
    [[nodiscard]] bool any() const noexcept { return count > 0; }
    /// Whether every working position has reached `position`; true when there is none.
    [[nodiscard]] bool all_reached(std::int64_t position) const noexcept {
        return count == 0 || min >= position;
    }
};

}  // namespace tern::driver
