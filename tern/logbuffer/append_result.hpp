#pragma once
// What appending to a log answers (TRN-3.4): a position above 0, or one of these.

#include <cstdint>

#include "tern/logbuffer/log_metadata.hpp"
#include "tern/logbuffer/position.hpp"

namespace tern::logbuffer {

inline constexpr std::int64_t kNotConnected = -1;
inline constexpr std::int64_t kBackPressured = -2;
inline constexpr std::int64_t kAdminAction = -3;  ///< the term was rotated: try again
inline constexpr std::int64_t kClosed = -4;       ///< never from a log, but from who holds it
inline constexpr std::int64_t kMaxPositionExceeded = -5;

/// Why nothing can be appended at a position at or past the limit.
[[nodiscard]] inline std::int64_t back_pressure_status(const LogMetadata& metadata,
                                                       std::int64_t position,
                                                       std::int32_t message_length) noexcept {
    // A sum in 64 bits: the length has not been checked by everyone who asks.
    const std::int64_t required =
        align_up<std::int64_t>(std::int64_t{message_length} + kDataHeaderLength, kFrameAlignment);
    if (position + required >= max_possible_position(metadata.term_length)) {
        return kMaxPositionExceeded;
    }
    return metadata.is_connected() ? kBackPressured : kNotConnected;
}

}  // namespace tern::logbuffer
