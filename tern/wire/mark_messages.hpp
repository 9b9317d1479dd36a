#pragma once
// The headers of mark files (schemas 100 and 110) and the entries of the node-state file (schema
// 112): ARC-10 of chapter 40, CLF-10 and CLF-11 of chapter 50.
//
// These describe the bytes; fields that others watch while the file is mapped (version, activity
// timestamp, candidate term) are accessed by whoever owns the file, at the offsets given here.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tern/wire/sbe.hpp"

namespace tern::wire::mark {

inline constexpr Schema kArchiveSchema{.id = 100, .version = 2};
inline constexpr Schema kClusterSchema{.id = 110, .version = 2};

inline constexpr std::int32_t kHeaderLength = 8192;  ///< of a mark file; the error log follows
inline constexpr std::size_t kDeclaredBlockLength = 128;

// Absolute offsets in either mark file.
inline constexpr std::size_t kVersionOffset = 8;
inline constexpr std::size_t kActivityTimestampOffset = 16;
inline constexpr std::size_t kClusterCandidateTermIdOffset = 40;

/// `archive-mark.dat`. Timestamps in epoch milliseconds.
struct ArchiveMarkHeader {
    static constexpr Template kId{kArchiveSchema, 200};

    std::int32_t version = kNullInt32;  ///< of the storage; 0 while being created
    std::int64_t activity_timestamp = kNullInt64;
    std::int64_t start_timestamp = kNullInt64;
    std::int64_t pid = kNullInt64;
    std::int32_t control_stream_id = kNullInt32;
    std::int32_t local_control_stream_id = kNullInt32;
    std::int32_t events_stream_id = kNullInt32;
    std::int32_t header_length = 0;
    std::int32_t error_buffer_length = 0;
    std::int64_t archive_id = -1;
    std::string_view control_channel{};
    std::string_view local_control_channel{};
    std::string_view events_channel{};
    std::string_view aeron_directory{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("version", m.version);
        visit.at(8);
        visit("activityTimestamp", m.activity_timestamp);
        visit("startTimestamp", m.start_timestamp);
        visit("pid", m.pid);
        visit("controlStreamId", m.control_stream_id);
        visit("localControlStreamId", m.local_control_stream_id);
        visit("eventsStreamId", m.events_stream_id);
        visit("headerLength", m.header_length, 1);
        visit("errorBufferLength", m.error_buffer_length, 1);
        visit.at(56);
        visit("archiveId", m.archive_id, 2);
        visit.at(kDeclaredBlockLength);
        visit.data("controlChannel", m.control_channel);
        visit.data("localControlChannel", m.local_control_channel);
        visit.data("eventsChannel", m.events_channel);
        visit.data("aeronDirectory", m.aeron_directory);
    }
};

enum class ComponentType : std::int32_t {
    unknown = 0,
    consensus_module = 1,
    container = 2,
    backup = 3,
    standby = 4,
    null = kNullInt32,
};
[[nodiscard]] constexpr std::int32_t enum_count(ComponentType) noexcept { return 5; }
[[nodiscard]] std::string_view to_string(ComponentType value) noexcept;  ///< "CONSENSUS_MODULE"

/// `cluster-mark.dat`, `cluster-mark-service-N.dat`. Timestamps in epoch milliseconds.
struct ClusterMarkHeader {
    static constexpr Template kId{kClusterSchema, 200};

    std::int32_t version = kNullInt32;  ///< 0 not ready, -1 start failed, else the version
    ComponentType component_type = ComponentType::null;
    std::int64_t activity_timestamp = kNullInt64;
    std::int64_t start_timestamp = kNullInt64;
    std::int64_t pid = kNullInt64;
    std::int64_t candidate_term_id = kNullInt64;  ///< legacy; -1 in new files
    std::int32_t archive_stream_id = kNullInt32;
    std::int32_t service_stream_id = kNullInt32;
    std::int32_t consensus_module_stream_id = kNullInt32;
    std::int32_t ingress_stream_id = kNullInt32;
    std::int32_t member_id = kNullInt32;
    std::int32_t service_id = kNullInt32;
    std::int32_t header_length = kNullInt32;
    std::int32_t error_buffer_length = kNullInt32;
    std::int32_t cluster_id = kNullInt32;
    std::string_view aeron_directory{};
    std::string_view control_channel{};
    std::string_view ingress_channel{};
    std::string_view service_name{};
    std::string_view authenticator{};
    std::string_view services_cluster_directory{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("version", m.version);
        visit("componentType", m.component_type);
        visit("activityTimestamp", m.activity_timestamp);
        visit("startTimestamp", m.start_timestamp);
        visit("pid", m.pid);
        visit("candidateTermId", m.candidate_term_id);
        visit("archiveStreamId", m.archive_stream_id);
        visit("serviceStreamId", m.service_stream_id);
        visit("consensusModuleStreamId", m.consensus_module_stream_id);
        visit("ingressStreamId", m.ingress_stream_id);
        visit("memberId", m.member_id);
        visit("serviceId", m.service_id);
        visit("headerLength", m.header_length);
        visit("errorBufferLength", m.error_buffer_length);
        visit("clusterId", m.cluster_id);
        visit.at(kDeclaredBlockLength);
        visit.data("aeronDirectory", m.aeron_directory);
        visit.data("controlChannel", m.control_channel);
        visit.data("ingressChannel", m.ingress_channel);
        visit.data("serviceName", m.service_name);
        visit.data("authenticator", m.authenticator);
        visit.data("servicesClusterDir", m.services_cluster_directory, 1);
    }
};

}  // namespace tern::wire::mark

namespace tern::wire::node_state {

/// Entries carry a header of 16 bytes: the frame's length and a padding follow the usual eight.
inline constexpr Schema kSchema{.id = 112, .version = 10, .header_length = 16};

/// The first 8 bytes of the file, stored without a header.
struct FileHeader {
    static constexpr Template kId{kSchema, 300};

    std::int32_t version = kNullInt32;
    std::int32_t padding = 0;

    static constexpr void fields(auto& m, auto& visit) {
        visit("version", m.version);
        visit("padding", m.padding);
    }
};

struct CandidateTerm {
    static constexpr Template kId{kSchema, 301};

    std::int64_t candidate_term_id = kNullInt64;
    std::int64_t timestamp = kNullInt64;  ///< epoch milliseconds of the last change
    std::int64_t log_position = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("candidateTermId", m.candidate_term_id);
        visit("timestamp", m.timestamp);
        visit("logPosition", m.log_position);
    }
};

/// Defined by upstream, never written; readers skip it.
struct ClusterMembers {
    static constexpr Template kId{kSchema, 303};

    std::int64_t leadership_term_id = kNullInt64;
    std::int32_t member_id = kNullInt32;
    std::int32_t high_member_id = kNullInt32;
    std::string_view cluster_members{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("leadershipTermId", m.leadership_term_id);
        visit("memberId", m.member_id);
        visit("highMemberId", m.high_member_id);
        visit.data("clusterMembers", m.cluster_members);
    }
};

/// Ends the entries.
struct Footer {
    static constexpr Template kId{kSchema, 304};

    static constexpr void fields(auto&, auto&) {}
};

}  // namespace tern::wire::node_state
