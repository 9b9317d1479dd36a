#pragma once
// The simulator's chance: every draw comes from the seed, so that a seed is a run.

#include <cstdint>
#include <utility>
#include <vector>

#include "tern/base/assert.hpp"
#include "tern/platform/split_mix.hpp"

namespace tern::platform::sim {

inline constexpr std::uint32_t kPpm = 1'000'000;  ///< a certainty, in parts per million

/// Both ends included.
struct Range {
    std::int64_t min = 0;
    std::int64_t max = 0;
};

class Prng {
  public:
    explicit Prng(std::uint64_t seed) : state_(split_mix(seed)) {}

    [[nodiscard]] std::uint64_t next() noexcept {
        state_ += kSplitMixIncrement;
        return split_mix(state_);
    }
    [[nodiscard]] std::int64_t between(Range range) noexcept {
        TERN_ASSERT(range.min <= range.max, "a range has min <= max");
        const std::uint64_t span =
            static_cast<std::uint64_t>(range.max) - static_cast<std::uint64_t>(range.min) + 1;
        const std::uint64_t offset = span == 0 ? next() : next() % span;
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(range.min) + offset);
    }
    [[nodiscard]] bool chance(std::uint32_t ppm) noexcept {
        // No draw for what is off: switching a fault off leaves the other choices as they were.
        return ppm != 0 && next() % kPpm < ppm;
    }
    template <typename T>
    void shuffle(std::vector<T>& items) noexcept {
        for (std::size_t i = items.size(); i > 1; --i) {
            std::swap(items[i - 1], items[static_cast<std::size_t>(next() % i)]);
        }
    }
    /// A stream of its own, so that draws for one subject do not shift those for another.
    [[nodiscard]] Prng fork() noexcept { return Prng(next()); }

  private:
    std::uint64_t state_;
};

}  // namespace tern::platform::sim
