#pragma once
// What snapshots of the consensus module and of services consist of (CLF-7 of chapter 50).

#include <cstdint>
#include <string_view>

#include "tern/base/bytes.hpp"
#include "tern/wire/cluster_schema.hpp"
#include "tern/wire/sbe.hpp"

namespace tern::wire::cluster {

/// Begins and ends the upstream part of each snapshot recording.
struct SnapshotMarker {
    static constexpr Template kId{kSchema, 100};

    std::int64_t type_id = kNullInt64;
    std::int64_t log_position = kNullInt64;  ///< position of the snapshot
    std::int64_t leadership_term_id = kNullInt64;
    std::int32_t index = kNullInt32;  ///< always 0
    /// BEGIN or END (SECTION is never written and ignored on read).
    SnapshotMark mark = SnapshotMark::null;
    ClusterTimeUnit time_unit = ClusterTimeUnit::null;  ///< cluster time unit
    std::int32_t app_version = 0;                       ///< of the writing component

    static constexpr void fields(auto& m, auto& visit) {
        visit("typeId", m.type_id);
        visit("logPosition", m.log_position);
        visit("leadershipTermId", m.leadership_term_id);
        visit("index", m.index);
        visit("mark", m.mark);
        visit("timeUnit", m.time_unit, 4);
        visit("appVersion", m.app_version, 4);
    }
};

/// Service view of a session.
struct ClientSession {
    static constexpr Template kId{kSchema, 102};

    std::int64_t cluster_session_id = kNullInt64;
    std::int32_t response_stream_id = kNullInt32;
    std::string_view response_channel{};
    ConstBytes encoded_principal{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("clusterSessionId", m.cluster_session_id);
        visit("responseStreamId", m.response_stream_id);
        visit.data("responseChannel", m.response_channel);
        visit.data("encodedPrincipal", m.encoded_principal);
    }
};

/// CM view of a session (no principal is kept).
struct ClusterSession {
    static constexpr Template kId{kSchema, 103};

    std::int64_t cluster_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t opened_log_position = kNullInt64;
    std::int64_t time_of_last_activity = kNullInt64;  ///< always written as -1
    /// null (INT32_MIN) = open on load; any reason = CLOSING on load.
    CloseReason close_reason = CloseReason::null;
    std::int32_t response_stream_id = kNullInt32;
    std::string_view response_channel{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("clusterSessionId", m.cluster_session_id);
        visit("correlationId", m.correlation_id);
        visit("openedLogPosition", m.opened_log_position);
        visit("timeOfLastActivity", m.time_of_last_activity);
        visit("closeReason", m.close_reason);
        visit("responseStreamId", m.response_stream_id);
        visit.data("responseChannel", m.response_channel);
    }
};

/// Consensus module snapshot.
struct Timer {
    static constexpr Template kId{kSchema, 104};

    std::int64_t correlation_id = kNullInt64;
    std::int64_t deadline = kNullInt64;  ///< cluster time

    static constexpr void fields(auto& m, auto& visit) {
        visit("correlationId", m.correlation_id);
        visit("deadline", m.deadline);
    }
};

/// Consensus module snapshot.
struct ConsensusModule {
    static constexpr Template kId{kSchema, 105};

    std::int64_t next_session_id = kNullInt64;
    /// copy of tracker 0 (0 when there are no services).
    std::int64_t next_service_session_id = kNullInt64;
    std::int64_t log_service_session_id = kNullInt64;  ///< copy of tracker 0 (0 when none)
    /// copy of tracker 0 ring size in bytes (0 when none).
    std::int32_t pending_message_capacity = 0;

    static constexpr void fields(auto& m, auto& visit) {
        visit("nextSessionId", m.next_session_id);
        visit("nextServiceSessionId", m.next_service_session_id, 3);
        visit("logServiceSessionId", m.log_service_session_id, 3);
        visit("pendingMessageCapacity", m.pending_message_capacity, 3);
    }
};

/// Legacy; skipped.
struct ClusterMembers {
    static constexpr Template kId{kSchema, 106};

    std::int32_t member_id = kNullInt32;
    std::int32_t high_member_id = kNullInt32;
    std::string_view cluster_members{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("memberId", m.member_id);
        visit("highMemberId", m.high_member_id);
        visit.data("clusterMembers", m.cluster_members);
    }
};

/// One per service, in ascending serviceId.
struct PendingMessageTracker {
    static constexpr Template kId{kSchema, 107};

    /// id the next enqueued message of that service gets.
    std::int64_t next_service_session_id = kNullInt64;
    /// id of the last message of that service committed to the log.
    std::int64_t log_service_session_id = kNullInt64;
    std::int32_t pending_message_capacity = 0;
    std::int32_t service_id = kNullInt32;

    static constexpr void fields(auto& m, auto& visit) {
        visit("nextServiceSessionId", m.next_service_session_id);
        visit("logServiceSessionId", m.log_service_session_id);
        visit("pendingMessageCapacity", m.pending_message_capacity);
        visit("serviceId", m.service_id);
    }
};

}  // namespace tern::wire::cluster
