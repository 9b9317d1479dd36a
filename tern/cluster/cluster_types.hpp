#pragma once
// Names and numbers that the consensus module, service containers, cluster clients and tools share:
// roles, states, default channels and streams (counter types: tern/memory/counter_types.hpp).
// Spec: chapter 50 (CLF-1.6, CLF-14, CLF-16), chapter 51 (CON-1, CON-3, CON-12).

#include <cstdint>
#include <string_view>

#include "tern/base/math.hpp"
#include "tern/base/version.hpp"
#include "tern/wire/cluster_schema.hpp"

namespace tern::cluster {

inline constexpr std::int64_t kNullPosition = -1;
inline constexpr std::int32_t kConsensusModuleServiceId = -1;
inline constexpr std::int32_t kMaxServiceCount = 10;
inline constexpr std::int32_t kMaxEncodedPrincipalLength = 4096;

/// Protocol between clients and the cluster (CLF-19.1); majors must agree.
inline constexpr std::int32_t kClientProtocolVersion = pack_version(0, 3, 0);
/// Protocol between members; carried, not checked.
inline constexpr std::int32_t kConsensusProtocolVersion = pack_version(1, 0, 0);
/// What an application that says nothing runs as.
inline constexpr std::int32_t kDefaultAppVersion = pack_version(0, 0, 1);

[[nodiscard]] constexpr std::int32_t version_major(std::int32_t version) noexcept {
    return (version >> 16) & 0xff;
}

enum class Role : std::int32_t { follower = 0, candidate = 1, leader = 2 };

/// Counter 200.
enum class ModuleState : std::int32_t {
    init = 0,
    active = 1,
    suspended = 2,
    snapshot = 3,
    quitting = 4,
    terminating = 5,
    closed = 6,
};

/// Counter 207.
enum class ElectionState : std::int32_t {
    init = 0,
    canvass = 1,
    nominate = 2,
    candidate_ballot = 3,
    follower_ballot = 4,
    leader_log_replication = 5,
    leader_replay = 6,
    leader_init = 7,
    leader_ready = 8,
    follower_log_replication = 9,
    follower_replay = 10,
    follower_catchup_init = 11,
    follower_catchup_await = 12,
    follower_catchup = 13,
    follower_log_init = 14,
    follower_log_await = 15,
    follower_ready = 16,
    closed = 17,
};

/// Why a session ended. In the log always one of these; in a snapshot SBE's null while it is open.
enum class CloseReason : std::int32_t { client_action = 0, service_action = 1, timeout = 2 };

/// ClusterActionRequest.flags.
inline constexpr std::int32_t kActionFlagsDefault = 0;
inline constexpr std::int32_t kActionFlagsStandbySnapshot = 1;

enum class TimeUnit : std::int32_t { milliseconds = 0, microseconds = 1, nanoseconds = 2 };

[[nodiscard]] constexpr wire::cluster::ClusterTimeUnit to_wire(TimeUnit unit) noexcept {
    return static_cast<wire::cluster::ClusterTimeUnit>(unit);
}
[[nodiscard]] constexpr TimeUnit time_unit_of(wire::cluster::ClusterTimeUnit unit) noexcept {
    return unit == wire::cluster::ClusterTimeUnit::null ? TimeUnit::milliseconds
                                                        : static_cast<TimeUnit>(unit);
}
[[nodiscard]] constexpr wire::cluster::CloseReason to_wire(CloseReason reason) noexcept {
    return static_cast<wire::cluster::CloseReason>(reason);
}

/// SnapshotMarker.typeId.
inline constexpr std::int64_t kConsensusModuleSnapshotType = 1;
inline constexpr std::int64_t kServiceSnapshotType = 2;

[[nodiscard]] std::string_view to_string(Role role) noexcept;            ///< "LEADER"
[[nodiscard]] std::string_view to_string(ModuleState state) noexcept;    ///< "ACTIVE"
[[nodiscard]] std::string_view to_string(ElectionState state) noexcept;  ///< "LEADER_READY"
[[nodiscard]] std::string_view to_string(CloseReason reason) noexcept;   ///< "TIMEOUT"
[[nodiscard]] std::string_view to_string(TimeUnit unit) noexcept;        ///< "MILLISECONDS"

/// Nanoseconds in one unit of cluster time.
[[nodiscard]] constexpr std::int64_t nanos_per(TimeUnit unit) noexcept {
    return unit == TimeUnit::milliseconds ? 1'000'000
                                          : (unit == TimeUnit::microseconds ? 1'000 : 1);
}

/// Default streams and channels (CLF-16.1).
inline constexpr std::int32_t kLogStreamId = 100;
inline constexpr std::int32_t kIngressStreamId = 101;
inline constexpr std::int32_t kEgressStreamId = 102;
inline constexpr std::int32_t kReplayStreamId = 103;
inline constexpr std::int32_t kServiceStreamId = 104;          ///< module -> services
inline constexpr std::int32_t kConsensusModuleStreamId = 105;  ///< services, tools -> module
inline constexpr std::int32_t kServiceSnapshotStreamId = 106;
inline constexpr std::int32_t kModuleSnapshotStreamId = 107;
inline constexpr std::int32_t kConsensusStreamId = 108;
inline constexpr std::string_view kControlChannel = "aeron:ipc?term-length=128k";
inline constexpr std::string_view kReplayChannel = "aeron:ipc";
inline constexpr std::string_view kSnapshotChannel = "aeron:ipc?alias=snapshot";
inline constexpr std::string_view kLogChannel = "aeron:udp?term-length=64m";
inline constexpr std::string_view kConsensusChannel = "aeron:udp";

}  // namespace tern::cluster
