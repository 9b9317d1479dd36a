#pragma once
// Layout of a broadcast buffer, [capacity][128-byte trailer] (TRN-5.5). One transmitter, any number
// of receivers, which never hold it back: a receiver that is too slow is lapped and finds out.
//
// Records are read while they may be overwritten, so both sides touch them in relaxed atomic
// words and the receiver validates afterwards.

#include <cstddef>
#include <cstdint>

#include "tern/base/bytes.hpp"

namespace tern::memory {

inline constexpr std::size_t kBroadcastTrailerLength = 128;

namespace broadcast {

// Offsets into the trailer.
inline constexpr std::size_t kTailIntentOffset = 0;
inline constexpr std::size_t kTailOffset = 8;
inline constexpr std::size_t kLatestOffset = 16;

// A record: i32 length (8 + payload), i32 msg_type_id, payload; aligned to 8.
inline constexpr std::int64_t kHeaderLength = 8;
inline constexpr std::int64_t kAlignment = 8;
inline constexpr std::int32_t kPaddingTypeId = -1;

/// Copies between private memory and a record, whose side is touched in relaxed atomic words;
/// the record is 8-byte aligned and padded to 8.
void copy_in(std::byte* record, ConstBytes from) noexcept;
void copy_out(Bytes to, const std::byte* record) noexcept;

/// Throws Error unless `length` is a power of two plus the trailer.
void check_length(std::size_t length);

}  // namespace broadcast
}  // namespace tern::memory
