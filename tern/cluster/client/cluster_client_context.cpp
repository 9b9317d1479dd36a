#include "tern/cluster/client/cluster_client_context.hpp"

#include "tern/cluster/client/ingress_members.hpp"
#include "tern/wire/channel_uri.hpp"

namespace tern::cluster {
namespace {

constexpr std::size_t kMaxClientNameLength = 100;

}  // namespace

ClusterClientContext ClusterClientContext::from_properties(const Properties& properties) {
    ClusterClientContext context;
    const auto text = [&](std::string_view name, std::string& field) {
        field = properties.get(name, field);
    };
    const auto stream_id = [&](std::string_view name, std::int32_t& field) {
        field = static_cast<std::int32_t>(properties.get_int(name, field, INT32_MIN, INT32_MAX));
    };
    context.message_timeout_ns =
        properties.get_duration_ns("aeron.cluster.message.timeout", context.message_timeout_ns);
    text("aeron.cluster.ingress.endpoints", context.ingress_endpoints);
    text("aeron.cluster.ingress.channel", context.ingress_channel);
    stream_id("aeron.cluster.ingress.stream.id", context.ingress_stream_id);
    text("aeron.cluster.egress.channel", context.egress_channel);
    stream_id("aeron.cluster.egress.stream.id", context.egress_stream_id);
    text("aeron.cluster.client.name", context.client_name);
    return context;
}

void ClusterClientContext::validate() const {
    const auto require = [](bool condition, const char* what) {
        if (!condition) throw ConfigurationError(what);
    };
    require(!ingress_channel.empty(), "ingressChannel must be specified");
    const auto ingress = wire::ChannelUri::parse(ingress_channel);
    require(!ingress.is_ipc() || ingress_endpoints.empty(),
            "AeronCluster.Context ingressEndpoints must be null when using IPC ingress");
    if (!ingress_endpoints.empty()) (void)parse_ingress_endpoints(ingress_endpoints);
    require(!egress_channel.empty(), "egressChannel must be specified");
    (void)wire::ChannelUri::parse(egress_channel);
    require(client_name.size() <= kMaxClientNameLength,
            "AeronCluster.Context.clientName length must be <= 100");
    require(message_timeout_ns > 0, "message_timeout_ns must be positive");
    require(new_leader_timeout_ns > 0 || new_leader_timeout_ns == -1,
            "new_leader_timeout_ns must be positive, or -1");
    require(keep_alive_interval_ns >= 0, "keep_alive_interval_ns must not be negative");
    require(!listener.on_message != !listener.on_controlled_message,
            "the listener needs on_message or on_controlled_message, and not both");
}

}  // namespace tern::cluster
