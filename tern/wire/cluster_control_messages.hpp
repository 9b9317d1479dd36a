#pragma once
// Between consensus module, services and tools, over IPC (CLF-4 of chapter 50).

#include <cstdint>
#include <string_view>

#include "tern/base/bytes.hpp"
#include "tern/wire/cluster_schema.hpp"
#include "tern/wire/sbe.hpp"

namespace tern::wire::cluster {

/// Service -> module: closes a client session; unknown ids are ignored.
struct CloseSession {
    static constexpr Template kId{kSchema, 30};

    std::int64_t cluster_session_id = kNullInt64;  ///< unknown ids are ignored

    static constexpr void fields(auto& m, auto& visit) {
        visit("clusterSessionId", m.cluster_session_id);
    }
};

/// Service -> module: schedules or reschedules a timer.
struct ScheduleTimer {
    static constexpr Template kId{kSchema, 31};

    std::int64_t correlation_id = kNullInt64;
    std::int64_t deadline = kNullInt64;  ///< cluster time

    static constexpr void fields(auto& m, auto& visit) {
        visit("correlationId", m.correlation_id);
        visit("deadline", m.deadline);
    }
};

/// Service -> module.
struct CancelTimer {
    static constexpr Template kId{kSchema, 32};

    std::int64_t correlation_id = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) { visit("correlationId", m.correlation_id); }
};

/// Every ack of a service has an ackId one above the previous, starting at 0; the CM requires
/// the heads of all service queues to carry the same expected ackId and logPosition, otherwise:
/// "ack out of sequence: expected [ackId=.., logPosition=..] vs received [..]".
struct ServiceAck {
    static constexpr Template kId{kSchema, 33};

    std::int64_t log_position = kNullInt64;  ///< position reached
    std::int64_t timestamp = kNullInt64;     ///< cluster time as known by the service
    std::int64_t ack_id = kNullInt64;
    std::int64_t relevant_id = kNullInt64;
    std::int32_t service_id = kNullInt32;  ///< 0..count-1

    static constexpr void fields(auto& m, auto& visit) {
        visit("logPosition", m.log_position);
        visit("timestamp", m.timestamp);
        visit("ackId", m.ack_id);
        visit("relevantId", m.relevant_id);
        visit("serviceId", m.service_id);
    }
};

/// The tool always sends extended = TRUE.
struct ClusterMembersQuery {
    static constexpr Template kId{kSchema, 34};

    std::int64_t correlation_id = kNullInt64;
    BooleanType extended = BooleanType::null;

    static constexpr void fields(auto& m, auto& visit) {
        visit("correlationId", m.correlation_id);
        visit("extended", m.extended, 5);
    }
};

/// Deprecated, layout for completeness.
struct RemoveMember {
    static constexpr Template kId{kSchema, 35};

    std::int32_t member_id = kNullInt32;
    BooleanType is_passive = BooleanType::null;

    static constexpr void fields(auto& m, auto& visit) {
        visit("memberId", m.member_id);
        visit("isPassive", m.is_passive);
    }
};

/// Tells services to join the live log or a replay.
struct JoinLog {
    static constexpr Template kId{kSchema, 40};

    /// position at which the service must join; must equal its own position.
    std::int64_t log_position = kNullInt64;
    /// INT64_MAX for the live log; the stop position for a replay.
    std::int64_t max_log_position = kNullInt64;
    std::int32_t member_id = kNullInt32;
    std::int32_t log_session_id = kNullInt32;  ///< image session id to await
    std::int32_t log_stream_id = kNullInt32;   ///< 100 live, 103 replay
    /// TRUE for local replay and for the first term after start.
    BooleanType is_startup = BooleanType::null;
    std::int32_t role = kNullInt32;              ///< 0/1/2
    BooleanType is_standby = BooleanType::null;  ///< FALSE from a normal CM
    std::string_view log_channel{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("logPosition", m.log_position);
        visit("maxLogPosition", m.max_log_position);
        visit("memberId", m.member_id);
        visit("logSessionId", m.log_session_id);
        visit("logStreamId", m.log_stream_id);
        visit("isStartup", m.is_startup);
        visit("role", m.role);
        visit("isStandby", m.is_standby, 16);
        visit.data("logChannel", m.log_channel);
    }
};

/// Module -> tool; the legacy answer to ClusterMembersQuery.
struct ClusterMembersResponse {
    static constexpr Template kId{kSchema, 41};

    std::int64_t correlation_id = kNullInt64;
    std::int32_t leader_member_id = kNullInt32;
    std::string_view active_members{};
    std::string_view passive_followers{};  ///< always empty

    static constexpr void fields(auto& m, auto& visit) {
        visit("correlationId", m.correlation_id);
        visit("leaderMemberId", m.leader_member_id);
        visit.data("activeMembers", m.active_members);
        visit.data("passiveFollowers", m.passive_followers);
    }
};

/// Module -> services.
struct ServiceTerminationPosition {
    static constexpr Template kId{kSchema, 42};

    /// terminate when reached; 0 = terminate now (unexpected termination).
    std::int64_t log_position = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) { visit("logPosition", m.log_position); }
};

/// One of ClusterMembersExtendedResponse.active_members.
struct ClusterMemberEntry {
    std::int64_t leadership_term_id = kNullInt64;      ///< -1 if unknown
    std::int64_t log_position = kNullInt64;            ///< -1 if unknown
    std::int64_t time_of_last_append_ns = kNullInt64;  ///< ns, -1 if never
    std::int32_t member_id = kNullInt32;
    std::string_view ingress_endpoint{};
    std::string_view consensus_endpoint{};
    std::string_view log_endpoint{};
    std::string_view catchup_endpoint{};
    std::string_view archive_endpoint{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("leadershipTermId", m.leadership_term_id);
        visit("logPosition", m.log_position);
        visit("timeOfLastAppendNs", m.time_of_last_append_ns);
        visit("memberId", m.member_id);
        visit.data("ingressEndpoint", m.ingress_endpoint);
        visit.data("consensusEndpoint", m.consensus_endpoint);
        visit.data("logEndpoint", m.log_endpoint);
        visit.data("catchupEndpoint", m.catchup_endpoint);
        visit.data("archiveEndpoint", m.archive_endpoint);
    }
};

/// Sent with an offer.
struct ClusterMembersExtendedResponse {
    static constexpr Template kId{kSchema, 43};

    std::int64_t correlation_id = kNullInt64;
    std::int64_t current_time_ns = kNullInt64;  ///< cluster clock now in ns
    std::int32_t leader_member_id = kNullInt32;
    std::int32_t member_id = kNullInt32;          ///< responding member
    Group<ClusterMemberEntry> active_members{};   ///< all members in configuration order
    Group<ClusterMemberEntry> passive_members{};  ///< always count 0 (group header must be present)

    static constexpr void fields(auto& m, auto& visit) {
        visit("correlationId", m.correlation_id);
        visit("currentTimeNs", m.current_time_ns);
        visit("leaderMemberId", m.leader_member_id);
        visit("memberId", m.member_id);
        visit.group("activeMembers", m.active_members);
        visit.group("passiveMembers", m.passive_members);
    }
};

/// (rare) services answer with one ServiceAck (relevantId -1) once at that position.
struct RequestServiceAck {
    static constexpr Template kId{kSchema, 108};

    std::int64_t log_position = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) { visit("logPosition", m.log_position); }
};

}  // namespace tern::wire::cluster
