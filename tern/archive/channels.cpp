#include "tern/archive/channels.hpp"

namespace tern::archive {
namespace key = wire::uri_key;

std::string control_subscription_channel(const ArchiveContext& context) {
    return wire::ChannelUri::parse(context.control_channel)
        .put_bool(key::kSparse, context.control_term_buffer_sparse)
        .to_string();
}

std::string response_publication_channel(const ArchiveContext& context,
                                         std::string_view response_channel,
                                         std::int64_t request_image_correlation_id) {
    const auto given = wire::ChannelUri::parse(response_channel);
    auto channel = wire::strip_channel(given);
    const auto copy = [&](std::string_view name) {
        if (const auto value = given.get(name)) channel.put(name, *value);
        return given.contains(name);
    };
    if (!copy(key::kTermLength)) {
        channel.put_size(key::kTermLength, context.control_term_buffer_length);
    }
    if (!copy(key::kMtu)) channel.put_size(key::kMtu, context.control_mtu_length);
    if (!copy(key::kSparse)) channel.put_bool(key::kSparse, context.control_term_buffer_sparse);
    if (given.has_control_mode(wire::control_mode::kResponse)) {
        channel.put_int(key::kResponseCorrelationId, request_image_correlation_id);
    }
    return channel.to_string();
}

RecordingChannels recording_channels(std::string_view channel, std::int32_t stream_id,
                                     bool is_local) {
    const auto given = wire::ChannelUri::parse(channel);
    auto stripped = wire::strip_channel(given);
    RecordingChannels result;
    result.stripped = stripped.to_string();
    result.key = wire::recording_subscription_key(stream_id, given);
    stripped.set_spy(is_local && given.is_udp());
    result.subscription = stripped.to_string();
    return result;
}

std::string replay_publication_channel(const ArchiveContext& context,
                                       const wire::ChannelUri& replay_channel,
                                       const RecordingSummary& recording, std::int64_t position,
                                       std::optional<std::int64_t> response_image) {
    auto channel = wire::strip_channel(replay_channel);
    channel.put_initial_position(position, recording.initial_term_id, recording.term_buffer_length)
        .put_int(key::kMtu, recording.mtu_length);
    channel.put_int(
        key::kLinger,
        replay_channel.get_duration_ns(key::kLinger).value_or(context.replay_linger_timeout_ns));
    for (const auto name : {key::kEndOfStream, key::kSparse}) {
        if (const auto value = replay_channel.get(name)) channel.put(name, *value);
    }
    if (response_image) channel.put_int(key::kResponseCorrelationId, *response_image);
    return channel.to_string();
}

}  // namespace tern::archive
