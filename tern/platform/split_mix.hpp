#pragma once
// splitmix64: a sequence of well-mixed 64-bit numbers from a counter.

#include <cstdint>

namespace tern::platform {

inline constexpr std::uint64_t kSplitMixIncrement = 0x9E3779B97F4A7C15U;

/// The number that belongs to one value of the counter.
[[nodiscard]] constexpr std::uint64_t split_mix(std::uint64_t counter) noexcept {
    counter = (counter ^ (counter >> 30)) * 0xBF58476D1CE4E5B9U;
    counter = (counter ^ (counter >> 27)) * 0x94D049BB133111EBU;
    return counter ^ (counter >> 31);
}

}  // namespace tern::platform
