#include "tern/wire/responses.hpp"

#include <algorithm>

#include "tern/wire/record_cursor.hpp"

namespace tern::wire {
namespace {

// What upstream's C client wants at least (TRN-7).
constexpr std::size_t kPublicationErrorMinLength = 72;

}  // namespace

std::string_view to_string(ResponseId id) noexcept {
    switch (id) {
        case ResponseId::on_error:
            return "ON_ERROR";
        case ResponseId::on_available_image:
            return "ON_AVAILABLE_IMAGE";
        case ResponseId::on_publication_ready:
            return "ON_PUBLICATION_READY";
        case ResponseId::on_operation_success:
            return "ON_OPERATION_SUCCESS";
        case ResponseId::on_unavailable_image:
            return "ON_UNAVAILABLE_IMAGE";
        case ResponseId::on_exclusive_publication_ready:
            return "ON_EXCLUSIVE_PUBLICATION_READY";
        case ResponseId::on_subscription_ready:
            return "ON_SUBSCRIPTION_READY";
        case ResponseId::on_counter_ready:
            return "ON_COUNTER_READY";
        case ResponseId::on_unavailable_counter:
            return "ON_UNAVAILABLE_COUNTER";
        case ResponseId::on_client_timeout:
            return "ON_CLIENT_TIMEOUT";
        case ResponseId::on_static_counter:
            return "ON_STATIC_COUNTER";
        case ResponseId::on_publication_error:
            return "ON_PUBLICATION_ERROR";
        case ResponseId::on_next_available_session_id:
            return "ON_NEXT_AVAILABLE_SESSION_ID";
    }
    return "UNKNOWN";
}

std::size_t ErrorResponse::encoded_length() const noexcept { return 16 + message.size(); }

std::size_t ErrorResponse::encode(Bytes into) const noexcept {
    if (into.size() < encoded_length()) return 0;
    return RecordWriter(into.data())
        .put(offending_correlation_id)
        .put(error_code)
        .put_text(message)
        .written();
}

Decoded<ErrorResponse> ErrorResponse::decode(ConstBytes record) noexcept {
    RecordReader reader(record);
    ErrorResponse message;
    message.offending_correlation_id = reader.get<std::int64_t>();
    message.error_code = reader.get<std::int32_t>();
    message.message = reader.get_text();
    return reader.result(message);
}

std::size_t ImageReady::encoded_length() const noexcept {
    return 36 + align_up(log_file_name.size(), kTextAlignment) + source_identity.size();
}

std::size_t ImageReady::encode(Bytes into) const noexcept {
    if (into.size() < encoded_length()) return 0;
    return RecordWriter(into.data())
        .put(correlation_id)
        .put(session_id)
        .put(stream_id)
        .put(subscription_registration_id)
        .put(subscriber_position_id)
        .put_text(log_file_name)
        .align()
        .put_text(source_identity)
        .written();
}

Decoded<ImageReady> ImageReady::decode(ConstBytes record) noexcept {
    RecordReader reader(record);
    ImageReady message;
    message.correlation_id = reader.get<std::int64_t>();
    message.session_id = reader.get<std::int32_t>();
    message.stream_id = reader.get<std::int32_t>();
    message.subscription_registration_id = reader.get<std::int64_t>();
    message.subscriber_position_id = reader.get<std::int32_t>();
    message.log_file_name = reader.get_text();
    reader.align();
    message.source_identity = reader.get_text();
    return reader.result(message);
}

std::size_t PublicationReady::encoded_length() const noexcept { return 36 + log_file_name.size(); }

std::size_t PublicationReady::encode(Bytes into) const noexcept {
    if (into.size() < encoded_length()) return 0;
    return RecordWriter(into.data())
        .put(correlation_id)
        .put(registration_id)
        .put(session_id)
        .put(stream_id)
        .put(position_limit_counter_id)
        .put(channel_status_counter_id)
        .put_text(log_file_name)
        .written();
}

Decoded<PublicationReady> PublicationReady::decode(ConstBytes record) noexcept {
    RecordReader reader(record);
    PublicationReady message;
    message.correlation_id = reader.get<std::int64_t>();
    message.registration_id = reader.get<std::int64_t>();
    message.session_id = reader.get<std::int32_t>();
    message.stream_id = reader.get<std::int32_t>();
    message.position_limit_counter_id = reader.get<std::int32_t>();
    message.channel_status_counter_id = reader.get<std::int32_t>();
    message.log_file_name = reader.get_text();
    return reader.result(message);
}

std::size_t OperationSucceeded::encoded_length() const noexcept { return 8; }

std::size_t OperationSucceeded::encode(Bytes into) const noexcept {
    if (into.size() < encoded_length()) return 0;
    return RecordWriter(into.data()).put(correlation_id).written();
}

Decoded<OperationSucceeded> OperationSucceeded::decode(ConstBytes record) noexcept {
    RecordReader reader(record);
    OperationSucceeded message;
    message.correlation_id = reader.get<std::int64_t>();
    return reader.result(message);
}

std::size_t ImageUnavailable::encoded_length() const noexcept { return 24 + channel.size(); }

std::size_t ImageUnavailable::encode(Bytes into) const noexcept {
    if (into.size() < encoded_length()) return 0;
    return RecordWriter(into.data())
        .put(correlation_id)
        .put(subscription_registration_id)
        .put(stream_id)
        .put_text(channel)
        .written();
}

Decoded<ImageUnavailable> ImageUnavailable::decode(ConstBytes record) noexcept {
    RecordReader reader(record);
    ImageUnavailable message;
    message.correlation_id = reader.get<std::int64_t>();
    message.subscription_registration_id = reader.get<std::int64_t>();
    message.stream_id = reader.get<std::int32_t>();
    message.channel = reader.get_text();
    return reader.result(message);
}

std::size_t SubscriptionReady::encoded_length() const noexcept { return 12; }

std::size_t SubscriptionReady::encode(Bytes into) const noexcept {
    if (into.size() < encoded_length()) return 0;
    return RecordWriter(into.data()).put(correlation_id).put(channel_status_counter_id).written();
}

Decoded<SubscriptionReady> SubscriptionReady::decode(ConstBytes record) noexcept {
    RecordReader reader(record);
    SubscriptionReady message;
    message.correlation_id = reader.get<std::int64_t>();
    message.channel_status_counter_id = reader.get<std::int32_t>();
    return reader.result(message);
}

std::size_t CounterUpdate::encoded_length() const noexcept { return 12; }

std::size_t CounterUpdate::encode(Bytes into) const noexcept {
    if (into.size() < encoded_length()) return 0;
    return RecordWriter(into.data()).put(correlation_id).put(counter_id).written();
}

Decoded<CounterUpdate> CounterUpdate::decode(ConstBytes record) noexcept {
    RecordReader reader(record);
    CounterUpdate message;
    message.correlation_id = reader.get<std::int64_t>();
    message.counter_id = reader.get<std::int32_t>();
    return reader.result(message);
}

std::size_t ClientTimeout::encoded_length() const noexcept { return 8; }

std::size_t ClientTimeout::encode(Bytes into) const noexcept {
    if (into.size() < encoded_length()) return 0;
    return RecordWriter(into.data()).put(client_id).written();
}

Decoded<ClientTimeout> ClientTimeout::decode(ConstBytes record) noexcept {
    RecordReader reader(record);
    ClientTimeout message;
    message.client_id = reader.get<std::int64_t>();
    return reader.result(message);
}

std::size_t NextAvailableSessionId::encoded_length() const noexcept { return 12; }

std::size_t NextAvailableSessionId::encode(Bytes into) const noexcept {
    if (into.size() < encoded_length()) return 0;
    return RecordWriter(into.data()).put(correlation_id).put(session_id).written();
}

Decoded<NextAvailableSessionId> NextAvailableSessionId::decode(ConstBytes record) noexcept {
    RecordReader reader(record);
    NextAvailableSessionId message;
    message.correlation_id = reader.get<std::int64_t>();
    message.session_id = reader.get<std::int32_t>();
    return reader.result(message);
}

std::size_t PublicationErrorResponse::encoded_length() const noexcept {
    return std::max(kPublicationErrorMinLength, 68 + message.size());
}

std::size_t PublicationErrorResponse::encode(Bytes into) const noexcept {
    if (into.size() < encoded_length()) return 0;
    return RecordWriter(into.data())
        .put(registration_id)
        .put(destination_registration_id)
        .put(session_id)
        .put(stream_id)
        .put(receiver_id)
        .put(group_tag)
        .put(address_type)
        .put(source_port)
        .put(source_address)
        .put(error_code)
        .put_text(message)
        .fill_to(kPublicationErrorMinLength)
        .written();
}

Decoded<PublicationErrorResponse> PublicationErrorResponse::decode(ConstBytes record) noexcept {
    RecordReader reader(record);
    PublicationErrorResponse message;
    message.registration_id = reader.get<std::int64_t>();
    message.destination_registration_id = reader.get<std::int64_t>();
    message.session_id = reader.get<std::int32_t>();
    message.stream_id = reader.get<std::int32_t>();
    message.receiver_id = reader.get<std::int64_t>();
    message.group_tag = reader.get<std::int64_t>();
    message.address_type = reader.get<std::int16_t>();
    message.source_port = reader.get<std::uint16_t>();
    message.source_address = reader.get<std::array<std::byte, 16>>();
    message.error_code = reader.get<std::int32_t>();
    message.message = reader.get_text();
    return reader.result(message);
}

}  // namespace tern::wire
