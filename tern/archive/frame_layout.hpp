#pragma once
// Frames as they lie in segment files: the data frame header (chapter 10) as plain values.
//
// In a file they are private bytes, so they are copied out, not shared: no ordering is needed.

#include <cstdint>

#include "tern/base/bytes.hpp"
#include "tern/base/math.hpp"

namespace tern::archive {

inline constexpr std::int32_t kFrameHeaderLength = 32;
inline constexpr std::int32_t kFrameAlignment = 32;
inline constexpr std::uint16_t kFrameTypePadding = 0;
inline constexpr std::uint16_t kFrameTypeData = 1;
/// Where a record checksum takes the place of the session id.
inline constexpr std::size_t kFrameSessionIdOffset = 12;
inline constexpr std::size_t kFrameStreamIdOffset = 16;

struct FrameHeader {
    std::int32_t length = 0;
    std::uint16_t type = 0;
    std::int32_t term_offset = 0;
    std::int32_t session_id = 0;
    std::int32_t stream_id = 0;
    std::int32_t term_id = 0;
};

/// `bytes` holds at least kFrameHeaderLength.
[[nodiscard]] inline FrameHeader read_frame_header(ConstBytes bytes) noexcept {
    const std::byte* at = bytes.data();
    return {load<std::int32_t>(at),
            load<std::uint16_t>(at + 6),
            load<std::int32_t>(at + 8),
            load<std::int32_t>(at + kFrameSessionIdOffset),
            load<std::int32_t>(at + kFrameStreamIdOffset),
            load<std::int32_t>(at + 20)};
}

/// 64-bit, so that no frame length from a file can overflow.
[[nodiscard]] inline std::int64_t aligned_frame_length(std::int32_t frame_length) noexcept {
    return align_up(std::int64_t{frame_length}, std::int64_t{kFrameAlignment});
}

}  // namespace tern::archive
