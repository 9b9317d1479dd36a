#include "tern/cluster/consensus/snapshotting.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tern/base/error.hpp"

namespace tern::cluster {

int Snapshotting::poll() {
    if (taker_ != nullptr) {
        if (!poll_taker()) return 0;
        finish();
        return 1;
    }
    if (!core_.acks.is_reached(core_.snapshot_log_position)) return 0;
    begin();
    if (taker_ == nullptr) finish();
    return 1;
}

void Snapshotting::begin() {
    const auto acks = core_.acks.take();
    acks_.assign(acks.begin(), acks.end());
    bool all_taken = true;
    for (const auto& ack : acks_) {
        if (ack.relevant_id != -1) continue;
        all_taken = false;
        core_.errors.event(fmt::format("service={} failed to take snapshot", ack.service_id));
    }
    if (!all_taken) return;
    for (const auto& tracker : core_.trackers) {
        if (tracker.missed_messages() <= 0) continue;
        core_.errors.event(
            fmt::format("Follower has missed {} service message(s).  Please check service (id={}) "
                        "determinism around the use of Cluster::offer",
                        tracker.missed_messages(), tracker.service_id()),
            Severity::error);
    }
    auto messages = encode_module_snapshot({.log_position = core_.snapshot_log_position,
                                            .leadership_term_id = core_.leadership_term_id,
                                            .time_unit = core_.ctx.time_unit,
                                            .app_version = core_.ctx.app_version},
                                           {core_.sessions, *core_.timers, core_.trackers});
    taker_ = std::make_unique<SnapshotTaker>(
        *core_.aeron, *core_.archive, core_.platform.clock,
        SnapshotTaker::Spec{.channel = core_.ctx.snapshot_channel,
                            .stream_id = core_.ctx.snapshot_stream_id,
                            .counter_timeout_ns = core_.ctx.archive.message_timeout_ns,
                            .messages = std::move(messages)});
}

/// True when it has ended, well or badly.
bool Snapshotting::poll_taker() {
    try {
        if (!taker_->poll()) return false;
        append_rows();
    } catch (const Error& failure) {
        core_.errors.event(fmt::format("failed to take snapshot: {}", failure.what()),
                           Severity::error);
        if (failure.severity() == Severity::fatal) {
            taker_.reset();
            core_.terminate_unexpectedly(failure.what());
        }
    }
    taker_.reset();
    return true;
}

void Snapshotting::append_rows() {
    auto& log = core_.files.recording_log();
    const auto* term = log.find_term(core_.leadership_term_id);
    if (term == nullptr) {
        throw Error(fmt::format("unknown leadershipTermId={}", core_.leadership_term_id));
    }
    const auto base = term->term_base_log_position;
    const auto timestamp = acks_.empty() ? core_.cluster_time() : acks_.back().timestamp;
    const auto append = [&](std::int64_t recording_id, std::int32_t service_id) {
        log.append_snapshot(recording_id, core_.leadership_term_id, base,
                            core_.snapshot_log_position, timestamp, service_id);
    };
    // The module's row comes last: it is what makes the set one.
    for (auto ack = acks_.rbegin(); ack != acks_.rend(); ++ack) {
        append(ack->relevant_id, ack->service_id);
    }
    append(taker_->recording_id(), kConsensusModuleServiceId);
    log.force();

    ++core_.snapshot_count;
    core_.counters.at(ModuleCounter::snapshot_count).increment();
    const auto duration_ns = core_.now_ns() - core_.snapshot_begin_ns;
    core_.counters.at(ModuleCounter::max_snapshot_duration).propose_max(duration_ns);
    if (duration_ns > core_.ctx.total_snapshot_threshold_ns) {
        core_.counters.at(ModuleCounter::snapshot_threshold_exceeded).increment();
    }
}

void Snapshotting::finish() {
    const auto now_ns = core_.now_ns();
    core_.sessions.refresh_activity(now_ns);
    if (core_.termination) {
        core_.termination->deadline_ns = now_ns + core_.ctx.termination_timeout_ns;
        core_.set_state(ModuleState::terminating);
        return;
    }
    core_.set_state(ModuleState::active);
    if (core_.role == Role::leader && !core_.is_electing) {
        core_.set_control_toggle(ControlToggle::neutral);
    }
}

}  // namespace tern::cluster
