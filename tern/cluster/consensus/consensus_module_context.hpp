#pragma once
// Settings of a consensus module, with upstream's names, defaults and checks (CLF-15.1, CON-2.1).
//
// Plain data: fill it, or take it from properties, and hand it to ConsensusModule, which validates.
// Durations in ns, lengths in bytes. Thread safety: none.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tern/archive/authentication.hpp"
#include "tern/archive/client/async_archive_client.hpp"
#include "tern/base/error.hpp"
#include "tern/base/properties.hpp"
#include "tern/cluster/cluster_types.hpp"

namespace tern::client {
class Aeron;
}

namespace tern::cluster {

/// Whether a principal may do something: `action_id` is a template id of schema 111 (CLF-18.3),
/// `type` the kind of an admin request.
using AuthorisationService = std::function<bool(
    std::int32_t action_id, std::optional<std::int32_t> type, ConstBytes encoded_principal)>;

/// Upstream's default: backup, heartbeat and standby requests are allowed, admin requests are not.
[[nodiscard]] AuthorisationService make_default_authorisation();

/// Sessions are authenticated as in the archive: same interface, same rules (CLF-18.2).
using archive::Authenticator;
using archive::AuthenticatorSupplier;

struct ConsensusModuleContext {
    // Who this is.
    std::int32_t cluster_id = 0;
    std::int32_t member_id = 0;
    std::int32_t appointed_leader_id = -1;
    std::string cluster_members;   ///< required (CLF-17.1)
    std::string member_endpoints;  ///< empty, or the five of this member, to be cross-checked
    std::int32_t app_version = kDefaultAppVersion;
    std::string role_name;  ///< empty: "consensus-module-<clusterId>-<memberId>"

    // Where things are.
    std::string aeron_directory;  ///< of the driver; empty: the client's default
    std::string cluster_directory = "aeron-cluster";
    std::string services_directory;   ///< empty: the cluster directory
    std::string mark_file_directory;  ///< empty: the cluster directory
    bool delete_directory_on_start = false;
    /// Begin a new log although the archive has one that recording.log knows nothing of; else such
    /// a start is refused, because a lost recording.log looks like this.
    bool is_new_log_allowed = false;
    std::int32_t error_buffer_length = 1024 * 1024;
    std::int32_t file_sync_level = 0;  ///< `aeron.archive.file.sync.level`, as upstream

    // Channels (CLF-16).
    std::string ingress_channel;  ///< required
    std::int32_t ingress_stream_id = kIngressStreamId;
    bool is_ipc_ingress_allowed = false;
    std::string egress_channel;  ///< empty, or a template that overrides response channels
    std::string log_channel{kLogChannel};
    std::int32_t log_stream_id = kLogStreamId;
    std::string replay_channel{kReplayChannel};
    std::int32_t replay_stream_id = kReplayStreamId;
    std::string control_channel{kControlChannel};
    std::int32_t service_stream_id = kServiceStreamId;
    std::int32_t consensus_module_stream_id = kConsensusModuleStreamId;
    std::string snapshot_channel{kSnapshotChannel};
    std::int32_t snapshot_stream_id = kModuleSnapshotStreamId;
    std::string consensus_channel{kConsensusChannel};
    std::int32_t consensus_stream_id = kConsensusStreamId;
    std::string replication_channel;  ///< required, as upstream requires it
    bool is_log_control_enabled = true;

    // Limits and times.
    std::int32_t service_count = 1;
    std::int32_t max_concurrent_sessions = 10;
    std::int32_t ingress_fragment_limit = 50;
    std::int32_t log_fragment_limit = 50;
    std::int64_t session_timeout_ns = 10'000'000'000;
    std::int64_t leader_heartbeat_timeout_ns = 10'000'000'000;
    std::int64_t leader_heartbeat_interval_ns = 200'000'000;
    std::int64_t startup_canvass_timeout_ns = 60'000'000'000;
    std::int64_t election_timeout_ns = 1'000'000'000;
    std::int64_t election_status_interval_ns = 100'000'000;
    std::int64_t termination_timeout_ns = 10'000'000'000;
    std::int64_t cycle_threshold_ns = 100'000'000;
    std::int64_t total_snapshot_threshold_ns = 1'000'000'000;
    std::int64_t wheel_tick_resolution_ns = 8'000'000;
    std::int32_t ticks_per_wheel = 128;
    std::string timer_service_supplier = "io.aeron.cluster.WheelTimerServiceSupplier";
    std::string idle_strategy = "backoff";  ///< for whoever runs the agent
    /// How long on_close() may wait for acknowledgements before it goes on without them.
    std::int64_t close_timeout_ns = 10'000'000'000;

    /// Unit of cluster time; MILLIS is wall clock ms, NANOS wall clock ns.
    TimeUnit time_unit = TimeUnit::milliseconds;

    /// The local archive's control session. Channels must be IPC; aliases, client name and error
    /// handler are filled in. Response stream 0: clusterId * 100 + 120.
    archive::ArchiveClientContext archive;

    // Collaborators. Empty ones get the default named here.
    AuthenticatorSupplier authenticator_supplier;  ///< everyone, with an empty principal
    /// What the mark file names as authenticator.
    std::string authenticator_name = "io.aeron.security.DefaultAuthenticatorSupplier";
    AuthorisationService authorisation_service;  ///< make_default_authorisation()
    ErrorHandler error_handler;                  ///< besides the error log in the mark file
    std::function<void()> termination_hook;      ///< run once when the module ends itself
    /// An election is over, and this member serves in the role; on the module's thread.
    std::function<void(Role role, std::int64_t leadership_term_id)> on_elected;
    /// Called while on_close() waits, which is after the duty cycle has ended: must give driver and
    /// archive a chance to run. Empty: yields (they have threads of their own).
    std::function<void()> close_idle;
    /// An Aeron client in invoker mode to be used and not closed; empty: the module connects its
    /// own and closes it. A given one must be driven by this module alone while it runs.
    std::shared_ptr<client::Aeron> aeron;

    /// Reads `aeron.cluster.*` and the settings shared with driver and archive.
    [[nodiscard]] static ConsensusModuleContext from_properties(const Properties& properties);

    /// In upstream's order, first failure wins. Throws ConfigurationError.
    void validate() const;

    [[nodiscard]] std::string name() const;  ///< role_name or its default
};

}  // namespace tern::cluster
