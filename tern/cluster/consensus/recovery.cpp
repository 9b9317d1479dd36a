#include "tern/cluster/consensus/recovery.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tern/base/error.hpp"
#include "tern/memory/counter_keys.hpp"
#include "tern/memory/counter_types.hpp"

namespace tern::cluster {

namespace {
/// Looked through for one that recording.log should know.
constexpr std::int32_t kMaxLogRecordings = 1 << 16;
}  // namespace

Recovery::Recovery(ModuleCore& core) : core_(core) {
    if (const auto* term = core_.files.recording_log().find_last_term()) {
        request_id_ = core_.archive->stop_recording_by_identity(term->recording_id);
    } else if (!core_.ctx.is_new_log_allowed && !core_.ctx.delete_directory_on_start) {
        begin_look_for_lost_log();
    }
}

Recovery::~Recovery() {
    if (request_id_ != -1) core_.archive->abandon(request_id_);
}

bool Recovery::poll() {
    switch (state_) {
        case State::stop_stale_recording:
            stop_stale_recording();
            break;
        case State::look_for_lost_log:
            look_for_lost_log();
            break;
        case State::plan:
            make_plan();
            break;
        case State::await_recovery_counter:
            await_recovery_counter();
            break;
        case State::load_snapshot:
            load_snapshot();
            break;
        case State::await_services:
            await_services();
            break;
        case State::done:
            break;
    }
    return state_ == State::done;
}

/// A module killed before may have left its log being recorded by a surviving archive.
void Recovery::stop_stale_recording() {
    if (request_id_ != -1) {
        const auto outcome = core_.archive->take_outcome(request_id_);
        if (!outcome) return;
        request_id_ = -1;
        if (!outcome->ok()) throw Error("failed to stop a stale recording: " + outcome->message);
    }
    begin_plan();
}

void Recovery::begin_look_for_lost_log() {
    request_id_ = core_.archive->list_recordings_for_uri(
        0, kMaxLogRecordings, "alias=log", core_.ctx.log_stream_id,
        [this](const archive::RecordingDescriptor& descriptor) {
            if (descriptor.stop_position != descriptor.start_position) lost_log_ = descriptor;
        });
    state_ = State::look_for_lost_log;
}

void Recovery::look_for_lost_log() {
    const auto outcome = core_.archive->take_outcome(request_id_);
    if (!outcome) return;
    request_id_ = -1;
    if (!outcome->ok()) throw Error("failed to look for logs in the archive: " + outcome->message);
    if (lost_log_) {
        throw Error(
            fmt::format("recording.log in {} knows of no log, but the archive has one: recording "
                        "{}, stream {}, positions {} to {}. A start would forget it. Put "
                        "recording.log back from a copy; or, to begin anew, remove the archive "
                        "directory as well, or set tern.cluster.new.log=true",
                        core_.ctx.cluster_directory, lost_log_->recording_id, lost_log_->stream_id,
                        lost_log_->start_position, lost_log_->stop_position),
            kGenericError, Severity::fatal);
    }
    begin_plan();
}

void Recovery::begin_plan() {
    query_.emplace(*core_.archive, core_.files.recording_log(), core_.ctx.service_count, -1,
                   core_.now_ns() + core_.ctx.leader_heartbeat_timeout_ns);
    state_ = State::plan;
}

void Recovery::make_plan() {
    if (!query_->poll(core_.now_ns())) return;
    plan_ = query_->plan();
    query_.reset();
    if (plan_.log) core_.log_recording_id = plan_.log->recording_id;
    begin_recovery_counter();
    state_ = State::await_recovery_counter;
}

void Recovery::begin_recovery_counter() {
    memory::RecoveryStateKey key{.leadership_term_id = core_.leadership_term_id,
                                 .log_position = 0,
                                 .timestamp = 0,
                                 .cluster_id = core_.ctx.cluster_id,
                                 .snapshot_recording_ids = {}};
    std::vector<std::int64_t> ids;
    if (!plan_.snapshots.empty()) {
        const auto& module = plan_.snapshots.front();
        key.leadership_term_id = module.leadership_term_id;
        key.log_position = module.log_position;
        key.timestamp = module.timestamp;
        for (std::size_t i = 1; i < plan_.snapshots.size(); ++i) {
            ids.push_back(plan_.snapshots[i].recording_id);
        }
        key.snapshot_recording_ids = ids;
    }
    const auto label =
        fmt::format("Cluster recovery: leadershipTermId={} logPosition={} clusterId={}",
                    key.leadership_term_id, key.log_position, key.cluster_id);
    recovery_counter_.begin(*core_.aeron, core_.aeron->async_add_counter(
                                              memory::counter_type::kClusterRecoveryState,
                                              memory::recovery_state_key(key).bytes(), label));
}

void Recovery::await_recovery_counter() {
    if (recovery_counter_.poll() == nullptr) return;
    if (plan_.snapshots.empty()) {
        state_ = State::await_services;
        return;
    }
    const SnapshotIdentity own{.time_unit = core_.ctx.time_unit,
                               .app_version = core_.ctx.app_version};
    loader_ = std::make_unique<SnapshotLoader>(
        *core_.aeron, *core_.archive, plan_.snapshots.front().recording_id,
        core_.ctx.replay_channel, core_.ctx.replay_stream_id,
        ModuleSnapshotReader(own, {core_.sessions, *core_.timers, core_.trackers}));
    state_ = State::load_snapshot;
}

void Recovery::load_snapshot() {
    if (!loader_->poll()) return;
    loader_.reset();
    const auto& snapshot = plan_.snapshots.front();
    core_.timers->set_current_time(core_.cluster_time());
    core_.commit_position = snapshot.log_position;
    core_.counters.set(ModuleCounter::commit_position, snapshot.log_position);
    core_.set_leadership_term_id(snapshot.leadership_term_id);
    state_ = State::await_services;
}

void Recovery::await_services() {
    if (!core_.acks.is_reached(core_.commit_position)) return;
    bool all_started = true;
    core_.service_client_ids.clear();
    for (const auto& ack : core_.acks.take()) {
        core_.service_client_ids.push_back(ack.relevant_id);
        if (ack.relevant_id != -1) continue;
        all_started = false;
        core_.errors.event(
            fmt::format("service={} failed to start clustered service", ack.service_id));
    }
    recovery_counter_.close();
    if (!all_started) throw AgentTermination("failed to start clustered service(s)", false);
    state_ = State::done;
}

}  // namespace tern::cluster
