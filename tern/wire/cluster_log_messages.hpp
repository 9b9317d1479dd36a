#pragma once
// What the consensus module appends to the log, beside the messages of clients (CLF-3 of chapter
// 50).

#include <cstdint>
#include <string_view>

#include "tern/base/bytes.hpp"
#include "tern/wire/cluster_schema.hpp"
#include "tern/wire/sbe.hpp"

namespace tern::wire::cluster {

/// A registered timer expired. Fixed length 32.
struct TimerEvent {
    static constexpr Template kId{kSchema, 20};

    std::int64_t leadership_term_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;  ///< user timer id
    std::int64_t timestamp = kNullInt64;       ///< cluster time of append

    static constexpr void fields(auto& m, auto& visit) {
        visit("leadershipTermId", m.leadership_term_id);
        visit("correlationId", m.correlation_id);
        visit("timestamp", m.timestamp);
    }
};

/// Session authenticated and opened. The open position of the session is the log position after
/// this message.
struct SessionOpenEvent {
    static constexpr Template kId{kSchema, 21};

    std::int64_t leadership_term_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;  ///< of the connect (or last challenge response)
    std::int64_t cluster_session_id = kNullInt64;
    std::int64_t timestamp = kNullInt64;           ///< cluster time
    std::int32_t response_stream_id = kNullInt32;  ///< note field id 6; id 5 is unused
    std::string_view response_channel{};
    ConstBytes encoded_principal{};  ///< from the authenticator, <= 4096 bytes, may be empty

    static constexpr void fields(auto& m, auto& visit) {
        visit("leadershipTermId", m.leadership_term_id);
        visit("correlationId", m.correlation_id);
        visit("clusterSessionId", m.cluster_session_id);
        visit("timestamp", m.timestamp);
        visit("responseStreamId", m.response_stream_id);
        visit.data("responseChannel", m.response_channel);
        visit.data("encodedPrincipal", m.encoded_principal);
    }
};

/// Fixed length 36.
struct SessionCloseEvent {
    static constexpr Template kId{kSchema, 22};

    std::int64_t leadership_term_id = kNullInt64;
    std::int64_t cluster_session_id = kNullInt64;
    std::int64_t timestamp = kNullInt64;           ///< cluster time
    CloseReason close_reason = CloseReason::null;  ///< never null in the log

    static constexpr void fields(auto& m, auto& visit) {
        visit("leadershipTermId", m.leadership_term_id);
        visit("clusterSessionId", m.cluster_session_id);
        visit("timestamp", m.timestamp);
        visit("closeReason", m.close_reason);
    }
};

/// Fixed length 40.
struct ClusterActionRequest {
    static constexpr Template kId{kSchema, 23};

    std::int64_t leadership_term_id = kNullInt64;
    std::int64_t log_position = kNullInt64;
    std::int64_t timestamp = kNullInt64;         ///< cluster time
    ClusterAction action = ClusterAction::null;  ///< ClusterAction
    std::int32_t flags = 0;

    static constexpr void fields(auto& m, auto& visit) {
        visit("leadershipTermId", m.leadership_term_id);
        visit("logPosition", m.log_position);
        visit("timestamp", m.timestamp);
        visit("action", m.action);
        visit("flags", m.flags, 11);
    }
};

/// First message of every term, appended by the new leader at the end of the election. Fixed
/// length 56.
struct NewLeadershipTermEvent {
    static constexpr Template kId{kSchema, 24};

    std::int64_t leadership_term_id = kNullInt64;
    std::int64_t log_position = kNullInt64;  ///< log position after this message
    std::int64_t timestamp = kNullInt64;     ///< cluster time
    std::int64_t term_base_log_position = kNullInt64;
    std::int32_t leader_member_id = kNullInt32;
    std::int32_t log_session_id = kNullInt32;  ///< session id of the leader's log publication
    ClusterTimeUnit time_unit = ClusterTimeUnit::null;
    std::int32_t app_version = 0;

    static constexpr void fields(auto& m, auto& visit) {
        visit("leadershipTermId", m.leadership_term_id);
        visit("logPosition", m.log_position);
        visit("timestamp", m.timestamp);
        visit("termBaseLogPosition", m.term_base_log_position);
        visit("leaderMemberId", m.leader_member_id);
        visit("logSessionId", m.log_session_id);
        visit("timeUnit", m.time_unit, 4);
        visit("appVersion", m.app_version, 4);
    }
};

/// (rare, legacy logs) ignored by CM and services; must not fail decoding.
struct MembershipChangeEvent {
    static constexpr Template kId{kSchema, 25};

    std::int64_t leadership_term_id = kNullInt64;
    std::int64_t log_position = kNullInt64;
    std::int64_t timestamp = kNullInt64;
    std::int32_t leader_member_id = kNullInt32;
    std::int32_t cluster_size = kNullInt32;
    ChangeType change_type = ChangeType::null;
    std::int32_t member_id = kNullInt32;
    std::string_view cluster_members{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("leadershipTermId", m.leadership_term_id);
        visit("logPosition", m.log_position);
        visit("timestamp", m.timestamp);
        visit("leaderMemberId", m.leader_member_id);
        visit("clusterSize", m.cluster_size);
        visit("changeType", m.change_type);
        visit("memberId", m.member_id);
        visit.data("clusterMembers", m.cluster_members);
    }
};

}  // namespace tern::wire::cluster
