#pragma once
// The channels of the log and of ingress and egress, derived from the configured ones (CLF-16.3,
// CLF-16.4, CON-7.1). Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tern/cluster/recording_log.hpp"

namespace tern::cluster {

/// UDP without an endpoint: the leader sends to each follower's log endpoint.
[[nodiscard]] bool is_log_mdc(std::string_view log_channel);

struct LeaderLogChannel {
    std::string_view log_channel = {};  ///< as configured
    std::int64_t channel_tag = -1;      ///< fresh ids
    std::int64_t publication_tag = -1;
    std::string_view own_log_endpoint = {};
    bool is_log_control_enabled = true;
    bool is_single_member = true;
    std::optional<RecoveryPlan::Log> log = {};  ///< the recording to go on with
    std::int64_t position = 0;
};
/// Of the leader's exclusive publication.
[[nodiscard]] std::string leader_publication_channel(const LeaderLogChannel& spec);

/// What the leader records.
[[nodiscard]] std::string leader_recording_channel(std::string_view log_channel,
                                                   std::int64_t channel_tag,
                                                   std::int32_t session_id);

/// What services subscribe to on the leader: a spy for UDP.
[[nodiscard]] std::string leader_services_channel(std::string_view recording_channel);

/// Of a member's ingress subscription.
[[nodiscard]] std::string ingress_subscription_channel(std::string_view ingress_channel,
                                                       std::string_view own_ingress_endpoint);

/// The response channel of a session after the module's egress template was applied.
[[nodiscard]] std::string refine_response_channel(std::string_view response_channel,
                                                  std::string_view egress_template,
                                                  bool is_ipc_ingress_allowed);

/// "host:0" of "host:port"; empty when there is no port.
[[nodiscard]] std::string with_port_zero(std::string_view endpoint);

}  // namespace tern::cluster
