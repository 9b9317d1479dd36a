#pragma once
// Spans of raw bytes, and typed loads and stores at byte offsets.
//
// Everything that crosses a boundary (network, file, shared memory) is little-endian; this build
// refuses to compile elsewhere. `load`/`store` are for private or unaligned data (they copy);
// fields that another thread or process may touch go through `tern/base/atomic.hpp`.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace tern {

static_assert(std::endian::native == std::endian::little, "Tern's formats are little-endian");

using Bytes = std::span<std::byte>;             ///< writable bytes, not owned
using ConstBytes = std::span<const std::byte>;  ///< readable bytes, not owned

/// Reads a T at any alignment. The caller has checked that sizeof(T) bytes are there.
template <typename T>
requires std::is_trivially_copyable_v<T>
[[nodiscard]] inline T load(const std::byte* from) noexcept {
    T value;
    std::memcpy(&value, from, sizeof(T));
    return value;
}

/// Writes a T at any alignment. The caller has checked that there is room for sizeof(T) bytes.
template <typename T>
requires std::is_trivially_copyable_v<T>
inline void store(std::byte* to, T value) noexcept { std::memcpy(to, &value, sizeof(T)); }

[[nodiscard]] inline std::string_view as_text(ConstBytes bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

[[nodiscard]] inline ConstBytes as_bytes(std::string_view text) noexcept {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

}  // namespace tern
