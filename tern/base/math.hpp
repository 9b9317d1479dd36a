#pragma once
// Small integer arithmetic that the formats rely on: alignment, powers of two, wrapping term ids.

#include <bit>
#include <concepts>
#include <cstdint>

namespace tern {

inline constexpr std::int64_t kNullValue = -1;  ///< "no id" for every kind of id (TRN-0)
inline constexpr std::size_t kCacheLineLength = 64;

/// Rounds up to a multiple of `alignment`, a power of two.
template <std::integral T>
[[nodiscard]] constexpr T align_up(T value, T alignment) noexcept {
    return static_cast<T>((value + (alignment - 1)) & ~(alignment - 1));
}

template <std::integral T>
[[nodiscard]] constexpr bool is_aligned(T value, T alignment) noexcept {
    return (value & (alignment - 1)) == 0;
}

template <std::integral T>
[[nodiscard]] constexpr bool is_power_of_two(T value) noexcept {
    return value > 0 && (value & (value - 1)) == 0;
}

/// a + b modulo 2^32, as term ids are added.
[[nodiscard]] constexpr std::int32_t wrapping_add(std::int32_t a, std::int32_t b) noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}

/// a - b modulo 2^32, as term ids are compared.
[[nodiscard]] constexpr std::int32_t wrapping_sub(std::int32_t a, std::int32_t b) noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) - static_cast<std::uint32_t>(b));
}

}  // namespace tern
