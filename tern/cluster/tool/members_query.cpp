#include "tern/cluster/tool/members_query.hpp"

#include <fmt/format.h>

#include <array>

#include "tern/cluster/cluster_member.hpp"
#include "tern/wire/cluster_control_messages.hpp"

namespace tern::cluster {

namespace msg = wire::cluster;

namespace {

constexpr int kFragmentLimit = 1;

ClusterMembership membership_of(const msg::ClusterMembersExtendedResponse& response) {
    ClusterMembership membership{.current_time_ns = response.current_time_ns,
                                 .leader_member_id = response.leader_member_id,
                                 .member_id = response.member_id,
                                 .active_members = {}};
    for (const auto& member : response.active_members) {
        membership.active_members.push_back(
            {.id = member.member_id,
             .is_leader = member.member_id == response.leader_member_id,
             .leadership_term_id = member.leadership_term_id,
             .log_position = member.log_position,
             .time_of_last_append_ns = member.time_of_last_append_ns,
             .ingress_endpoint = std::string(member.ingress_endpoint),
             .consensus_endpoint = std::string(member.consensus_endpoint),
             .log_endpoint = std::string(member.log_endpoint),
             .catchup_endpoint = std::string(member.catchup_endpoint),
             .archive_endpoint = std::string(member.archive_endpoint)});
    }
    return membership;
}

/// The answer of modules that do not know the extended one: ids and endpoints only.
ClusterMembership membership_of(const msg::ClusterMembersResponse& response) {
    ClusterMembership membership{.current_time_ns = -1,
                                 .leader_member_id = response.leader_member_id,
                                 .member_id = -1,
                                 .active_members = {}};
    for (const auto& member : parse_cluster_members(response.active_members)) {
        membership.active_members.push_back({.id = member.id,
                                             .is_leader = member.id == response.leader_member_id,
                                             .ingress_endpoint = member.endpoints.ingress,
                                             .consensus_endpoint = member.endpoints.consensus,
                                             .log_endpoint = member.endpoints.log,
                                             .catchup_endpoint = member.endpoints.catchup,
                                             .archive_endpoint = member.endpoints.archive});
    }
    return membership;
}

}  // namespace

MembersQuery::MembersQuery(client::Aeron& aeron, const memory::ClusterMarkFields& node)
    : aeron_(aeron), correlation_id_(aeron.next_correlation_id()) {
    subscription_.begin(
        aeron_, aeron_.async_add_subscription(node.control_channel, node.service_stream_id));
    publication_.begin(aeron_, aeron_.async_add_publication(node.control_channel,
                                                            node.consensus_module_stream_id));
}

std::optional<ClusterMembership> MembersQuery::poll() {
    auto* subscription = subscription_.poll();
    auto* publication = publication_.poll();
    if (subscription == nullptr || publication == nullptr) return std::nullopt;
    if (!is_sent_) {
        // Not before the answer can be received: the module publishes on a stream that is there.
        if (!subscription->is_connected() || !publication->is_connected()) return std::nullopt;
        const msg::ClusterMembersQuery query{.correlation_id = correlation_id_,
                                             .extended = wire::BooleanType::yes};
        std::array<std::byte, wire::kBlockEnd<msg::ClusterMembersQuery>> bytes;
        (void)wire::encode(Bytes(bytes), query);
        is_sent_ = publication->offer(ConstBytes(bytes)) > 0;
        return std::nullopt;
    }
    subscription->poll(assembler_, kFragmentLimit);
    return answer_;
}

void MembersQuery::on_message(ConstBytes message) {
    if (const auto extended = wire::decode<msg::ClusterMembersExtendedResponse>(message)) {
        if (extended->correlation_id == correlation_id_) answer_ = membership_of(*extended);
    } else if (const auto legacy = wire::decode<msg::ClusterMembersResponse>(message)) {
        if (legacy->correlation_id == correlation_id_) answer_ = membership_of(*legacy);
    }
}

std::string to_string(const ClusterMembership& membership) {
    std::string text =
        fmt::format("currentTimeNs={}, leaderMemberId={}, memberId={}, activeMembers=[",
                    membership.current_time_ns, membership.leader_member_id, membership.member_id);
    for (std::size_t i = 0; i < membership.active_members.size(); ++i) {
        const MemberReport& m = membership.active_members[i];
        fmt::format_to(
            std::back_inserter(text),
            "{}ClusterMember{{id={}, isBallotSent=false, isLeader={}, leadershipTermId={}, "
            "logPosition={}, candidateTermId=-1, catchupReplaySessionId=-1, correlationId=-1, "
            "timeOfLastAppendPositionNs={}, ingressEndpoint='{}', consensusEndpoint='{}', "
            "logEndpoint='{}', catchupEndpoint='{}', archiveEndpoint='{}', "
            "endpoints='{},{},{},{},{}', publication=null, vote=null}}",
            i == 0 ? "" : ", ", m.id, m.is_leader, m.leadership_term_id, m.log_position,
            m.time_of_last_append_ns, m.ingress_endpoint, m.consensus_endpoint, m.log_endpoint,
            m.catchup_endpoint, m.archive_endpoint, m.ingress_endpoint, m.consensus_endpoint,
            m.log_endpoint, m.catchup_endpoint, m.archive_endpoint);
    }
    return text + "]";
}

}  // namespace tern::cluster
