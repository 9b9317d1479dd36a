#pragma once

#include <cstdint>

namespace tern::tools {

/// a - b modulo 2^64: the values come from a file of another process and may be anything.
[[nodiscard]] constexpr std::int64_t difference(std::int64_t a, std::int64_t b) noexcept {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

}  // namespace tern::tools
