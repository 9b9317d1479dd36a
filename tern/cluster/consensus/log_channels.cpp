#include "tern/cluster/consensus/log_channels.hpp"

#include <fmt/format.h>

#include "tern/wire/channel_uri.hpp"

namespace tern::cluster {

namespace key = wire::uri_key;
using wire::ChannelUri;

bool is_log_mdc(std::string_view log_channel) {
    const auto uri = ChannelUri::parse(log_channel);
    return uri.is_udp() && !uri.contains(key::kEndpoint);
}

std::string leader_publication_channel(const LeaderLogChannel& spec) {
    auto uri = ChannelUri::parse(spec.log_channel);
    uri.put(key::kAlias, "log");
    uri.put(key::kTags, fmt::format("{},{}", spec.channel_tag, spec.publication_tag));
    if (uri.is_udp()) {
        if (is_log_mdc(spec.log_channel)) {
            uri.put(key::kControlMode, wire::control_mode::kManual);
            const auto control = with_port_zero(spec.own_log_endpoint);
            if (spec.is_log_control_enabled && !control.empty()) {
                uri.put(key::kControl, control);
            }
        }
        uri.put_bool(key::kSpiesSimulateConnection, spec.is_single_member);
    }
    if (spec.log) {
        uri.put_initial_position(spec.position, spec.log->initial_term_id,
                                 spec.log->term_buffer_length);
        uri.put_int(key::kMtu, spec.log->mtu_length);
    } else {
        uri.put_int(key::kInitialTermId, 0).put_int(key::kTermId, 0).put_int(key::kTermOffset, 0);
    }
    return uri.to_string();
}

std::string leader_recording_channel(std::string_view log_channel, std::int64_t channel_tag,
                                     std::int32_t session_id) {
    ChannelUri uri(ChannelUri::parse(log_channel).media());
    uri.put_int(key::kTags, channel_tag).put_int(key::kSessionId, session_id);
    uri.put(key::kAlias, "log");
    return uri.to_string();
}

std::string leader_services_channel(std::string_view recording_channel) {
    auto uri = ChannelUri::parse(recording_channel);
    if (uri.is_udp()) uri.set_spy(true);
    return uri.to_string();
}

std::string ingress_subscription_channel(std::string_view ingress_channel,
                                         std::string_view own_ingress_endpoint) {
    auto uri = ChannelUri::parse(ingress_channel);
    if (uri.is_udp()) uri.put_if_absent(key::kEndpoint, own_ingress_endpoint);
    uri.put_bool(key::kRejoin, false).put_bool(key::kReliable, true);
    return uri.to_string();
}

std::string refine_response_channel(std::string_view response_channel,
                                    std::string_view egress_template, bool is_ipc_ingress_allowed) {
    if (egress_template.empty()) return std::string(response_channel);
    if (response_channel.starts_with(wire::kIpcChannel)) {
        return std::string(is_ipc_ingress_allowed ? response_channel : egress_template);
    }
    // Of a repeated key the last value counts, so the template's parameters override.
    const auto response = ChannelUri::parse(response_channel).to_string();
    const auto parameters = egress_template.find('?');
    if (parameters == std::string_view::npos) return response;
    const char separator = response.find('?') == std::string::npos ? '?' : '|';
    const auto joined =
        fmt::format("{}{}{}", response, separator, egress_template.substr(parameters + 1));
    return ChannelUri::parse(joined).to_string();
}

std::string with_port_zero(std::string_view endpoint) {
    const auto colon = endpoint.rfind(':');
    if (colon == std::string_view::npos) return {};
    return std::string(endpoint.substr(0, colon)) + ":0";
}

}  // namespace tern::cluster
