#pragma once
// What the ring buffers have in common: trailer and record layout (TRN-5.1), the actions of a
// controlled read, and the report of a record that cannot be right.

#include <cstddef>
#include <cstdint>

#include "tern/base/bytes.hpp"
#include "tern/base/math.hpp"

namespace tern::memory {

inline constexpr std::size_t kRingTrailerLength = 768;

namespace ring {

// Offsets into the trailer; each field is on two cache lines of its own.
inline constexpr std::size_t kTailOffset = 128;
inline constexpr std::size_t kHeadCacheOffset = 256;
inline constexpr std::size_t kHeadOffset = 384;
inline constexpr std::size_t kCorrelationCounterOffset = 512;
inline constexpr std::size_t kConsumerHeartbeatOffset = 640;
static_assert(kConsumerHeartbeatOffset + 128 == kRingTrailerLength);

// A record: i32 length (8 + payload), i32 msg_type_id, payload; aligned to 8.
inline constexpr std::int64_t kHeaderLength = 8;
inline constexpr std::int64_t kAlignment = 8;
inline constexpr std::size_t kTypeOffset = 4;
inline constexpr std::int32_t kPaddingTypeId = -1;

}  // namespace ring

/// What a handler of a controlled read tells the ring about the record it was given.
enum class ReadAction : std::uint8_t {
    abort,      ///< do not consume this record, stop
    break_,     ///< consume it, stop
    commit,     ///< consume it and free everything up to it for producers now, go on
    continue_,  ///< consume it, go on
};

/// A record whose length cannot be right; a ring writable by other processes is not trusted.
struct RingCorruption {
    std::int64_t position;      ///< of the record: head position plus what was read before it
    std::int32_t length;        ///< what its length field says
    std::int32_t message_type;  ///< what its type field says
};

/// Throws Error unless `length` is a power of two plus the trailer, at least 8 of capacity.
void check_ring_length(std::size_t length);
/// Throws Error on a message type below 1 or a payload longer than `max_length`.
void check_ring_message(std::int32_t message_type, std::size_t length, std::int64_t max_length);

}  // namespace tern::memory
