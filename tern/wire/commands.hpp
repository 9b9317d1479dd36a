#pragma once
// Commands of a client to its driver: records of the to-driver ring (TRN-6). The record's type id
// is a CommandId, its bytes are one of the structs below, which several ids may share.
//
// Every struct has
//   encoded_length()            bytes that encode() writes
//   encode(Bytes into)          the length written, or 0 when `into` is too short
//   static decode(ConstBytes)   the command, or why the bytes are none; bytes behind it are ignored
// Texts and keys of a decoded command point into the record: copy what outlives its handler.
// Texts are ASCII; encoding replaces other bytes by '?'.
//
// Thread safety: none needed; nothing here keeps state.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tern/base/bytes.hpp"
#include "tern/base/math.hpp"
#include "tern/wire/malformed.hpp"

namespace tern::wire {

inline constexpr std::size_t kMaxChannelLength = 4095;
inline constexpr std::size_t kMaxCounterKeyLength = 112;    ///< the driver cuts longer ones
inline constexpr std::size_t kMaxCounterLabelLength = 380;  ///< the driver cuts longer ones
inline constexpr std::size_t kMaxRejectReasonLength = 1023;

enum class CommandId : std::int32_t {
    add_publication = 0x01,
    remove_publication = 0x02,
    add_exclusive_publication = 0x03,
    add_subscription = 0x04,
    remove_subscription = 0x05,
    client_keepalive = 0x06,
    add_destination = 0x07,
    remove_destination = 0x08,
    add_counter = 0x09,
    remove_counter = 0x0A,
    client_close = 0x0B,
    add_rcv_destination = 0x0C,
    remove_rcv_destination = 0x0D,
    terminate_driver = 0x0E,
    add_static_counter = 0x0F,
    reject_image = 0x10,
    remove_destination_by_id = 0x11,
    get_next_available_session_id = 0x12,
};

[[nodiscard]] std::string_view to_string(CommandId id) noexcept;  ///< "ADD_PUBLICATION"

/// client_keepalive, client_close (correlation_id -1); also the beginning of every other command.
struct ClientCommand {
    std::int64_t client_id = kNullValue;
    std::int64_t correlation_id = kNullValue;

    [[nodiscard]] std::size_t encoded_length() const noexcept;
    [[nodiscard]] std::size_t encode(Bytes into) const noexcept;
    [[nodiscard]] static Decoded<ClientCommand> decode(ConstBytes record) noexcept;
};

/// add_publication, add_exclusive_publication.
struct AddPublication {
    std::int64_t client_id = kNullValue;
    std::int64_t correlation_id = kNullValue;
    std::int32_t stream_id = 0;
    std::string_view channel;

    [[nodiscard]] std::size_t encoded_length() const noexcept;
    [[nodiscard]] std::size_t encode(Bytes into) const noexcept;
    [[nodiscard]] static Decoded<AddPublication> decode(ConstBytes record) noexcept;
};

/// remove_publication. The 24-byte form of old clients has no flags.
struct RemovePublication {
    static constexpr std::int64_t kRevoke = 1;

    std::int64_t client_id = kNullValue;
    std::int64_t correlation_id = kNullValue;
    std::int64_t registration_id = kNullValue;
    std::int64_t flags = 0;

    [[nodiscard]] bool revoke() const noexcept { return (flags & kRevoke) != 0; }
    [[nodiscard]] std::size_t encoded_length() const noexcept;
    [[nodiscard]] std::size_t encode(Bytes into) const noexcept;
    [[nodiscard]] static Decoded<RemovePublication> decode(ConstBytes record) noexcept;
};

/// add_subscription.
struct AddSubscription {
    std::int64_t client_id = kNullValue;
    std::int64_t correlation_id = kNullValue;
    std::int64_t registration_correlation_id = kNullValue;  ///< ignored by drivers
    std::int32_t stream_id = 0;
    std::string_view channel;

    [[nodiscard]] std::size_t encoded_length() const noexcept;
    [[nodiscard]] std::size_t encode(Bytes into) const noexcept;
    [[nodiscard]] static Decoded<AddSubscription> decode(ConstBytes record) noexcept;
};

/// remove_subscription, remove_counter.
struct RemoveResource {
    std::int64_t client_id = kNullValue;
    std::int64_t correlation_id = kNullValue;
    std::int64_t registration_id = kNullValue;

    [[nodiscard]] std::size_t encoded_length() const noexcept;
    [[nodiscard]] std::size_t encode(Bytes into) const noexcept;
    [[nodiscard]] static Decoded<RemoveResource> decode(ConstBytes record) noexcept;
};

/// add_destination, remove_destination (of a publication), add_rcv_destination,
/// remove_rcv_destination (of a subscription).
struct DestinationCommand {
    std::int64_t client_id = kNullValue;
    std::int64_t correlation_id = kNullValue;
    std::int64_t registration_id = kNullValue;  ///< of the publication or subscription
    std::string_view channel;

    [[nodiscard]] std::size_t encoded_length() const noexcept;
    [[nodiscard]] std::size_t encode(Bytes into) const noexcept;
    [[nodiscard]] static Decoded<DestinationCommand> decode(ConstBytes record) noexcept;
};

/// remove_destination_by_id.
struct RemoveDestinationById {
    std::int64_t client_id = kNullValue;
    std::int64_t correlation_id = kNullValue;
    std::int64_t registration_id = kNullValue;              ///< of the publication
    std::int64_t destination_registration_id = kNullValue;  ///< correlation id of its add

    [[nodiscard]] std::size_t encoded_length() const noexcept;
    [[nodiscard]] std::size_t encode(Bytes into) const noexcept;
    [[nodiscard]] static Decoded<RemoveDestinationById> decode(ConstBytes record) noexcept;
};

/// add_counter.
struct AddCounter {
    std::int64_t client_id = kNullValue;
    std::int64_t correlation_id = kNullValue;
    std::int32_t type_id = 0;
    ConstBytes key;
    std::string_view label;

    [[nodiscard]] std::size_t encoded_length() const noexcept;
    [[nodiscard]] std::size_t encode(Bytes into) const noexcept;
    [[nodiscard]] static Decoded<AddCounter> decode(ConstBytes record) noexcept;
};

/// add_static_counter: lives until the driver ends, owned by nobody.
struct AddStaticCounter {
    std::int64_t client_id = kNullValue;
    std::int64_t correlation_id = kNullValue;
    std::int64_t registration_id = kNullValue;
    std::int32_t type_id = 0;
    ConstBytes key;
    std::string_view label;

    [[nodiscard]] std::size_t encoded_length() const noexcept;
    [[nodiscard]] std::size_t encode(Bytes into) const noexcept;
    [[nodiscard]] static Decoded<AddStaticCounter> decode(ConstBytes record) noexcept;
};

/// reject_image. For IPC the image's id is the publication's registration id.
struct RejectImage {
    std::int64_t client_id = kNullValue;
    std::int64_t correlation_id = kNullValue;
    std::int64_t image_correlation_id = kNullValue;
    std::int64_t position = 0;  ///< informational
    std::string_view reason;    ///< at most kMaxRejectReasonLength, else ON_ERROR

    [[nodiscard]] std::size_t encoded_length() const noexcept;
    [[nodiscard]] std::size_t encode(Bytes into) const noexcept;
    [[nodiscard]] static Decoded<RejectImage> decode(ConstBytes record) noexcept;
};

/// get_next_available_session_id.
struct GetNextAvailableSessionId {
    std::int64_t client_id = kNullValue;
    std::int64_t correlation_id = kNullValue;
    std::int32_t stream_id = 0;

    [[nodiscard]] std::size_t encoded_length() const noexcept;
    [[nodiscard]] std::size_t encode(Bytes into) const noexcept;
    [[nodiscard]] static Decoded<GetNextAvailableSessionId> decode(ConstBytes record) noexcept;
};

/// terminate_driver: client_id is a fresh correlation id, correlation_id -1.
struct TerminateDriver {
    std::int64_t client_id = kNullValue;
    std::int64_t correlation_id = kNullValue;
    ConstBytes token;

    [[nodiscard]] std::size_t encoded_length() const noexcept;
    [[nodiscard]] std::size_t encode(Bytes into) const noexcept;
    [[nodiscard]] static Decoded<TerminateDriver> decode(ConstBytes record) noexcept;
};

}  // namespace tern::wire
