#pragma once
// Responses of a driver to its clients: records of the to-clients broadcast (TRN-7). The record's
// type id is a ResponseId, its bytes are one of the structs below. All clients see all responses;
// each filters by correlation id, client id or registration id.
//
// encoded_length(), encode() and decode() are as in commands.hpp; texts of a decoded response
// point into the record.
//
// Thread safety: none needed; nothing here keeps state.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tern/base/bytes.hpp"
#include "tern/base/math.hpp"
#include "tern/wire/commands.hpp"
#include "tern/wire/error_codes.hpp"

namespace tern::wire {

enum class ResponseId : std::int32_t {
    on_error = 0x0F01,
    on_available_image = 0x0F02,
    on_publication_ready = 0x0F03,
    on_operation_success = 0x0F04,
    on_unavailable_image = 0x0F05,
    on_exclusive_publication_ready = 0x0F06,
    on_subscription_ready = 0x0F07,
    on_counter_ready = 0x0F08,
    on_unavailable_counter = 0x0F09,
    on_client_timeout = 0x0F0A,
    on_static_counter = 0x0F0B,
    on_publication_error = 0x0F0C,
    on_next_available_session_id = 0x0F0D,
};

[[nodiscard]] std::string_view to_string(ResponseId id) noexcept;  ///< "ON_ERROR"

/// on_error.
struct ErrorResponse {
    std::int64_t offending_correlation_id = kNullValue;  ///< 0 when the command was unreadable
    std::int32_t error_code = 0;                         ///< an ErrorCode, if known
    std::string_view message;

    [[nodiscard]] std::size_t encoded_length() const noexcept;
    [[nodiscard]] std::size_t encode(Bytes into) const noexcept;
    [[nodiscard]] static Decoded<ErrorResponse> decode(ConstBytes record) noexcept;
};

/// on_available_image.
struct ImageReady {
    std::int64_t correlation_id = kNullValue;  ///< of the image
    std::int32_t session_id = 0;
    std::int32_t stream_id = 0;
    std::int64_t subscription_registration_id = kNullValue;
    std::int32_t subscriber_position_id = 0;  ///< counter
    std::string_view log_file_name;
    std::string_view source_identity;  ///< "host:port", "aeron:ipc"

    [[nodiscard]] std::size_t encoded_length() const noexcept;
    [[nodiscard]] std::size_t encode(Bytes into) const noexcept;
    [[nodiscard]] static Decoded<ImageReady> decode(ConstBytes record) noexcept;
};

/// on_publication_ready, on_exclusive_publication_ready.
struct PublicationReady {
    std::int64_t correlation_id = kNullValue;   ///< of the add; this client's registration id
    std::int64_t registration_id = kNullValue;  ///< of the publication, which may be shared
    std::int32_t session_id = 0;
    std::int32_t stream_id = 0;
    std::int32_t position_limit_counter_id = 0;
    std::int32_t channel_status_counter_id = -1;  ///< -1 for IPC
    std::string_view log_file_name;

    [[nodiscard]] std::size_t encoded_length() const noexcept;
    [[nodiscard]] std::size_t encode(Bytes into) const noexcept;
    [[nodiscard]] static Decoded<PublicationReady> decode(ConstBytes record) noexcept;
};

/// on_operation_success.
struct OperationSucceeded {
    std::int64_t correlation_id = kNullValue;

    [[nodiscard]] std::size_t encoded_length() const noexcept;
    [[nodiscard]] std::size_t encode(Bytes into) const noexcept;
    [[nodiscard]] static Decoded<OperationSucceeded> decode(ConstBytes record) noexcept;
};

/// on_unavailable_image.
struct ImageUnavailable {
    std::int64_t correlation_id = kNullValue;  ///< of the image
    std::int64_t subscription_registration_id = kNullValue;
    std::int32_t stream_id = 0;
    std::string_view channel;

    [[nodiscard]] std::size_t encoded_length() const noexcept;
    [[nodiscard]] std::size_t encode(Bytes into) const noexcept;
    [[nodiscard]] static Decoded<ImageUnavailable> decode(ConstBytes record) noexcept;
};

/// on_subscription_ready.
struct SubscriptionReady {
    std::int64_t correlation_id = kNullValue;
    std::int32_t channel_status_counter_id = -1;  ///< -1 for IPC and spies

    [[nodiscard]] std::size_t encoded_length() const noexcept;
    [[nodiscard]] std::size_t encode(Bytes into) const noexcept;
    [[nodiscard]] static Decoded<SubscriptionReady> decode(ConstBytes record) noexcept;
};

/// on_counter_ready, on_static_counter, on_unavailable_counter. A counter-ready that no command of
/// the client awaits tells of another client's counter.
struct CounterUpdate {
    std::int64_t correlation_id = kNullValue;  ///< the counter's registration id
    std::int32_t counter_id = 0;

    [[nodiscard]] std::size_t encoded_length() const noexcept;
    [[nodiscard]] std::size_t encode(Bytes into) const noexcept;
    [[nodiscard]] static Decoded<CounterUpdate> decode(ConstBytes record) noexcept;
};

/// on_client_timeout.
struct ClientTimeout {
    std::int64_t client_id = kNullValue;

    [[nodiscard]] std::size_t encoded_length() const noexcept;
    [[nodiscard]] std::size_t encode(Bytes into) const noexcept;
    [[nodiscard]] static Decoded<ClientTimeout> decode(ConstBytes record) noexcept;
};

/// on_next_available_session_id.
struct NextAvailableSessionId {
    std::int64_t correlation_id = kNullValue;
    std::int32_t session_id = 0;

    [[nodiscard]] std::size_t encoded_length() const noexcept;
    [[nodiscard]] std::size_t encode(Bytes into) const noexcept;
    [[nodiscard]] static Decoded<NextAvailableSessionId> decode(ConstBytes record) noexcept;
};

/// on_publication_error: a receiver refused the stream (TRN-7.1).
struct PublicationErrorResponse {
    static constexpr std::int16_t kIpv4 = 1;
    static constexpr std::int16_t kIpv6 = 2;

    std::int64_t registration_id = kNullValue;  ///< of the publication
    std::int64_t destination_registration_id = kNullValue;
    std::int32_t session_id = 0;
    std::int32_t stream_id = 0;
    std::int64_t receiver_id = kNullValue;  ///< -1 for IPC
    std::int64_t group_tag = kNullValue;
    std::int16_t address_type = 0;  ///< kIpv4, kIpv6, 0 unknown
    std::uint16_t source_port = 0;
    std::array<std::byte, 16> source_address{};  ///< IPv4: the first four bytes
    std::int32_t error_code = 0;
    std::string_view message;

    [[nodiscard]] std::size_t encoded_length() const noexcept;
    [[nodiscard]] std::size_t encode(Bytes into) const noexcept;
    [[nodiscard]] static Decoded<PublicationErrorResponse> decode(ConstBytes record) noexcept;
};

}  // namespace tern::wire
