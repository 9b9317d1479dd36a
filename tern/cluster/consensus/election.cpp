#include "tern/cluster/consensus/election.hpp"
#include "tern/base/planted_fault.hpp"
#include "tern/cluster/archive_refusal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tern/base/assert.hpp"
#include "tern/base/error.hpp"
#include "tern/cluster/archive_refusal.hpp"
#include "tern/cluster/consensus/invariants.hpp"

namespace tern::cluster {

Election::Election(ModuleCore& core, Ingress& ingress, std::optional<RecoveryPlan> plan)
    : core_(core),
      ingress_(ingress),
      is_node_startup_(plan.has_value()),
      init_step_(plan ? InitStep::stand : InitStep::withdraw),
      log_position_(core.commit_position),
      append_position_(core.append_position().value_or(core.commit_position)),
      log_leadership_term_id_(core.leadership_term_id),
      leadership_term_id_(core.leadership_term_id),
      candidate_term_id_(core.leadership_term_id),
      initial_log_leadership_term_id_(core.leadership_term_id),
      initial_term_base_log_position_(0),
      reader_(core, [this](const auto& event) { on_new_term(event); }),
      join_(core.services, core.acks) {
    if (plan) {
        adopt(*plan);
        log_leadership_term_id_ = plan_.last_leadership_term_id;
        leadership_term_id_ = plan_.last_leadership_term_id;
        initial_log_leadership_term_id_ = plan_.last_leadership_term_id;
        initial_term_base_log_position_ = plan_.last_term_base_log_position;
    } else if (const auto* term = core.files.recording_log().find_term(core.leadership_term_id)) {
        initial_term_base_log_position_ = term->term_base_log_position;
    }
    if (!is_node_startup_) retry_ns_ = core_.now_ns() + core_.election_delay.next(core_.now_ns());
    core_.is_electing = true;
    core_.set_role(Role::follower);
    core_.counters.at(ModuleCounter::election_count).increment();
    core_.counters.set(ModuleCounter::election_state, static_cast<std::int64_t>(state_));
    state_entry_ns_ = core_.now_ns();
}

Election::~Election() {
    if (request_id_ != -1) core_.archive->abandon(request_id_);
    core_.is_electing = false;
}

void Election::adopt(const RecoveryPlan& plan) {
    plan_ = plan;
    append_position_ = plan_.appended_log_position;
}

void Election::set_state(ElectionState next) {
    TERN_ASSERT(is_election_transition(state_, next), "a transition of CON-6.3");
    if (next == state_) return;
    state_ = next;
    state_entry_ns_ = core_.now_ns();
    core_.counters.set(ModuleCounter::election_state, static_cast<std::int64_t>(next));
}

int Election::do_work() {
    switch (state_) {
        case ElectionState::init:
            return init();
        case ElectionState::leader_log_replication:
            return leader_log_replication();
        case ElectionState::leader_replay:
            return leader_replay();
        case ElectionState::leader_init:
            return leader_init();
        case ElectionState::leader_ready:
            return leader_ready();
        default:
            return 0;
    }
}

void Election::on_error(const std::exception& error) {
    core_.errors.report(error);
    log_position_ = core_.commit_position;
    set_state(ElectionState::init);
    init_step_ = InitStep::withdraw;
    retry_ns_ = core_.now_ns() + core_.election_delay.next(core_.now_ns());
}

void Election::check_deadline(const char* awaited) const {
    if (core_.now_ns() < state_entry_ns_ + core_.ctx.leader_heartbeat_timeout_ns) return;
    throw TimeoutError(
        fmt::format("election timed out awaiting {}: state={}", awaited, to_string(state_)));
}

// --- INIT: withdraw from what was, find out where the log ends, stand for the next term

int Election::init() {
    if (init_step_ != InitStep::withdraw && core_.now_ns() < retry_ns_) return 0;
    switch (init_step_) {
        case InitStep::withdraw:
            withdraw();
            return 1;
        case InitStep::await_recording_stopped:
            return await_recording_stopped();
        case InitStep::await_plan:
            return await_plan();
        case InitStep::await_counter_gone:
            return await_counter_gone();
        case InitStep::stand:
            stand();
            return 1;
    }
    return 0;
}

void Election::withdraw() {
    state_entry_ns_ = std::max(core_.now_ns(), retry_ns_);
    core_.set_role(Role::follower);
    ingress_.disconnect();
    core_.log_publisher.disconnect();
    core_.set_control_toggle(ControlToggle::inactive);
    replay_.reset();
    query_.reset();
    is_recording_begun_ = is_recorded_ = false;
    std::int64_t subscription_id = -1;
    if (core_.leader_log) {
        subscription_id = core_.leader_log->recording_subscription_id();
        core_.leader_log->close_publication();
        core_.leader_log->forget_recording();
    }
    if (subscription_id != -1) {
        request_id_ = core_.archive->stop_recording(subscription_id);
    } else if (core_.log_recording_id != -1) {
        request_id_ = core_.archive->stop_recording_by_identity(core_.log_recording_id);
    }
    init_step_ = InitStep::await_recording_stopped;
}

int Election::await_recording_stopped() {
    if (request_id_ != -1) {
        const auto outcome = core_.archive->take_outcome(request_id_);
        if (!outcome) return 0;
        request_id_ = -1;
        if (!is_stopped(*outcome)) {
            core_.errors.event("failed to stop log recording: " + outcome->message);
        }
    }
    if (core_.log_recording_id != -1) {
        query_.emplace(*core_.archive, core_.files.recording_log(), core_.ctx.service_count,
                       core_.log_recording_id,
                       core_.now_ns() + core_.ctx.leader_heartbeat_timeout_ns);
    }
    init_step_ = InitStep::await_plan;
    return 1;
}

int Election::await_plan() {
    if (query_) {
        if (!query_->poll(core_.now_ns())) return 0;
        adopt(query_->plan());
        if (query_->extent()) append_position_ = query_->extent()->stop_position;
        query_.reset();
        core_.restore_uncommitted();
    }
    init_step_ = InitStep::await_counter_gone;
    return 1;
}

int Election::await_counter_gone() {
    if (core_.log_recording_id != -1 &&
        RecordingCounter::is_recording(core_.aeron->counters_reader(), core_.log_recording_id,
                                       core_.archive->archive_id())) {
        check_deadline("the end of the log recording's counter");
        return 0;
    }
    init_step_ = InitStep::stand;
    return 1;
}

/// A single member needs nobody's vote; its term is durable all the same.
void Election::stand() {
    TERN_ASSERT(core_.is_single_member(), "clusters of more members are refused at start");
    auto& node_state = core_.files.node_state();
    const auto voted = std::max(node_state.candidate_term_id(), leadership_term_id_);
    const bool is_reused = planted(Fault::term_led_twice) && voted >= 0;
    candidate_term_id_ = node_state.propose_max(is_reused ? voted : voted + 1, log_position_,
                                                core_.platform.clock.epoch_ms());
    leadership_term_id_ = candidate_term_id_;
    core_.leader_member_id = core_.ctx.member_id;
    core_.own_member().is_leader = true;
    core_.set_role(Role::leader);
    begin_leader_log();
    set_state(ElectionState::leader_log_replication);
}

void Election::begin_leader_log() {
    core_.leader_log.emplace(*core_.aeron, *core_.archive, core_.ctx.log_stream_id);
    core_.leader_log->begin_publication({.log_channel = core_.ctx.log_channel,
                                         .own_log_endpoint = core_.own_member().endpoints.log,
                                         .is_log_control_enabled = core_.ctx.is_log_control_enabled,
                                         .is_single_member = core_.is_single_member(),
                                         .log = plan_.log,
                                         .position = append_position_});
}

// --- the leader's states

std::int64_t Election::quorum_position_now() const {
    return std::min(append_position_, quorum_position(core_.members, core_.now_ns(),
                                                      core_.ctx.leader_heartbeat_timeout_ns));
}

int Election::leader_log_replication() {
    if (!core_.leader_log->poll_publication()) return 0;
    const auto quorum = quorum_position_now();
    core_.own_member().update_position(log_leadership_term_id_, append_position_, core_.now_ns());
    const bool is_known =
        core_.own_member().is_active(core_.now_ns(), core_.ctx.leader_heartbeat_timeout_ns);
    if (!is_known || quorum < append_position_) return 0;
    core_.log_publisher.connect(*core_.leader_log->publication());
    set_state(ElectionState::leader_replay);
    return 1;
}

int Election::leader_replay() {
    if (replay_ == nullptr) {
        is_leader_startup_ = is_node_startup_;
        core_.own_member().update_position(leadership_term_id_, append_position_, core_.now_ns());
        if (log_position_ >= append_position_) {
            set_state(ElectionState::leader_init);
            return 1;
        }
        replay_ = std::make_unique<LogReplay>(core_, reader_, log_position_, append_position_);
    }
    if (!replay_->poll()) return 0;
    replay_.reset();
    log_position_ = append_position_;
    set_state(ElectionState::leader_init);
    return 1;
}

/// A term met in the replayed log belongs into recording.log, whatever was lost of that.
void Election::on_new_term(const wire::cluster::NewLeadershipTermEvent& event) {
    core_.files.recording_log().ensure_coherent(
        core_.log_recording_id, initial_log_leadership_term_id_, initial_term_base_log_position_,
        event.leadership_term_id, event.term_base_log_position, kNullPosition, event.timestamp);
    log_position_ = event.log_position;
    log_leadership_term_id_ = event.leadership_term_id;
}

int Election::leader_init() {
    auto& log = *core_.leader_log;
    if (!is_recording_begun_) {
        core_.set_leadership_term_id(leadership_term_id_);
        const auto* term = core_.files.recording_log().find_last_term();
        log.begin_recording(term == nullptr ? -1 : term->recording_id);
        is_recording_begun_ = true;
        return 1;
    }
    if (!is_recorded_) {
        if (!log.poll_recording()) {
            check_deadline("the recording of the log");
            return 0;
        }
        is_recorded_ = true;
        core_.log_recording_id = log.recording_id();
        join_.begin({.log_position = log_position_,
                     .max_log_position = INT64_MAX,
                     .member_id = core_.ctx.member_id,
                     .log_session_id = log.publication()->session_id(),
                     .log_stream_id = core_.ctx.log_stream_id,
                     .is_startup = wire::boolean_type(is_leader_startup_),
                     .role = static_cast<std::int32_t>(Role::leader),
                     .is_standby = wire::BooleanType::no,
                     .log_channel = {}},
                    leader_services_channel(log.recording_channel()));
    }
    if (!join_.poll()) return 0;
    core_.files.recording_log().ensure_coherent(
        core_.log_recording_id, initial_log_leadership_term_id_, initial_term_base_log_position_,
        leadership_term_id_, log_position_, kNullPosition, core_.cluster_time());
    log_leadership_term_id_ = leadership_term_id_;
    set_state(ElectionState::leader_ready);
    return 1;
}

int Election::leader_ready() {
    const auto work = core_.update_leader_position();
    if (!has_quorum_at_position(core_.members, leadership_term_id_, log_position_, core_.now_ns(),
                                core_.ctx.leader_heartbeat_timeout_ns)) {
        return work;
    }
    const auto appended = core_.log_publisher.append_new_leadership_term(
        {.leadership_term_id = leadership_term_id_,
         .timestamp = core_.cluster_time(),
         .term_base_log_position = log_position_,
         .leader_member_id = core_.ctx.member_id,
         .log_session_id = core_.leader_log->publication()->session_id(),
         .time_unit = to_wire(core_.ctx.time_unit),
         .app_version = core_.ctx.app_version});
    if (!appended) return work;
    complete();
    return work + 1;
}

void Election::complete() {
    const auto now = core_.now();
    core_.time_of_last_log_update_ns = now.monotonic_ns - core_.ctx.leader_heartbeat_interval_ns;
    core_.timers->set_current_time(now.cluster_time);
    core_.sessions.set_leadership(leadership_term_id_, core_.leader_member_id,
                                  encode_ingress_endpoints(core_.members));
    core_.sessions.on_new_leadership(is_leader_startup_, now);
    core_.set_control_toggle(ControlToggle::neutral);
    core_.counters.set(ModuleCounter::node_control_toggle,
                       static_cast<std::int64_t>(NodeControlToggle::neutral));
    core_.advance_commit_position(log_position_);
    ingress_.connect();
    set_state(ElectionState::closed);
    if (core_.ctx.on_elected) core_.ctx.on_elected(core_.role, leadership_term_id_);
}

}  // namespace tern::cluster
