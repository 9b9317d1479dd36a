#include "tern/wire/commands.hpp"

#include <algorithm>

#include "tern/wire/record_cursor.hpp"

namespace tern::wire {
namespace {

// Of clients that know no flags; such a record has exactly this length (TRN-6.2).
constexpr std::size_t kLegacyRemovePublicationLength = 24;
// What upstream's C driver wants at least (TRN-6.2).
constexpr std::size_t kRejectImageMinLength = 40;

}  // namespace

std::string_view to_string(CommandId id) noexcept {
    switch (id) {
        case CommandId::add_publication:
            return "ADD_PUBLICATION";
        case CommandId::remove_publication:
            return "REMOVE_PUBLICATION";
        case CommandId::add_exclusive_publication:
            return "ADD_EXCLUSIVE_PUBLICATION";
        case CommandId::add_subscription:
            return "ADD_SUBSCRIPTION";
        case CommandId::remove_subscription:
            return "REMOVE_SUBSCRIPTION";
        case CommandId::client_keepalive:
            return "CLIENT_KEEPALIVE";
        case CommandId::add_destination:
            return "ADD_DESTINATION";
        case CommandId::remove_destination:
            return "REMOVE_DESTINATION";
        case CommandId::add_counter:
            return "ADD_COUNTER";
        case CommandId::remove_counter:
            return "REMOVE_COUNTER";
        case CommandId::client_close:
            return "CLIENT_CLOSE";
        case CommandId::add_rcv_destination:
            return "ADD_RCV_DESTINATION";
        case CommandId::remove_rcv_destination:
            return "REMOVE_RCV_DESTINATION";
        case CommandId::terminate_driver:
            return "TERMINATE_DRIVER";
        case CommandId::add_static_counter:
            return "ADD_STATIC_COUNTER";
        case CommandId::reject_image:
            return "REJECT_IMAGE";
        case CommandId::remove_destination_by_id:
            return "REMOVE_DESTINATION_BY_ID";
        case CommandId::get_next_available_session_id:
            return "GET_NEXT_AVAILABLE_SESSION_ID";
    }
    return "UNKNOWN";
}

std::size_t ClientCommand::encoded_length() const noexcept { return 16; }

std::size_t ClientCommand::encode(Bytes into) const noexcept {
    if (into.size() < encoded_length()) return 0;
    return RecordWriter(into.data()).put(client_id).put(correlation_id).written();
}

Decoded<ClientCommand> ClientCommand::decode(ConstBytes record) noexcept {
    RecordReader reader(record);
    ClientCommand message;
    message.client_id = reader.get<std::int64_t>();
    message.correlation_id = reader.get<std::int64_t>();
    return reader.result(message);
}

std::size_t AddPublication::encoded_length() const noexcept { return 24 + channel.size(); }

std::size_t AddPublication::encode(Bytes into) const noexcept {
    if (into.size() < encoded_length()) return 0;
    return RecordWriter(into.data())
        .put(client_id)
        .put(correlation_id)
        .put(stream_id)
        .put_text(channel)
        .written();
}

Decoded<AddPublication> AddPublication::decode(ConstBytes record) noexcept {
    RecordReader reader(record);
    AddPublication message;
    message.client_id = reader.get<std::int64_t>();
    message.correlation_id = reader.get<std::int64_t>();
    message.stream_id = reader.get<std::int32_t>();
    message.channel = reader.get_text();
    return reader.result(message);
}

std::size_t RemovePublication::encoded_length() const noexcept { return 32; }

std::size_t RemovePublication::encode(Bytes into) const noexcept {
    if (into.size() < encoded_length()) return 0;
    return RecordWriter(into.data())
        .put(client_id)
        .put(correlation_id)
        .put(registration_id)
        .put(flags)
        .written();
}

Decoded<RemovePublication> RemovePublication::decode(ConstBytes record) noexcept {
    RecordReader reader(record);
    RemovePublication message;
    message.client_id = reader.get<std::int64_t>();
    message.correlation_id = reader.get<std::int64_t>();
    message.registration_id = reader.get<std::int64_t>();
    if (record.size() != kLegacyRemovePublicationLength) message.flags = reader.get<std::int64_t>();
    return reader.result(message);
}

std::size_t AddSubscription::encoded_length() const noexcept { return 32 + channel.size(); }

std::size_t AddSubscription::encode(Bytes into) const noexcept {
    if (into.size() < encoded_length()) return 0;
    return RecordWriter(into.data())
        .put(client_id)
        .put(correlation_id)
        .put(registration_correlation_id)
        .put(stream_id)
        .put_text(channel)
        .written();
}

Decoded<AddSubscription> AddSubscription::decode(ConstBytes record) noexcept {
    RecordReader reader(record);
    AddSubscription message;
    message.client_id = reader.get<std::int64_t>();
    message.correlation_id = reader.get<std::int64_t>();
    message.registration_correlation_id = reader.get<std::int64_t>();
    message.stream_id = reader.get<std::int32_t>();
    message.channel = reader.get_text();
    return reader.result(message);
}

std::size_t RemoveResource::encoded_length() const noexcept { return 24; }

std::size_t RemoveResource::encode(Bytes into) const noexcept {
    if (into.size() < encoded_length()) return 0;
    return RecordWriter(into.data())
        .put(client_id)
        .put(correlation_id)
        .put(registration_id)
        .written();
}

Decoded<RemoveResource> RemoveResource::decode(ConstBytes record) noexcept {
    RecordReader reader(record);
    RemoveResource message;
    message.client_id = reader.get<std::int64_t>();
    message.correlation_id = reader.get<std::int64_t>();
    message.registration_id = reader.get<std::int64_t>();
    return reader.result(message);
}

std::size_t DestinationCommand::encoded_length() const noexcept { return 28 + channel.size(); }

std::size_t DestinationCommand::encode(Bytes into) const noexcept {
    if (into.size() < encoded_length()) return 0;
    return RecordWriter(into.data())
        .put(client_id)
        .put(correlation_id)
        .put(registration_id)
        .put_text(channel)
        .written();
}

Decoded<DestinationCommand> DestinationCommand::decode(ConstBytes record) noexcept {
    RecordReader reader(record);
    DestinationCommand message;
    message.client_id = reader.get<std::int64_t>();
    message.correlation_id = reader.get<std::int64_t>();
    message.registration_id = reader.get<std::int64_t>();
    message.channel = reader.get_text();
    return reader.result(message);
}

std::size_t RemoveDestinationById::encoded_length() const noexcept { return 32; }

std::size_t RemoveDestinationById::encode(Bytes into) const noexcept {
    if (into.size() < encoded_length()) return 0;
    return RecordWriter(into.data())
        .put(client_id)
        .put(correlation_id)
        .put(registration_id)
        .put(destination_registration_id)
        .written();
}

Decoded<RemoveDestinationById> RemoveDestinationById::decode(ConstBytes record) noexcept {
    RecordReader reader(record);
    RemoveDestinationById message;
    message.client_id = reader.get<std::int64_t>();
    message.correlation_id = reader.get<std::int64_t>();
    message.registration_id = reader.get<std::int64_t>();
    message.destination_registration_id = reader.get<std::int64_t>();
    return reader.result(message);
}

std::size_t AddCounter::encoded_length() const noexcept {
    return 28 + align_up(key.size(), kTextAlignment) + label.size();
}

std::size_t AddCounter::encode(Bytes into) const noexcept {
    if (into.size() < encoded_length()) return 0;
    return RecordWriter(into.data())
        .put(client_id)
        .put(correlation_id)
        .put(type_id)
        .put_bytes(key)
        .align()
        .put_text(label)
        .written();
}

Decoded<AddCounter> AddCounter::decode(ConstBytes record) noexcept {
    RecordReader reader(record);
    AddCounter message;
    message.client_id = reader.get<std::int64_t>();
    message.correlation_id = reader.get<std::int64_t>();
    message.type_id = reader.get<std::int32_t>();
    message.key = reader.get_bytes();
    reader.align();
    message.label = reader.get_text();
    return reader.result(message);
}

std::size_t AddStaticCounter::encoded_length() const noexcept {
    return 36 + align_up(key.size(), kTextAlignment) + label.size();
}

std::size_t AddStaticCounter::encode(Bytes into) const noexcept {
    if (into.size() < encoded_length()) return 0;
    return RecordWriter(into.data())
        .put(client_id)
        .put(correlation_id)
        .put(registration_id)
        .put(type_id)
        .put_bytes(key)
        .align()
        .put_text(label)
        .written();
}

Decoded<AddStaticCounter> AddStaticCounter::decode(ConstBytes record) noexcept {
    RecordReader reader(record);
    AddStaticCounter message;
    message.client_id = reader.get<std::int64_t>();
    message.correlation_id = reader.get<std::int64_t>();
    message.registration_id = reader.get<std::int64_t>();
    message.type_id = reader.get<std::int32_t>();
    message.key = reader.get_bytes();
    reader.align();
    message.label = reader.get_text();
    return reader.result(message);
}

std::size_t RejectImage::encoded_length() const noexcept {
    return std::max(kRejectImageMinLength, 36 + reason.size());
}

std::size_t RejectImage::encode(Bytes into) const noexcept {
    if (into.size() < encoded_length()) return 0;
    return RecordWriter(into.data())
        .put(client_id)
        .put(correlation_id)
        .put(image_correlation_id)
        .put(position)
        .put_text(reason)
        .fill_to(kRejectImageMinLength)
        .written();
}

Decoded<RejectImage> RejectImage::decode(ConstBytes record) noexcept {
    RecordReader reader(record);
    RejectImage message;
    message.client_id = reader.get<std::int64_t>();
    message.correlation_id = reader.get<std::int64_t>();
    message.image_correlation_id = reader.get<std::int64_t>();
    message.position = reader.get<std::int64_t>();
    message.reason = reader.get_text();
    return reader.result(message);
}

std::size_t GetNextAvailableSessionId::encoded_length() const noexcept { return 20; }

std::size_t GetNextAvailableSessionId::encode(Bytes into) const noexcept {
    if (into.size() < encoded_length()) return 0;
    return RecordWriter(into.data()).put(client_id).put(correlation_id).put(stream_id).written();
}

Decoded<GetNextAvailableSessionId> GetNextAvailableSessionId::decode(ConstBytes record) noexcept {
    RecordReader reader(record);
    GetNextAvailableSessionId message;
    message.client_id = reader.get<std::int64_t>();
    message.correlation_id = reader.get<std::int64_t>();
    message.stream_id = reader.get<std::int32_t>();
    return reader.result(message);
}

std::size_t TerminateDriver::encoded_length() const noexcept { return 20 + token.size(); }

std::size_t TerminateDriver::encode(Bytes into) const noexcept {
    if (into.size() < encoded_length()) return 0;
    return RecordWriter(into.data()).put(client_id).put(correlation_id).put_bytes(token).written();
}

Decoded<TerminateDriver> TerminateDriver::decode(ConstBytes record) noexcept {
    RecordReader reader(record);
    TerminateDriver message;
    message.client_id = reader.get<std::int64_t>();
    message.correlation_id = reader.get<std::int64_t>();
    message.token = reader.get_bytes();
    return reader.result(message);
}

}  // namespace tern::wire
