#include "tern/cluster/consensus/module_core.hpp"

#include <algorithm>
#include <utility>

#include "tern/base/error.hpp"
#include "tern/base/planted_fault.hpp"

namespace tern::cluster {

namespace {

constexpr std::int32_t kFilePageSize = 4096;
constexpr std::int64_t kMaxElectionDelayNs = 5'000'000'000;

ConsensusModuleContext validated(ConsensusModuleContext context) {
    context.validate();
    if (!context.authorisation_service) {
        context.authorisation_service = make_default_authorisation();
    }
    return context;
}

std::vector<PendingServiceMessageTracker> make_trackers(std::int32_t service_count) {
    std::vector<PendingServiceMessageTracker> trackers;
    for (std::int32_t id = 0; id < service_count; ++id) trackers.emplace_back(id);
    return trackers;
}

std::int64_t wheel_resolution(const ConsensusModuleContext& ctx) {
    return std::max<std::int64_t>(1, ctx.wheel_tick_resolution_ns / nanos_per(ctx.time_unit));
}

}  // namespace

ModuleCore::ModuleCore(ConsensusModuleContext context, platform::Platform host)
    : ctx(validated(std::move(context))),
      platform(host),
      members(parse_cluster_members(ctx.cluster_members)),
      own_index(find_own_member(members, ctx.member_id, ctx.member_endpoints)),
      files(ctx, host, kFilePageSize),
      aeron(ctx.aeron),
      owns_aeron(ctx.aeron == nullptr),
      acks(ctx.service_count),
      trackers(make_trackers(ctx.service_count)),
      timers(make_timer_service(ctx.timer_service_supplier, wheel_resolution(ctx),
                                ctx.ticks_per_wheel)),
      sessions(ctx, log_publisher, errors),
      election_delay(ctx.election_status_interval_ns,
                     std::max(ctx.election_status_interval_ns, kMaxElectionDelayNs)) {
    errors.set_handlers([this](const std::exception& error) { files.record(error); },
                        ctx.error_handler);
    for (const auto& notice : files.recording_log().notices()) errors.event(notice);
}

std::int64_t ModuleCore::cluster_time() const {
    return platform.clock.epoch_ns() / nanos_per(ctx.time_unit);
}

ClusterNow ModuleCore::now() const {
    return {.monotonic_ns = now_ns(),
            .epoch_ms = platform.clock.epoch_ms(),
            .cluster_time = cluster_time()};
}

void ModuleCore::set_state(ModuleState next) {
    state = next;
    if (counters.is_ready()) counters.set(ModuleCounter::state, static_cast<std::int64_t>(next));
}

void ModuleCore::set_role(Role next) {
    role = next;
    if (counters.is_ready()) {
        counters.set(ModuleCounter::node_role, static_cast<std::int64_t>(next));
    }
}

void ModuleCore::set_leadership_term_id(std::int64_t term_id) {
    leadership_term_id = term_id;
    counters.set(ModuleCounter::leadership_term_id, term_id);
}

void ModuleCore::set_control_toggle(ControlToggle toggle) {
    counters.set(ModuleCounter::control_toggle, static_cast<std::int64_t>(toggle));
}

int ModuleCore::update_leader_position() {
    const auto append = planted(Fault::commit_before_recorded) && log_publisher.is_connected()
                            ? log_publisher.position()
                            : append_position();
    if (!append) return 0;
    const auto now = now_ns();
    // The own member counts with what it reported a cycle ago (CON-4.3).
    const auto quorum =
        std::min(quorum_position(members, now, ctx.leader_heartbeat_timeout_ns), *append);
    own_member().update_position(leadership_term_id, *append, now);
    const bool is_due = now >= time_of_last_log_update_ns + ctx.leader_heartbeat_interval_ns;
    if (quorum <= commit_position && !is_due) return 0;
    advance_commit_position(quorum);
    time_of_last_log_update_ns = now;
    return 1;
}

void ModuleCore::advance_commit_position(std::int64_t position) {
    if (position <= commit_position) return;
    commit_position = position;
    counters.set(ModuleCounter::commit_position, position);
    for (auto& tracker : trackers) tracker.sweep_committed(position);
    uncommitted_timers.sweep(position);
    uncommitted_states.sweep(position);
    sessions.sweep(position);
}

void ModuleCore::restore_uncommitted() {
    for (auto& tracker : trackers) tracker.restore_uncommitted(commit_position);
    // Due at once, as soon as this node leads again.
    uncommitted_timers.restore(commit_position, [&](std::int64_t id) { timers->schedule(id, 0); });
    uncommitted_states.restore(commit_position, [&](ModuleState before) {
        if (state != ModuleState::closed) set_state(before);
    });
    sessions.prepare_for_new_leadership(commit_position);
}

void ModuleCore::begin_snapshot(std::int64_t log_position) {
    snapshot_log_position = log_position;
    snapshot_begin_ns = now_ns();
    set_state(ModuleState::snapshot);
}

void ModuleCore::terminate_unexpectedly(const std::string& reason) {
    // Services at any other position than 0 take it as the end of everything.
    if (!services.termination_position(0)) {
        errors.event("failed to send service termination position");
    }
    set_state(ModuleState::closed);
    throw AgentTermination("unexpected termination: " + reason, false);
}

}  // namespace tern::cluster
