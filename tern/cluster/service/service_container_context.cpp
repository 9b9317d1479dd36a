#include "tern/cluster/service/service_container_context.hpp"

#include <fmt/format.h>

#include "tern/wire/channel_uri.hpp"

namespace tern::cluster {
namespace {

constexpr std::int32_t kArchiveResponseStreamBase = 121;
constexpr std::int32_t kMinErrorBufferLength = 1024 * 1024;

std::string with_alias(const std::string& channel, const std::string& alias) {
    auto uri = wire::ChannelUri::parse(channel);
    uri.put_if_absent(wire::uri_key::kAlias, alias);
    return uri.to_string();
}

}  // namespace

ServiceContainerContext ServiceContainerContext::from_properties(const Properties& properties) {
    ServiceContainerContext context;
    const auto text = [&](std::string_view name, std::string& field) {
        field = properties.get(name, field);
    };
    const auto number = [&](std::string_view name, std::int32_t& field) {
        field = static_cast<std::int32_t>(properties.get_int(name, field, INT32_MIN, INT32_MAX));
    };
    const auto duration = [&](std::string_view name, std::int64_t& field) {
        field = properties.get_duration_ns(name, field);
    };
    number("aeron.cluster.id", context.cluster_id);
    number("aeron.cluster.service.id", context.service_id);
    text("aeron.cluster.service.name", context.service_name);
    text("aeron.dir", context.aeron_directory);
    text("aeron.cluster.dir", context.cluster_directory);
    text("aeron.cluster.mark.file.dir", context.mark_file_directory);
    context.error_buffer_length = static_cast<std::int32_t>(
        properties.get_size("aeron.cluster.service.error.buffer.length",
                            context.error_buffer_length, kMinErrorBufferLength, INT32_MAX));
    text("aeron.cluster.replay.channel", context.replay_channel);
    number("aeron.cluster.replay.stream.id", context.replay_stream_id);
    text("aeron.cluster.control.channel", context.control_channel);
    number("aeron.cluster.service.stream.id", context.service_stream_id);
    number("aeron.cluster.consensus.module.stream.id", context.consensus_module_stream_id);
    text("aeron.cluster.snapshot.channel", context.snapshot_channel);
    number("aeron.cluster.snapshot.stream.id", context.snapshot_stream_id);
    number("aeron.cluster.log.fragment.limit", context.log_fragment_limit);
    context.is_responding_service =
        properties.get_bool("aeron.cluster.service.responder", context.is_responding_service);
    duration("aeron.cluster.service.cycle.threshold", context.cycle_threshold_ns);
    duration("aeron.cluster.service.snapshot.threshold", context.snapshot_threshold_ns);
    text("aeron.cluster.idle.strategy", context.idle_strategy);
    context.archive.control_request_channel =
        properties.get("aeron.archive.local.control.channel", "aeron:ipc?term-length=64k");
    context.archive.control_response_channel = context.archive.control_request_channel;
    number("aeron.archive.local.control.stream.id", context.archive.control_request_stream_id);
    duration("aeron.archive.message.timeout", context.archive.message_timeout_ns);
    context.archive.control_response_stream_id = 0;
    return context;
}

void ServiceContainerContext::conclude() {
    const auto require = [](bool condition, const std::string& what) {
        if (!condition) throw ConfigurationError(what);
    };
    require(service_id >= 0 && service_id < kMaxServiceCount,
            fmt::format("service id outside allowed range [0,9]: {}", service_id));
    require(service != nullptr, "a service must be provided");
    require(log_fragment_limit > 0, "aeron.cluster.log.fragment.limit must be positive");
    if (mark_file_directory.empty()) mark_file_directory = cluster_directory;
    if (archive.control_response_stream_id == 0) {
        archive.control_response_stream_id =
            cluster_id * 100 + kArchiveResponseStreamBase + service_id;
    }
    archive.client_name = name();
    require(archive.control_request_channel.starts_with(wire::kIpcChannel) &&
                archive.control_response_channel.starts_with(wire::kIpcChannel),
            "local archive control must be IPC");
    const std::string suffix = fmt::format("-cluster-{}", cluster_id);
    archive.control_request_channel =
        with_alias(archive.control_request_channel,
                   fmt::format("sc-{}-archive-ctrl-req{}", service_id, suffix));
    archive.control_response_channel =
        with_alias(archive.control_response_channel,
                   fmt::format("sc-{}-archive-ctrl-resp{}", service_id, suffix));
    archive.validate();
}

std::string ServiceContainerContext::name() const {
    if (!service_name.empty()) return service_name;
    return fmt::format("clustered-service-{}-{}", cluster_id, service_id);
}

}  // namespace tern::cluster
