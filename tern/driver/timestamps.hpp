#pragma once
// Timestamps that the driver writes into messages on their way: `channel-snd-ts-offset` just before
// a datagram is sent, `channel-rcv-ts-offset` when the receiver takes it, `media-rcv-ts-offset` the
// time at which the kernel received it (DSR-15). Nanoseconds since the epoch, 8 bytes, little
// endian, into the first message of a datagram.
//
// Thread safety: none needed; values and pure functions.

#include <cstdint>
#include <string_view>

#include "tern/base/bytes.hpp"
#include "tern/wire/channel_uri.hpp"

namespace tern::driver {

/// Bytes from the message's first to where the timestamp goes; or one of the two below.
using TimestampOffset = std::int32_t;
inline constexpr TimestampOffset kNoTimestamp = -1;
/// The header's reserved value: the `reserved` keyword.
inline constexpr TimestampOffset kReservedValueTimestamp = -8;

struct TimestampOffsets {
    TimestampOffset media_receive = kNoTimestamp;
    TimestampOffset channel_receive = kNoTimestamp;
    TimestampOffset channel_send = kNoTimestamp;

    /// Throws Error on a value that is no offset, and on offsets that overlap.
    [[nodiscard]] static TimestampOffsets parse(const wire::ChannelUri& uri);
};

/// Throws Error when a channel asks for another offset than the endpoint it would share has. `key`
/// is the URI's.
void check_timestamps_agree(std::string_view key, TimestampOffset existing,
                            std::string_view existing_channel, TimestampOffset requested,
                            std::string_view channel);

/// Stamps a datagram that begins with the first fragment of a message. Nothing happens where there
/// is no such message or the timestamp does not fit it.
void stamp(Bytes datagram, TimestampOffset offset, std::int64_t epoch_ns) noexcept;

}  // namespace tern::driver
