#pragma once
// The state of one consensus module, shared by the parts that advance it (recovery, election,
// log replay, ingress, messages of services, snapshots, termination), and the few operations that
// keep its counters true. ConsensusModule owns it and decides which part runs when.
//
// Thread safety: the module's thread.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tern/archive/client/async_archive_client.hpp"
#include "tern/base/retry_delay.hpp"
#include "tern/client/aeron.hpp"
#include "tern/cluster/cluster_member.hpp"
#include "tern/cluster/consensus/consensus_module_context.hpp"
#include "tern/cluster/consensus/control_toggle.hpp"
#include "tern/cluster/consensus/leader_log.hpp"
#include "tern/cluster/consensus/log_publisher.hpp"
#include "tern/cluster/consensus/module_counters.hpp"
#include "tern/cluster/consensus/module_errors.hpp"
#include "tern/cluster/consensus/module_files.hpp"
#include "tern/cluster/consensus/pending_service_message_tracker.hpp"
#include "tern/cluster/consensus/service_acks.hpp"
#include "tern/cluster/consensus/service_proxy.hpp"
#include "tern/cluster/consensus/session_manager.hpp"
#include "tern/cluster/consensus/timer_service.hpp"
#include "tern/cluster/consensus/uncommitted_queue.hpp"
#include "tern/platform/platform.hpp"

namespace tern::cluster {

/// A shutdown or abort under way (CON-14).
struct Termination {
    std::int64_t position = kNullPosition;
    std::int64_t deadline_ns = 0;  ///< for the other members
    bool are_services_told = false;
    bool are_services_done = false;
};

struct ModuleCore {
    ModuleCore(ConsensusModuleContext context, platform::Platform host);

    ConsensusModuleContext ctx;
    platform::Platform platform;
    ModuleErrors errors;
    ClusterMembers members;
    std::size_t own_index = 0;
    ModuleFiles files;

    std::shared_ptr<client::Aeron> aeron;  ///< null until connected
    bool owns_aeron = true;
    ModuleCounters counters;
    std::unique_ptr<archive::AsyncArchiveClient> archive;

    ServiceProxy services;
    ServiceAcks acks;
    std::vector<PendingServiceMessageTracker> trackers;
    std::unique_ptr<TimerService> timers;
    /// Timer events met in the log before the local service asked for the timer (CON-9.4).
    std::map<std::int64_t, std::int64_t> timers_expired_early;
    LogPublisher log_publisher;
    std::optional<LeaderLog> leader_log;
    SessionManager sessions;

    // State. Set through the functions below where there is one.
    ModuleState state = ModuleState::init;
    Role role = Role::follower;
    std::int64_t leadership_term_id = -1;
    std::int32_t leader_member_id = -1;
    std::int64_t commit_position = 0;
    std::int64_t log_recording_id = -1;
    std::int64_t snapshot_count = 0;
    std::vector<std::int64_t> service_client_ids;
    std::optional<Termination> termination;
    /// Position of the cluster action that put the module into SNAPSHOT.
    std::int64_t snapshot_log_position = kNullPosition;
    std::int64_t snapshot_begin_ns = 0;
    bool is_electing = false;
    /// So that what fails for long, such as a disk, does not use up counters and log by elections.
    RetryDelay election_delay;
    std::int64_t time_of_last_log_update_ns = 0;

    // Effects of this leader's appends that are not committed yet (CON-7.10).
    UncommittedQueue<std::int64_t> uncommitted_timers;  ///< correlation ids
    UncommittedQueue<ModuleState> uncommitted_states;   ///< the state before

    [[nodiscard]] ClusterMember& own_member() { return members[own_index]; }
    [[nodiscard]] bool is_single_member() const noexcept { return members.size() == 1; }
    [[nodiscard]] std::int64_t now_ns() const { return platform.clock.nano_time(); }
    /// Cluster time, in ctx.time_unit.
    [[nodiscard]] std::int64_t cluster_time() const;
    [[nodiscard]] ClusterNow now() const;

    void set_state(ModuleState next);
    void set_role(Role next);
    void set_leadership_term_id(std::int64_t term_id);
    void set_control_toggle(ControlToggle toggle);
    /// Leader: takes over what the archive has recorded, and commits what a quorum has (CON-7.7).
    int update_leader_position();
    /// Raises the commit position, and lets go of what it commits.
    void advance_commit_position(std::int64_t position);
    /// The log was cut back to what is committed: undoes what this leader did beyond (CON-7.10).
    void restore_uncommitted();
    /// Enters SNAPSHOT because of the action that ends at `log_position`.
    void begin_snapshot(std::int64_t log_position);
    /// Ends the node at once: services are told, the reason is logged; throws AgentTermination.
    [[noreturn]] void terminate_unexpectedly(const std::string& reason);

    /// What the archive has recorded of the log this node leads; nullopt while it does not.
    [[nodiscard]] std::optional<std::int64_t> append_position() const {
        return leader_log ? leader_log->append_position() : std::nullopt;
    }
};

}  // namespace tern::cluster
