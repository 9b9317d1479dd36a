#include "tern/cluster/consensus/consensus_module_context.hpp"

#include <fmt/format.h>

#include "tern/cluster/cluster_member.hpp"

namespace tern::cluster {

namespace {

constexpr std::int32_t kBackupQueryAction = 77;
constexpr std::int32_t kHeartbeatAction = 79;
constexpr std::int32_t kStandbySnapshotAction = 81;

constexpr std::int32_t kMinErrorBufferLength = 1024 * 1024;
constexpr std::int32_t kMarkFileHeaderLength = 8192;
constexpr std::int64_t kMinCanvassHeartbeats = 2;

constexpr std::string_view kLocalArchiveChannel = "aeron:ipc?term-length=64k";
constexpr std::int32_t kArchiveResponseStreamId = 20;

std::int32_t get_i32(const Properties& properties, std::string_view name, std::int32_t fallback,
                     std::int32_t min = INT32_MIN) {
    return static_cast<std::int32_t>(properties.get_int(name, fallback, min, INT32_MAX));
}

void require(bool condition, const std::string& message) {
    if (!condition) throw ConfigurationError(message);
}

TimeUnit time_unit_of(std::string_view clock) {
    if (clock == "io.aeron.cluster.MillisecondClusterClock") return TimeUnit::milliseconds;
    if (clock == "io.aeron.cluster.NanosecondClusterClock") return TimeUnit::nanoseconds;
    throw ConfigurationError(fmt::format("failed to instantiate ClusterClock {}", clock));
}

void read_identity(ConsensusModuleContext& ctx, const Properties& p) {
    ctx.cluster_id = get_i32(p, "aeron.cluster.id", ctx.cluster_id);
    ctx.member_id = get_i32(p, "aeron.cluster.member.id", ctx.member_id);
    ctx.appointed_leader_id =
        get_i32(p, "aeron.cluster.appointed.leader.id", ctx.appointed_leader_id);
    ctx.cluster_members = p.get("aeron.cluster.members", "");
    ctx.member_endpoints = p.get("aeron.cluster.member.endpoints", "");
    ctx.role_name = p.get("aeron.cluster.consensus.module.agent.role.name", "");
    ctx.aeron_directory = p.get("aeron.dir", "");
    ctx.cluster_directory = p.get("aeron.cluster.dir", ctx.cluster_directory);
    ctx.services_directory = p.get("aeron.cluster.services.dir", "");
    ctx.mark_file_directory = p.get("aeron.cluster.mark.file.dir", "");
    ctx.error_buffer_length = static_cast<std::int32_t>(
        p.get_size("aeron.cluster.error.buffer.length", ctx.error_buffer_length,
                   kMinErrorBufferLength, INT32_MAX - kMarkFileHeaderLength));
    ctx.is_new_log_allowed = p.get_bool("tern.cluster.new.log", ctx.is_new_log_allowed);
    ctx.file_sync_level = get_i32(p, "aeron.archive.file.sync.level", 0, 0);
    ctx.time_unit =
        time_unit_of(p.get("aeron.cluster.clock", "io.aeron.cluster.MillisecondClusterClock"));
    ctx.idle_strategy = p.get("aeron.cluster.idle.strategy", ctx.idle_strategy);
    ctx.authenticator_name = p.get("aeron.cluster.authenticator.supplier", ctx.authenticator_name);
}

void read_channels(ConsensusModuleContext& ctx, const Properties& p) {
    ctx.ingress_channel = p.get("aeron.cluster.ingress.channel", "");
    ctx.ingress_stream_id = get_i32(p, "aeron.cluster.ingress.stream.id", ctx.ingress_stream_id);
    ctx.is_ipc_ingress_allowed = p.get_bool("aeron.cluster.ingress.ipc.allowed", false);
    ctx.egress_channel = p.get("aeron.cluster.egress.channel", "");
    ctx.log_channel = p.get("aeron.cluster.log.channel", ctx.log_channel);
    ctx.log_stream_id = get_i32(p, "aeron.cluster.log.stream.id", ctx.log_stream_id);
    ctx.replay_channel = p.get("aeron.cluster.replay.channel", ctx.replay_channel);
    ctx.replay_stream_id = get_i32(p, "aeron.cluster.replay.stream.id", ctx.replay_stream_id);
    ctx.control_channel = p.get("aeron.cluster.control.channel", ctx.control_channel);
    ctx.service_stream_id = get_i32(p, "aeron.cluster.service.stream.id", ctx.service_stream_id);
    ctx.consensus_module_stream_id =
        get_i32(p, "aeron.cluster.consensus.module.stream.id", ctx.consensus_module_stream_id);
    ctx.snapshot_channel = p.get("aeron.cluster.snapshot.channel", ctx.snapshot_channel);
    ctx.snapshot_stream_id = get_i32(p, "aeron.cluster.snapshot.stream.id", ctx.snapshot_stream_id);
    ctx.consensus_channel = p.get("aeron.cluster.consensus.channel", ctx.consensus_channel);
    ctx.consensus_stream_id =
        get_i32(p, "aeron.cluster.consensus.stream.id", ctx.consensus_stream_id);
    ctx.replication_channel = p.get("aeron.cluster.replication.channel", "");
    ctx.is_log_control_enabled = p.get_bool("aeron.cluster.log.control.enable", true);
}

void read_limits(ConsensusModuleContext& ctx, const Properties& p) {
    const auto duration = [&](std::string_view name, std::int64_t& field) {
        field = p.get_duration_ns(name, field);
    };
    ctx.service_count = get_i32(p, "aeron.cluster.service.count", ctx.service_count);
    ctx.max_concurrent_sessions =
        get_i32(p, "aeron.cluster.max.sessions", ctx.max_concurrent_sessions, 0);
    ctx.ingress_fragment_limit =
        get_i32(p, "aeron.cluster.ingress.fragment.limit", ctx.ingress_fragment_limit, 1);
    ctx.log_fragment_limit =
        get_i32(p, "aeron.cluster.log.fragment.limit", ctx.log_fragment_limit, 1);
    duration("aeron.cluster.session.timeout", ctx.session_timeout_ns);
    duration("aeron.cluster.leader.heartbeat.timeout", ctx.leader_heartbeat_timeout_ns);
    duration("aeron.cluster.leader.heartbeat.interval", ctx.leader_heartbeat_interval_ns);
    duration("aeron.cluster.startup.canvass.timeout", ctx.startup_canvass_timeout_ns);
    duration("aeron.cluster.election.timeout", ctx.election_timeout_ns);
    duration("aeron.cluster.election.status.interval", ctx.election_status_interval_ns);
    duration("aeron.cluster.termination.timeout", ctx.termination_timeout_ns);
    duration("aeron.cluster.cycle.threshold", ctx.cycle_threshold_ns);
    duration("aeron.cluster.total.snapshot.threshold", ctx.total_snapshot_threshold_ns);
    duration("aeron.cluster.wheel.tick.resolution", ctx.wheel_tick_resolution_ns);
    duration("tern.cluster.close.timeout", ctx.close_timeout_ns);
    ctx.ticks_per_wheel = get_i32(p, "aeron.cluster.ticks.per.wheel", ctx.ticks_per_wheel, 1);
    ctx.timer_service_supplier =
        p.get("aeron.cluster.timer.service.supplier", ctx.timer_service_supplier);
}

void read_archive(ConsensusModuleContext& ctx, const Properties& p) {
    const auto channel = p.get("aeron.archive.local.control.channel", kLocalArchiveChannel);
    ctx.archive.control_request_channel = channel;
    ctx.archive.control_response_channel = channel;
    ctx.archive.control_request_stream_id = get_i32(p, "aeron.archive.local.control.stream.id", 10);
    ctx.archive.control_response_stream_id =
        ctx.cluster_id * 100 + 100 +
        get_i32(p, "aeron.archive.control.response.stream.id", kArchiveResponseStreamId);
    ctx.archive.message_timeout_ns =
        p.get_duration_ns("aeron.archive.message.timeout", ctx.archive.message_timeout_ns);
}

/// "name=" as a parameter of the URI.
bool has_parameter(std::string_view uri, std::string_view name) {
    for (const char before : {'?', '|'}) {
        if (uri.find(fmt::format("{}{}=", before, name)) != std::string_view::npos) return true;
    }
    return false;
}

}  // namespace

AuthorisationService make_default_authorisation() {
    return [](std::int32_t action_id, std::optional<std::int32_t>, ConstBytes) {
        return action_id == kBackupQueryAction || action_id == kHeartbeatAction ||
               action_id == kStandbySnapshotAction;
    };
}

ConsensusModuleContext ConsensusModuleContext::from_properties(const Properties& properties) {
    ConsensusModuleContext ctx;
    read_identity(ctx, properties);
    read_channels(ctx, properties);
    read_limits(ctx, properties);
    read_archive(ctx, properties);
    return ctx;
}

void ConsensusModuleContext::validate() const {
    for (const std::string_view parameter : {"init-term-id", "term-id", "term-offset"}) {
        require(!has_parameter(log_channel, parameter),
                fmt::format("logChannel must not contain: {}", parameter));
    }
    require(service_count >= 0 && service_count <= kMaxServiceCount,
            fmt::format("service count of range [0, {}]: {}", kMaxServiceCount, service_count));
    require(!cluster_members.empty(), "ConsensusModule.Context.clusterMembers must be set");
    require(
        leader_heartbeat_timeout_ns > 0 &&
            startup_canvass_timeout_ns / leader_heartbeat_timeout_ns >= kMinCanvassHeartbeats,
        fmt::format("startupCanvassTimeoutNs={} must be a multiple of leaderHeartbeatTimeoutNs={}",
                    startup_canvass_timeout_ns, leader_heartbeat_timeout_ns));
    const auto members = parse_cluster_members(cluster_members);
    (void)find_own_member(members, member_id, member_endpoints);
    require(members.size() == 1,
            fmt::format("this build runs clusters of one member, clusterMembers has {}: {}",
                        members.size(), cluster_members));
    require(error_buffer_length >= kMinErrorBufferLength &&
                error_buffer_length <= INT32_MAX - kMarkFileHeaderLength,
            fmt::format("Invalid errorBufferLength: {}", error_buffer_length));
    require(!ingress_channel.empty(), "ingressChannel must be specified");
    require(archive.control_request_channel.starts_with("aeron:ipc") &&
                archive.control_response_channel.starts_with("aeron:ipc"),
            "local archive control must be IPC");
    require(!replication_channel.empty(), "replicationChannel must be set");
    require(service_count > 0,
            "zero services are only supported when ConsensusModuleExtension is enabled");
}

std::string ConsensusModuleContext::name() const {
    return role_name.empty() ? fmt::format("consensus-module-{}-{}", cluster_id, member_id)
                             : role_name;
}

}  // namespace tern::cluster
