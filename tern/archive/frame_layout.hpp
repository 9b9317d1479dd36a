#pragma once
// Frames as they lie in segment files. In a file they are private bytes, so headers are copied
// out: no ordering is needed, and nothing in them is trusted.

#include <cstddef>
#include <cstdint>

#include "tern/base/bytes.hpp"
#include "tern/base/math.hpp"
#include "tern/wire/data_header.hpp"

namespace tern::archive {

/// Where a record checksum takes the place of the session id (ARC-9.2 of chapter 40).
inline constexpr std::size_t kChecksumOffset = offsetof(wire::DataHeader, session_id);

/// `bytes` holds at least a header.
[[nodiscard]] inline wire::DataHeader read_frame_header(ConstBytes bytes) noexcept {
    return load<wire::DataHeader>(bytes.data());
}

/// 64-bit, so that no frame length from a file can overflow.
[[nodiscard]] inline std::int64_t aligned_frame_length(std::int32_t frame_length) noexcept {
    return align_up(std::int64_t{frame_length}, std::int64_t{wire::kFrameAlignment});
}

}  // namespace tern::archive
