#pragma once
// Between cluster clients and the consensus module: ingress and egress (CLF-2 of chapter 50).

#include <cstdint>
#include <string_view>

#include "tern/base/bytes.hpp"
#include "tern/wire/cluster_schema.hpp"
#include "tern/wire/sbe.hpp"

namespace tern::wire::cluster {

/// Prefix of every application message in both directions, in the log and in pending-message
/// snapshot records.
struct SessionMessageHeader {
    static constexpr Template kId{kSchema, 1};

    std::int64_t leadership_term_id = kNullInt64;
    std::int64_t cluster_session_id = kNullInt64;
    std::int64_t timestamp = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("leadershipTermId", m.leadership_term_id);
        visit("clusterSessionId", m.cluster_session_id);
        visit("timestamp", m.timestamp);
    }
};

/// Reply to connect/backup/standby requests and asynchronous session events.
struct SessionEvent {
    static constexpr Template kId{kSchema, 2};

    /// -1 for redirects and for backup/heartbeat/standby requests.
    std::int64_t cluster_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t leadership_term_id = kNullInt64;  ///< current term of the sender
    std::int32_t leader_member_id = kNullInt32;    ///< leader as known by the sender
    EventCode code = EventCode::null;              ///< EventCode
    std::int32_t version = 0;                      ///< cluster client protocol version, 0.3.0 = 768
    std::int64_t leader_heartbeat_timeout_ns = kNullInt64;
    std::string_view detail{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("clusterSessionId", m.cluster_session_id);
        visit("correlationId", m.correlation_id);
        visit("leadershipTermId", m.leadership_term_id);
        visit("leaderMemberId", m.leader_member_id);
        visit("code", m.code);
        visit("version", m.version, 6);
        visit("leaderHeartbeatTimeoutNs", m.leader_heartbeat_timeout_ns, 13);
        visit.data("detail", m.detail);
    }
};

/// First message of a client. Sent with an ordinary offer (may fragment).
struct SessionConnectRequest {
    static constexpr Template kId{kSchema, 3};

    std::int64_t correlation_id = kNullInt64;  ///< from the client's driver correlation id counter
    std::int32_t response_stream_id = kNullInt32;  ///< egress stream id
    std::int32_t version = 0;                      ///< 0.3.0 = 768
    /// egress channel with any :0 endpoint port replaced by the bound port.
    std::string_view response_channel{};
    ConstBytes encoded_credentials{};  ///< opaque, may be empty
    std::string_view client_info{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("correlationId", m.correlation_id);
        visit("responseStreamId", m.response_stream_id);
        visit("version", m.version, 2);
        visit.data("responseChannel", m.response_channel);
        visit.data("encodedCredentials", m.encoded_credentials);
        visit.data("clientInfo", m.client_info, 14);
    }
};

/// Sent by a client closing; ignored unless the receiver is leader and the term id matches. No
/// reply is sent.
struct SessionCloseRequest {
    static constexpr Template kId{kSchema, 4};

    std::int64_t leadership_term_id = kNullInt64;
    std::int64_t cluster_session_id = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("leadershipTermId", m.leadership_term_id);
        visit("clusterSessionId", m.cluster_session_id);
    }
};

/// Refreshes the session activity time; ignored unless leader, term matches and the session is
/// open. Also links the session to its ingress image when not yet linked.
struct SessionKeepAlive {
    static constexpr Template kId{kSchema, 5};

    std::int64_t leadership_term_id = kNullInt64;
    std::int64_t cluster_session_id = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("leadershipTermId", m.leadership_term_id);
        visit("clusterSessionId", m.cluster_session_id);
    }
};

/// Sent by a newly elected leader to each open session.
struct NewLeaderEvent {
    static constexpr Template kId{kSchema, 6};

    std::int64_t leadership_term_id = kNullInt64;  ///< new term
    std::int64_t cluster_session_id = kNullInt64;
    std::int32_t leader_member_id = kNullInt32;
    std::string_view ingress_endpoints{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("leadershipTermId", m.leadership_term_id);
        visit("clusterSessionId", m.cluster_session_id);
        visit("leaderMemberId", m.leader_member_id);
        visit.data("ingressEndpoints", m.ingress_endpoints);
    }
};

/// Authentication challenge.
struct Challenge {
    static constexpr Template kId{kSchema, 7};

    std::int64_t correlation_id = kNullInt64;      ///< of the request being challenged
    std::int64_t cluster_session_id = kNullInt64;  ///< -1 for backup/standby requesters
    ConstBytes encoded_challenge{};                ///< opaque

    static constexpr void fields(auto& m, auto& visit) {
        visit("correlationId", m.correlation_id);
        visit("clusterSessionId", m.cluster_session_id);
        visit.data("encodedChallenge", m.encoded_challenge);
    }
};

/// Client: on ingress. Backup: on consensus. A follower receiving it on ingress forwards it
/// unchanged to the leader over the consensus stream (where it is matched against pending
/// backup sessions only).
struct ChallengeResponse {
    static constexpr Template kId{kSchema, 8};

    std::int64_t correlation_id = kNullInt64;  ///< new correlation id generated for the response
    std::int64_t cluster_session_id = kNullInt64;  ///< copied from the challenge
    ConstBytes encoded_credentials{};              ///< opaque

    static constexpr void fields(auto& m, auto& visit) {
        visit("correlationId", m.correlation_id);
        visit("clusterSessionId", m.cluster_session_id);
        visit.data("encodedCredentials", m.encoded_credentials);
    }
};

/// Leader only, matching term, open session, otherwise dropped silently.
struct AdminRequest {
    static constexpr Template kId{kSchema, 26};

    std::int64_t leadership_term_id = kNullInt64;
    std::int64_t cluster_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;                ///< echoed in the response
    AdminRequestType request_type = AdminRequestType::null;  ///< AdminRequestType
    ConstBytes payload{};                                    ///< empty for SNAPSHOT

    static constexpr void fields(auto& m, auto& visit) {
        visit("leadershipTermId", m.leadership_term_id);
        visit("clusterSessionId", m.cluster_session_id);
        visit("correlationId", m.correlation_id);
        visit("requestType", m.request_type);
        visit.data("payload", m.payload);
    }
};

/// Sent with an ordinary offer.
struct AdminResponse {
    static constexpr Template kId{kSchema, 27};

    std::int64_t cluster_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    AdminRequestType request_type = AdminRequestType::null;     ///< echo
    AdminResponseCode response_code = AdminResponseCode::null;  ///< AdminResponseCode
    std::string_view message{};
    ConstBytes payload{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("clusterSessionId", m.cluster_session_id);
        visit("correlationId", m.correlation_id);
        visit("requestType", m.request_type);
        visit("responseCode", m.response_code);
        visit.data("message", m.message);
        visit.data("payload", m.payload);
    }
};

}  // namespace tern::wire::cluster
