#pragma once
// Between members, backups and standbys (CLF-6 of chapter 50), and what older members sent
// (templates 70 to 74, ignored on receipt).

#include <cstdint>
#include <string_view>

#include "tern/base/bytes.hpp"
#include "tern/wire/cluster_schema.hpp"
#include "tern/wire/sbe.hpp"

namespace tern::wire::cluster {

/// One of SnapshotRecordings.snapshots.
struct SnapshotEntry {
    std::int64_t recording_id = kNullInt64;
    std::int64_t leadership_term_id = kNullInt64;
    std::int64_t term_base_log_position = kNullInt64;
    std::int64_t log_position = kNullInt64;
    std::int64_t timestamp = kNullInt64;   ///< cluster time
    std::int32_t service_id = kNullInt32;  ///< -1 = CM

    static constexpr void fields(auto& m, auto& visit) {
        visit("recordingId", m.recording_id);
        visit("leadershipTermId", m.leadership_term_id);
        visit("termBaseLogPosition", m.term_base_log_position);
        visit("logPosition", m.log_position);
        visit("timestamp", m.timestamp);
        visit("serviceId", m.service_id);
    }
};

/// Backup -> member. A null log_position asks for the latest snapshots.
struct BackupQuery {
    static constexpr Template kId{kSchema, 77};

    std::int64_t correlation_id = kNullInt64;
    std::int32_t response_stream_id = kNullInt32;  ///< the backup uses its consensus stream id
    /// cluster client protocol version 0.3.0 = 768 (major checked against 0).
    std::int32_t version = 0;
    std::int64_t log_position = kNullInt64;
    std::string_view response_channel{};  ///< the backup uses its own consensus channel
    ConstBytes encoded_credentials{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("correlationId", m.correlation_id);
        visit("responseStreamId", m.response_stream_id);
        visit("version", m.version, 2);
        visit("logPosition", m.log_position, 16);
        visit.data("responseChannel", m.response_channel);
        visit.data("encodedCredentials", m.encoded_credentials);
    }
};

/// Built from the last valid TERM entry of the recording log; nothing is sent while there is
/// none.
struct BackupResponse {
    static constexpr Template kId{kSchema, 78};

    std::int64_t correlation_id = kNullInt64;
    std::int64_t log_recording_id = kNullInt64;
    /// last term (same value as lastLeadershipTermId).
    std::int64_t log_leadership_term_id = kNullInt64;
    /// same value as lastTermBaseLogPosition.
    std::int64_t log_term_base_log_position = kNullInt64;
    std::int64_t last_leadership_term_id = kNullInt64;
    std::int64_t last_term_base_log_position = kNullInt64;
    std::int32_t commit_position_counter_id = kNullInt32;
    std::int32_t leader_member_id = kNullInt32;
    std::int32_t member_id = kNullInt32;  ///< responder; field id 17
    Group<SnapshotEntry> snapshots{};
    std::string_view cluster_members{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("correlationId", m.correlation_id);
        visit("logRecordingId", m.log_recording_id);
        visit("logLeadershipTermId", m.log_leadership_term_id);
        visit("logTermBaseLogPosition", m.log_term_base_log_position);
        visit("lastLeadershipTermId", m.last_leadership_term_id);
        visit("lastTermBaseLogPosition", m.last_term_base_log_position);
        visit("commitPositionCounterId", m.commit_position_counter_id);
        visit("leaderMemberId", m.leader_member_id);
        visit("memberId", m.member_id, 10);
        visit.group("snapshots", m.snapshots);
        visit.data("clusterMembers", m.cluster_members);
    }
};

/// Has no version field; treated as compatible.
struct HeartbeatRequest {
    static constexpr Template kId{kSchema, 79};

    std::int64_t correlation_id = kNullInt64;
    std::int32_t response_stream_id = kNullInt32;
    std::string_view response_channel{};  ///< field id 4 (3 unused)
    ConstBytes encoded_credentials{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("correlationId", m.correlation_id);
        visit("responseStreamId", m.response_stream_id);
        visit.data("responseChannel", m.response_channel);
        visit.data("encodedCredentials", m.encoded_credentials);
    }
};

/// Member -> standby.
struct HeartbeatResponse {
    static constexpr Template kId{kSchema, 80};

    std::int64_t correlation_id = kNullInt64;  ///< echo

    static constexpr void fields(auto& m, auto& visit) { visit("correlationId", m.correlation_id); }
};

/// One of StandbySnapshot.snapshots.
struct StandbySnapshotEntry {
    std::int64_t recording_id = kNullInt64;  ///< in the standby's archive
    std::int64_t leadership_term_id = kNullInt64;
    std::int64_t term_base_log_position = kNullInt64;
    std::int64_t log_position = kNullInt64;
    std::int64_t timestamp = kNullInt64;
    std::int32_t service_id = kNullInt32;
    /// host:port of the archive control endpoint; per-entry var data.
    std::string_view archive_endpoint{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("recordingId", m.recording_id);
        visit("leadershipTermId", m.leadership_term_id);
        visit("termBaseLogPosition", m.term_base_log_position);
        visit("logPosition", m.log_position);
        visit("timestamp", m.timestamp);
        visit("serviceId", m.service_id);
        visit.data("archiveEndpoint", m.archive_endpoint);
    }
};

/// Notifies members that a standby took a snapshot. Accepted only with
/// aeron.cluster.accept.standby.snapshots=true, else SessionEvent ERROR "Not configured to
/// accept StandbySnapshot". No positive reply is sent.
struct StandbySnapshot {
    static constexpr Template kId{kSchema, 81};

    std::int64_t correlation_id = kNullInt64;
    std::int32_t version = kNullInt32;  ///< plain i32 semantic version, major must be 0
    std::int32_t response_stream_id = kNullInt32;
    Group<StandbySnapshotEntry> snapshots{};  ///< one entry per recording (CM and services)
    std::string_view response_channel{};
    ConstBytes encoded_credentials{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("correlationId", m.correlation_id);
        visit("version", m.version);
        visit("responseStreamId", m.response_stream_id);
        visit.group("snapshots", m.snapshots);
        visit.data("responseChannel", m.response_channel);
        visit.data("encodedCredentials", m.encoded_credentials);
    }
};

/// Deprecated.
struct AddPassiveMember {
    static constexpr Template kId{kSchema, 70};

    std::int64_t correlation_id = kNullInt64;
    std::string_view member_endpoints{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("correlationId", m.correlation_id);
        visit.data("memberEndpoints", m.member_endpoints);
    }
};

/// Deprecated.
struct ClusterMembersChange {
    static constexpr Template kId{kSchema, 71};

    std::int64_t correlation_id = kNullInt64;
    std::int32_t leader_member_id = kNullInt32;
    std::string_view active_members{};
    std::string_view passive_members{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("correlationId", m.correlation_id);
        visit("leaderMemberId", m.leader_member_id);
        visit.data("activeMembers", m.active_members);
        visit.data("passiveMembers", m.passive_members);
    }
};

/// Deprecated.
struct SnapshotRecordingQuery {
    static constexpr Template kId{kSchema, 72};

    std::int64_t correlation_id = kNullInt64;
    std::int32_t request_member_id = kNullInt32;

    static constexpr void fields(auto& m, auto& visit) {
        visit("correlationId", m.correlation_id);
        visit("requestMemberId", m.request_member_id);
    }
};

/// Deprecated.
struct SnapshotRecordings {
    static constexpr Template kId{kSchema, 73};

    std::int64_t correlation_id = kNullInt64;
    Group<SnapshotEntry> snapshots{};
    std::string_view member_endpoints{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("correlationId", m.correlation_id);
        visit.group("snapshots", m.snapshots);
        visit.data("memberEndpoints", m.member_endpoints);
    }
};

/// Deprecated.
struct JoinCluster {
    static constexpr Template kId{kSchema, 74};

    std::int64_t leadership_term_id = kNullInt64;
    std::int32_t member_id = kNullInt32;

    static constexpr void fields(auto& m, auto& visit) {
        visit("leadershipTermId", m.leadership_term_id);
        visit("memberId", m.member_id);
    }
};

}  // namespace tern::wire::cluster
