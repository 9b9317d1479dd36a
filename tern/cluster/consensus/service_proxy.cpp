#include "tern/cluster/consensus/service_proxy.hpp"

#include <string>

namespace tern::cluster {

namespace msg = wire::cluster;

template <typename Message>
bool ServiceProxy::send(const Message& message) {
    if (publication_ == nullptr) return false;
    scratch_.resize(wire::encoded_length(message));
    (void)wire::encode(scratch_, message);
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        if (publication_->offer(ConstBytes(scratch_)) > 0) return true;
    }
    return false;
}

bool ServiceProxy::join_log(const msg::JoinLog& message) { return send(message); }

bool ServiceProxy::termination_position(std::int64_t log_position) {
    return send(msg::ServiceTerminationPosition{.log_position = log_position});
}

bool ServiceProxy::members_response(std::int64_t correlation_id, std::int32_t leader_member_id,
                                    std::span<const ClusterMember> members) {
    const auto text = encode_cluster_members(members);
    return send(msg::ClusterMembersResponse{.correlation_id = correlation_id,
                                            .leader_member_id = leader_member_id,
                                            .active_members = text});
}

bool ServiceProxy::members_extended_response(std::int64_t correlation_id, std::int32_t member_id,
                                             std::int32_t leader_member_id,
                                             std::span<const ClusterMember> members,
                                             std::int64_t monotonic_ns,
                                             std::int64_t cluster_time_ns) {
    std::vector<msg::ClusterMemberEntry> entries;
    for (const auto& member : members) {
        const auto heard = member.time_of_last_append_ns;
        entries.push_back(
            {.leadership_term_id = member.leadership_term_id,
             .log_position = member.log_position,
             .time_of_last_append_ns = heard ? cluster_time_ns - (monotonic_ns - *heard) : -1,
             .member_id = member.id,
             .ingress_endpoint = member.endpoints.ingress,
             .consensus_endpoint = member.endpoints.consensus,
             .log_endpoint = member.endpoints.log,
             .catchup_endpoint = member.endpoints.catchup,
             .archive_endpoint = member.endpoints.archive});
    }
    return send(msg::ClusterMembersExtendedResponse{.correlation_id = correlation_id,
                                                    .current_time_ns = cluster_time_ns,
                                                    .leader_member_id = leader_member_id,
                                                    .member_id = member_id,
                                                    .active_members = entries});
}

}  // namespace tern::cluster
