#include "tern/cluster/consensus/egress_publisher.hpp"

namespace tern::cluster {

namespace msg = wire::cluster;

template <typename Message>
bool EgressPublisher::send(client::Publication& to, const Message& message) {
    scratch_.resize(wire::encoded_length(message));
    if (scratch_.size() > static_cast<std::size_t>(to.max_message_length())) return false;
    (void)wire::encode(scratch_, message);
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        if (to.offer(ConstBytes(scratch_)) > 0) return true;
    }
    return false;
}

bool EgressPublisher::session_event(client::Publication& to, msg::SessionEvent event) {
    event.version = kClientProtocolVersion;
    return send(to, event);
}

bool EgressPublisher::new_leader_event(client::Publication& to, std::int64_t leadership_term_id,
                                       std::int64_t session_id, std::int32_t leader_member_id,
                                       std::string_view ingress_endpoints) {
    return send(to, msg::NewLeaderEvent{.leadership_term_id = leadership_term_id,
                                        .cluster_session_id = session_id,
                                        .leader_member_id = leader_member_id,
                                        .ingress_endpoints = ingress_endpoints});
}

bool EgressPublisher::challenge(client::Publication& to, std::int64_t correlation_id,
                                std::int64_t session_id, ConstBytes encoded_challenge) {
    return send(to, msg::Challenge{.correlation_id = correlation_id,
                                   .cluster_session_id = session_id,
                                   .encoded_challenge = encoded_challenge});
}

bool EgressPublisher::admin_response(client::Publication& to, const msg::AdminRequest& request,
                                     msg::AdminResponseCode code, std::string_view message) {
    return send(to, msg::AdminResponse{.cluster_session_id = request.cluster_session_id,
                                       .correlation_id = request.correlation_id,
                                       .request_type = request.request_type,
                                       .response_code = code,
                                       .message = message});
}

}  // namespace tern::cluster
