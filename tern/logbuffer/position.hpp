#pragma once
// Position arithmetic (TRN-2.2, TRN-2.9, TRN-3): terms, offsets, framed lengths, limits. Term ids
// wrap modulo 2^32; positions and term counts never do.

#include <algorithm>
#include <bit>
#include <cstdint>

#include "tern/base/math.hpp"
#include "tern/wire/data_header.hpp"

namespace tern::logbuffer {

using wire::kDataHeaderLength;
using wire::kFrameAlignment;

inline constexpr std::int32_t kPartitionCount = 3;
inline constexpr std::int32_t kTermMinLength = 64 * 1024;
inline constexpr std::int32_t kTermMaxLength = 1024 * 1024 * 1024;
inline constexpr std::int32_t kPageMinSize = 4096;
inline constexpr std::int32_t kPageMaxSize = 1024 * 1024 * 1024;
inline constexpr std::int32_t kMaxMessageLength = 16 * 1024 * 1024;
inline constexpr std::int64_t kNoEndOfStream = INT64_MAX;  ///< end_of_stream_position of a live log

[[nodiscard]] constexpr bool is_term_length(std::int64_t length) noexcept {
    return length >= kTermMinLength && length <= kTermMaxLength && is_power_of_two(length);
}

/// Throws Error, in upstream's words, unless the length is a power of two within the limits.
void check_term_length(std::int64_t length);
void check_page_size(std::int64_t size);

/// log2 of a term length: 16..30.
[[nodiscard]] constexpr int position_shift(std::int32_t term_length) noexcept {
    return std::countr_zero(static_cast<std::uint32_t>(term_length));
}

[[nodiscard]] constexpr std::int32_t term_count(std::int32_t term_id,
                                                std::int32_t initial_term_id) noexcept {
    return wrapping_sub(term_id, initial_term_id);
}

[[nodiscard]] constexpr std::int64_t compute_position(std::int32_t term_id,
                                                      std::int32_t term_offset, int shift,
                                                      std::int32_t initial_term_id) noexcept {
    return (std::int64_t{term_count(term_id, initial_term_id)} << shift) + term_offset;
}

[[nodiscard]] constexpr std::int32_t term_id_of(std::int64_t position, int shift,
                                                std::int32_t initial_term_id) noexcept {
    return wrapping_add(static_cast<std::int32_t>(position >> shift), initial_term_id);
}

[[nodiscard]] constexpr std::int32_t term_offset_of(std::int64_t position,
                                                    std::int32_t term_length) noexcept {
    return static_cast<std::int32_t>(position & (term_length - 1));
}

/// 0, 1 or 2, whatever another process says that the count is.
[[nodiscard]] constexpr std::int32_t partition_index(std::int32_t term_count) noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(term_count) %
                                     std::uint32_t{kPartitionCount});
}

/// Likewise; a position is not negative.
[[nodiscard]] constexpr std::int32_t partition_index_of(std::int64_t position, int shift) noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint64_t>(position >> shift) %
                                     kPartitionCount);
}

[[nodiscard]] constexpr std::int32_t align_frame(std::int32_t frame_length) noexcept {
    return align_up(frame_length, kFrameAlignment);
}

[[nodiscard]] constexpr std::int64_t max_possible_position(std::int32_t term_length) noexcept {
    return std::int64_t{term_length} << 31;
}

[[nodiscard]] constexpr std::int32_t max_message_length(std::int32_t term_length) noexcept {
    return std::min(term_length / 8, kMaxMessageLength);
}

/// Term space that a message of `length` takes when no fragment has more than `max_payload`.
[[nodiscard]] constexpr std::int32_t framed_length(std::int32_t length,
                                                   std::int32_t max_payload) noexcept {
    const std::int32_t whole = length / max_payload;
    const std::int32_t rest = length % max_payload;
    const std::int32_t last = rest > 0 ? align_frame(rest + kDataHeaderLength) : 0;
    return whole * (max_payload + kDataHeaderLength) + last;
}

/// What a publisher may be ahead of its consumers: half a term, or less where configured (TRN-3.3).
[[nodiscard]] constexpr std::int32_t producer_window_length(std::int32_t term_length,
                                                            std::int32_t configured) noexcept {
    const std::int32_t half = term_length / 2;
    return configured != 0 ? std::min(configured, half) : half;
}

[[nodiscard]] constexpr std::int32_t receiver_window_length(std::int32_t term_length,
                                                            std::int32_t configured) noexcept {
    return std::min(configured, term_length / 2);
}

}  // namespace tern::logbuffer
