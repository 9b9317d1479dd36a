#include "tern/cluster/consensus/consensus_module.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tern/base/duration.hpp"
#include "tern/base/error.hpp"
#include "tern/base/planted_fault.hpp"
#include "tern/cluster/archive_refusal.hpp"
#include "tern/cluster/consensus/election.hpp"
#include "tern/cluster/consensus/ingress.hpp"
#include "tern/cluster/consensus/invariants.hpp"
#include "tern/cluster/consensus/module_core.hpp"
#include "tern/cluster/consensus/recovery.hpp"
#include "tern/cluster/consensus/service_messages.hpp"
#include "tern/cluster/consensus/snapshotting.hpp"
#include "tern/platform/idle_strategy.hpp"
#include "tern/wire/channel_uri.hpp"

namespace tern::cluster {

namespace msg = wire::cluster;

namespace {

constexpr std::int64_t kSlowTickIntervalNs = 10'000'000;
constexpr std::int64_t kMarkFileUpdateIntervalNs = 1'000'000'000;
/// More than the driver's default client liveness timeout.
constexpr std::int64_t kPredecessorTimeoutNs = 12 * kNanosPerSecond;
/// RecordingSignal STOP.
constexpr std::int32_t kSignalStop = 1;

}  // namespace

class ConsensusModule::Impl {
  public:
    Impl(ConsensusModuleContext context, platform::Platform platform);

    int do_work();
    void quiesce();
    void close();
    [[nodiscard]] std::string_view role_name() const { return name_; }
    [[nodiscard]] ConsensusModuleStatus status() const;
    void check_invariants();

  private:
    enum class Phase : std::uint8_t {
        connect_client,
        await_resources,
        connect_archive,
        recover,
        running,
    };
    int step();
    int connect_client();
    bool is_alone();
    int await_resources();
    int connect_archive();
    int recover();
    int run();

    void open_resources();
    [[nodiscard]] archive::ArchiveClientContext archive_context();
    int drive_client();
    int slow_tick();
    int consensus_work();
    [[nodiscard]] bool is_log_lost() const;
    int on_log_lost();
    int leader_slow_tick(const ClusterNow& now);
    int check_control_toggle();
    bool append_action(msg::ClusterAction action, std::int32_t flags);
    void begin_termination();
    int terminate();
    void enter_election(const std::string& reason);
    void on_unavailable_counter(std::int64_t registration_id);
    void on_error(const std::exception& error);

    void close_step(const char* what, const std::function<void()>& step);
    void idle();
    void await(const char* what, const std::function<bool()>& is_done);
    int keep_alive();
    void stop_log_recording();
    void close_archive();

    ModuleCore core_;
    std::string name_;
    Phase phase_ = Phase::connect_client;
    std::optional<client::AsyncConnect> connecting_;
    AsyncResource<client::Subscription> control_;
    AsyncResource<client::Publication> service_publication_;
    ServiceMessages service_messages_;
    Ingress ingress_;
    Snapshotting snapshotting_;
    std::unique_ptr<Recovery> recovery_;
    std::unique_ptr<Election> election_;
    ConsensusInvariants invariants_;

    std::optional<std::int64_t> predecessor_deadline_ns_;
    std::int64_t unavailable_counter_handler_ = -1;
    std::int64_t slow_tick_deadline_ns_ = 0;
    std::int64_t mark_file_deadline_ns_ = 0;
    std::int64_t cycle_begin_ns_ = 0;
    std::optional<std::string> lost_;  // why the node must end at the next tick
    std::int64_t close_deadline_ns_ = 0;
    std::unique_ptr<platform::IdleStrategy> close_idle_ = platform::make_idle_strategy("yield");
    bool is_quiet_ = false;
    bool is_closed_ = false;
};

// --- construction and start

ConsensusModule::Impl::Impl(ConsensusModuleContext context, platform::Platform platform)
    : core_(std::move(context), platform),
      name_(core_.ctx.name()),
      service_messages_(core_),
      ingress_(core_),
      snapshotting_(core_) {
    if (!core_.owns_aeron) {
        if (!core_.aeron->context().use_conductor_invoker) {
            throw ConfigurationError("Aeron client must use conductor agent invoker");
        }
        return;
    }
    client::Context client;
    client.aeron_directory = core_.ctx.aeron_directory;
    client.client_name = name_;
    client.use_conductor_invoker = true;
    client.error_handler = [this](const std::exception& error) { core_.errors.report(error); };
    connecting_.emplace(std::move(client), platform);
}

int ConsensusModule::Impl::connect_client() {
    if (core_.aeron == nullptr) {
        core_.aeron = connecting_->poll();
        if (core_.aeron == nullptr) return 0;
        connecting_.reset();
    }
    if (!is_alone()) return 0;
    open_resources();
    phase_ = Phase::await_resources;
    return 1;
}

/// The counters of a module that has just closed go when the driver gets to it, and those of one
/// that died when its client is timed out. Another that stays is a mistake of configuration.
bool ConsensusModule::Impl::is_alone() {
    if (!has_module(core_.aeron->counters_reader(), core_.ctx.cluster_id)) return true;
    const auto now_ns = core_.now_ns();
    if (!predecessor_deadline_ns_) predecessor_deadline_ns_ = now_ns + kPredecessorTimeoutNs;
    if (now_ns < *predecessor_deadline_ns_) return false;
    throw Error(
        fmt::format("existing consensus module detected for clusterId={}: it has not gone "
                    "for {} s; two modules of one cluster cannot share a media driver",
                    core_.ctx.cluster_id, kPredecessorTimeoutNs / kNanosPerSecond));
}

void ConsensusModule::Impl::open_resources() {
    auto& aeron = *core_.aeron;
    const auto& ctx = core_.ctx;
    core_.counters.begin(aeron, ctx);
    core_.sessions.set_aeron(aeron);
    control_.begin(
        aeron, aeron.async_add_subscription(ctx.control_channel, ctx.consensus_module_stream_id));
    service_publication_.begin(
        aeron, aeron.async_add_publication(ctx.control_channel, ctx.service_stream_id));
}

/// Without them there is no module: it ends, and says why.
int ConsensusModule::Impl::await_resources() {
    try {
        const bool has_counters = core_.counters.poll();
        const bool has_control = control_.poll() != nullptr;
        const bool has_publication = service_publication_.poll() != nullptr;
        if (!has_counters || !has_control || !has_publication) return 0;
    } catch (const Error& error) {
        throw AgentTermination(
            fmt::format("unexpected termination: cannot start: {}", error.what()), false);
    }
    core_.errors.set_counter([this] { core_.counters.at(ModuleCounter::errors).increment(); });
    core_.services.connect(*service_publication_.get());
    core_.set_state(ModuleState::init);
    core_.set_role(Role::follower);
    core_.files.signal_ready();
    core_.archive = std::make_unique<archive::AsyncArchiveClient>(archive_context(), *core_.aeron,
                                                                  core_.platform);
    phase_ = Phase::connect_archive;
    return 1;
}

archive::ArchiveClientContext ConsensusModule::Impl::archive_context() {
    auto context = core_.ctx.archive;
    if (context.control_response_stream_id == 0) {
        context.control_response_stream_id = core_.ctx.cluster_id * 100 + 120;
    }
    const auto with_alias = [&](std::string& channel, std::string_view direction) {
        const auto alias = fmt::format("cm-archive-ctrl-{}-cluster-{}-member-{}", direction,
                                       core_.ctx.cluster_id, core_.ctx.member_id);
        channel = wire::ChannelUri::parse(channel)
                      .put_if_absent(wire::uri_key::kAlias, alias)
                      .to_string();
    };
    with_alias(context.control_request_channel, "req");
    with_alias(context.control_response_channel, "resp");
    context.client_name = name_;
    context.error_handler = [this](const std::exception& error) { core_.errors.report(error); };
    context.on_signal = [this](const archive::RecordingSignal& signal) {
        if (signal.signal == kSignalStop && core_.leader_log) {
            core_.leader_log->on_recording_stopped(signal.subscription_id);
        }
    };
    return context;
}

int ConsensusModule::Impl::connect_archive() {
    if (!core_.archive->is_connected()) return 0;
    unavailable_counter_handler_ = core_.aeron->add_unavailable_counter_handler(
        [this](const auto&, std::int64_t registration_id, std::int32_t) {
            on_unavailable_counter(registration_id);
        });
    recovery_ = std::make_unique<Recovery>(core_);
    phase_ = Phase::recover;
    return 1;
}

int ConsensusModule::Impl::recover() {
    service_messages_.poll(*control_.get());
    if (!recovery_->poll()) return 0;
    election_ = std::make_unique<Election>(core_, ingress_, recovery_->plan());
    recovery_.reset();
    core_.set_state(ModuleState::active);
    phase_ = Phase::running;
    return 1;
}

// --- duty cycle

int ConsensusModule::Impl::do_work() {
    if (is_closed_) return 0;
    if (is_quiet_) return keep_alive();
    const auto begin_ns = core_.now_ns();
    if (cycle_begin_ns_ != 0 && core_.counters.is_ready()) {
        const auto cycle_ns = begin_ns - cycle_begin_ns_;
        core_.counters.at(ModuleCounter::max_cycle_time).propose_max(cycle_ns);
        if (cycle_ns > core_.ctx.cycle_threshold_ns) {
            core_.counters.at(ModuleCounter::cycle_threshold_exceeded).increment();
        }
    }
    cycle_begin_ns_ = begin_ns;
    try {
        const int client_work = drive_client();
        return client_work + step();
    } catch (const AgentTermination& termination) {
        if (!termination.expected()) core_.errors.record(termination);
        if (core_.ctx.termination_hook) core_.ctx.termination_hook();
        throw;
    } catch (const std::exception& error) {
        on_error(error);
        return 1;
    }
}

/// What cannot be trusted or started ends the node; an election starts over; the rest is told.
void ConsensusModule::Impl::on_error(const std::exception& error) {
    const auto* known = dynamic_cast<const Error*>(&error);
    const bool is_fatal = known != nullptr && known->severity() == Severity::fatal;
    if (phase_ != Phase::running || is_fatal) {
        core_.errors.report(error);
        lost_ = error.what();
        try {
            core_.terminate_unexpectedly(*lost_);
        } catch (const AgentTermination& termination) {
            core_.errors.record(termination);
            if (core_.ctx.termination_hook) core_.ctx.termination_hook();
            throw;
        }
    }
    if (election_ != nullptr) {
        election_->on_error(error);
    } else {
        core_.errors.report(error);
    }
}

int ConsensusModule::Impl::drive_client() {
    if (core_.aeron == nullptr) return 0;
    int work = core_.aeron->do_work();
    if (core_.aeron->is_closed()) throw AgentTermination("unexpected Aeron close", false);
    if (core_.archive != nullptr) {
        work += core_.archive->do_work();
        if (core_.archive->is_failed()) {
            const auto reason = phase_ == Phase::connect_archive
                                    ? "failed to connect to the local archive: "
                                    : "local archive is not connected: ";
            core_.terminate_unexpectedly(reason + core_.archive->error());
        }
    }
    if (lost_) core_.terminate_unexpectedly(*lost_);
    return work;
}

int ConsensusModule::Impl::step() {
    switch (phase_) {
        case Phase::connect_client:
            return connect_client();
        case Phase::await_resources:
            return await_resources();
        case Phase::connect_archive:
            return connect_archive();
        case Phase::recover:
            return recover();
        case Phase::running:
            return run();
    }
    return 0;
}

int ConsensusModule::Impl::run() {
    int work = 0;
    const auto now_ns = core_.now_ns();
    if (now_ns >= slow_tick_deadline_ns_) {
        const auto ticked = slow_tick();
        slow_tick_deadline_ns_ = now_ns + (ticked > 0 ? 1 : kSlowTickIntervalNs);
        work += ticked;
    }
    work += service_messages_.poll(*control_.get());
    if (core_.state == ModuleState::snapshot) work += snapshotting_.poll();
    if (election_ != nullptr) {
        work += election_->do_work();
        if (election_->is_closed()) election_.reset();
    } else {
        work += consensus_work();
    }
    return work;
}

int ConsensusModule::Impl::consensus_work() {
    if (core_.role != Role::leader) return 0;
    int work = 0;
    if (is_log_lost()) return on_log_lost();
    if (core_.state == ModuleState::active) {
        const auto timestamp = core_.cluster_time();
        work += core_.timers->poll(timestamp, [&](std::int64_t correlation_id) {
            const auto position = core_.log_publisher.append_timer(
                correlation_id, core_.leadership_term_id, timestamp);
            if (position) core_.uncommitted_timers.push(*position, correlation_id);
            return position.has_value();
        });
        for (auto& tracker : core_.trackers) {
            work += tracker.append([&](std::int64_t message_id, ConstBytes payload) {
                return core_.log_publisher.append_message(message_id, core_.leadership_term_id,
                                                          timestamp, payload);
            });
        }
        ingress_.poll_connect();
        work += ingress_.poll();
    } else if (core_.state == ModuleState::terminating) {
        work += terminate();  // here and not in the slow tick: nobody waits longer than he must
    }
    return work + core_.update_leader_position();
}

/// What was appended is committed when it is recorded. That the recording has ended is looked for:
/// the archive tells it once, and that may have been before the election was over. Nothing more
/// needs to be recorded when all is committed and nothing will be appended.
bool ConsensusModule::Impl::is_log_lost() const {
    if (core_.append_position()) return false;
    const bool may_append =
        core_.state == ModuleState::active || core_.state == ModuleState::suspended;
    return may_append || core_.commit_position < core_.log_publisher.position();
}

int ConsensusModule::Impl::on_log_lost() {
    constexpr const char* kWhat = "log recording has ended";
    // Services were told a position that they will never reach.
    if (core_.state == ModuleState::terminating) core_.terminate_unexpectedly(kWhat);
    enter_election(kWhat);
    return 1;
}

int ConsensusModule::Impl::slow_tick() {
    const auto now = core_.now();
    if (now.monotonic_ns >= mark_file_deadline_ns_) {
        core_.files.update_activity();
        mark_file_deadline_ns_ = now.monotonic_ns + kMarkFileUpdateIntervalNs;
    }
    int work = core_.sessions.process_turned_away(now);
    if (election_ == nullptr && core_.role == Role::leader) work += leader_slow_tick(now);
    core_.counters.at(ModuleCounter::timed_out_clients).add(core_.sessions.take_timed_out());
    return work;
}

int ConsensusModule::Impl::leader_slow_tick(const ClusterNow& now) {
    int work = check_control_toggle();
    if (core_.state == ModuleState::active) {
        work += core_.sessions.process_pending(now);
        work += core_.sessions.check_sessions(now);
    }
    return work;
}

// --- control toggle

bool ConsensusModule::Impl::append_action(msg::ClusterAction action, std::int32_t flags) {
    const auto position = core_.log_publisher.append_cluster_action(
        action, flags, core_.leadership_term_id, core_.cluster_time());
    if (!position) return false;
    if (flags == kActionFlagsStandbySnapshot) return true;
    core_.uncommitted_states.push(*position, core_.state);
    if (action == msg::ClusterAction::snapshot) core_.begin_snapshot(*position);
    return true;
}

int ConsensusModule::Impl::check_control_toggle() {
    const auto value = core_.counters.at(ModuleCounter::control_toggle).get();
    const auto toggle = parse_control_toggle(value);
    if (!toggle) {
        core_.set_control_toggle(ControlToggle::neutral);
        throw Error(fmt::format("invalid toggle value: {}", value));
    }
    if (!is_honoured(*toggle, core_.state)) return 0;
    using Action = msg::ClusterAction;
    switch (*toggle) {
        case ControlToggle::suspend:
            if (!append_action(Action::suspend, kActionFlagsDefault)) return 0;
            core_.set_state(ModuleState::suspended);
            break;
        case ControlToggle::resume:
            if (!append_action(Action::resume, kActionFlagsDefault)) return 0;
            core_.set_state(ModuleState::active);
            // A suspension is nobody's silence.
            core_.sessions.refresh_activity(core_.now_ns());
            core_.set_control_toggle(ControlToggle::neutral);
            break;
        case ControlToggle::snapshot:
            if (!append_action(Action::snapshot, kActionFlagsDefault)) return 0;
            break;
        case ControlToggle::standby_snapshot:
            if (!append_action(Action::snapshot, kActionFlagsStandbySnapshot)) return 0;
            core_.set_control_toggle(ControlToggle::neutral);
            break;
        case ControlToggle::shutdown:
            if (!append_action(Action::snapshot, kActionFlagsDefault)) return 0;
            begin_termination();
            break;
        case ControlToggle::abort:
            begin_termination();
            core_.set_state(ModuleState::terminating);
            break;
        case ControlToggle::inactive:
        case ControlToggle::neutral:
            break;
    }
    return 1;
}

void ConsensusModule::Impl::begin_termination() {
    core_.termination =
        Termination{.position = core_.log_publisher.position(),
                    .deadline_ns = core_.now_ns() + core_.ctx.termination_timeout_ns};
}

/// TERMINATING: tells the services, awaits them, closes the term, ends the node.
int ConsensusModule::Impl::terminate() {
    auto& termination = *core_.termination;
    if (!termination.are_services_told) {
        termination.are_services_told = core_.services.termination_position(termination.position);
        return termination.are_services_told ? 1 : 0;
    }
    if (!termination.are_services_done) {
        if (!core_.acks.is_reached(termination.position)) return 0;
        (void)core_.acks.take();
        termination.are_services_done = true;
    }
    core_.files.recording_log().commit_log_position(core_.leadership_term_id, termination.position);
    core_.files.recording_log().force();
    core_.set_state(ModuleState::closed);
    throw AgentTermination("expected termination", true);
}

// --- what happens to a running module

void ConsensusModule::Impl::enter_election(const std::string& reason) {
    core_.errors.event(reason);
    core_.termination.reset();
    snapshotting_.cancel();
    election_ = std::make_unique<Election>(core_, ingress_, std::nullopt);
}

void ConsensusModule::Impl::on_unavailable_counter(std::int64_t registration_id) {
    if (core_.state == ModuleState::terminating || core_.state == ModuleState::closed) return;
    const auto found = std::ranges::find(core_.service_client_ids, registration_id);
    if (found == core_.service_client_ids.end()) return;
    const auto reason = fmt::format("Aeron client in service closed unexpectedly: serviceId={}",
                                    found - core_.service_client_ids.begin());
    core_.errors.event(reason);
    lost_ = reason;  // taken up outside of this callback
}

// --- close

void ConsensusModule::Impl::close_step(const char* what, const std::function<void()>& step) {
    try {
        step();
    } catch (const std::exception& error) {
        core_.errors.event(fmt::format("close, {}: {}", what, error.what()));
    }
}

void ConsensusModule::Impl::idle() {
    if (core_.ctx.close_idle) {
        core_.ctx.close_idle();
    } else {
        close_idle_->idle(0);
    }
}

/// Waits for the others to act; at the deadline says what was missing, and goes on.
void ConsensusModule::Impl::await(const char* what, const std::function<bool()>& is_done) {
    while (!is_done()) {
        if (core_.aeron->is_closed()) return;
        if (core_.now_ns() >= close_deadline_ns_) {
            throw TimeoutError(
                fmt::format("no {} within {} ms", what, core_.ctx.close_timeout_ns / 1'000'000));
        }
        core_.aeron->do_work();
        core_.archive->do_work();
        idle();
    }
}

void ConsensusModule::Impl::stop_log_recording() {
    if (core_.archive == nullptr || !core_.archive->is_connected() || !core_.leader_log) return;
    const auto subscription_id = core_.leader_log->recording_subscription_id();
    core_.leader_log->forget_recording();
    if (subscription_id == -1) return;
    const auto request = core_.archive->stop_recording(subscription_id);
    await("acknowledgement that the log recording was stopped", [&] {
        const auto outcome = core_.archive->take_outcome(request);
        if (outcome && !is_stopped(*outcome)) {
            core_.errors.event("failed to stop log recording: " + outcome->message);
        }
        return outcome.has_value() || !core_.archive->is_connected();
    });
}

void ConsensusModule::Impl::close_archive() {
    if (core_.archive == nullptr || planted(Fault::skip_archive_client_close)) return;
    if (planted(Fault::close_aeron_before_archive_client)) core_.aeron->close();
    core_.archive->begin_close();
    await("end of the archive's control session", [&] { return core_.archive->is_closed(); });
}

/// Nothing is done for the cluster any more, and nothing is asked of the archive but to stop.
void ConsensusModule::Impl::quiesce() {
    if (is_quiet_) return;
    is_quiet_ = true;
    close_deadline_ns_ = core_.now_ns() + core_.ctx.close_timeout_ns;
    if (core_.aeron == nullptr || core_.aeron->is_closed()) return;
    close_step("counter handler", [&] {
        core_.aeron->remove_unavailable_counter_handler(unavailable_counter_handler_);
    });
    close_step("log publication", [&] {
        core_.log_publisher.disconnect();
        if (core_.leader_log) core_.leader_log->close_publication();
    });
    close_step("log replay", [&] { election_.reset(); });
    close_step("recovery and snapshot", [&] {
        recovery_.reset();
        snapshotting_.cancel();
    });
    close_step("log recording", [&] { stop_log_recording(); });
}

/// Between quiesce() and close(): others are closing, which may take them a while.
int ConsensusModule::Impl::keep_alive() {
    if (core_.aeron == nullptr || core_.aeron->is_closed()) return 0;
    int work = 0;
    close_step("keeping alive", [&] {
        work += core_.aeron->do_work();
        if (core_.archive != nullptr) work += core_.archive->do_work();
    });
    return work;
}

void ConsensusModule::Impl::close() {
    if (is_closed_) return;
    is_closed_ = true;
    quiesce();
    close_deadline_ns_ = core_.now_ns() + core_.ctx.close_timeout_ns;
    const bool has_client = core_.aeron != nullptr && !core_.aeron->is_closed();
    if (has_client) {
        // In every ownership mode: the archive hears of it before its client's streams vanish.
        close_step("archive client", [&] { close_archive(); });
        close_step("state", [&] { core_.set_state(ModuleState::closed); });
    }
    // What belongs to the client is given up in any case, and before the client.
    election_.reset();
    recovery_.reset();
    snapshotting_.cancel();
    core_.leader_log.reset();
    core_.archive.reset();
    ingress_.disconnect();
    core_.services.disconnect();
    service_publication_.close();
    control_.close();
    core_.sessions.close_all();
    core_.errors.set_counter({});
    core_.counters.close();
    connecting_.reset();
    if (core_.owns_aeron && core_.aeron != nullptr) {
        close_step("Aeron client", [&] { core_.aeron->close(); });
    }
    core_.files.close();
    core_.aeron.reset();
}

// --- inspection

ConsensusModuleStatus ConsensusModule::Impl::status() const {
    return {.state = core_.state,
            .role = core_.role,
            .election_state =
                election_ == nullptr
                    ? (phase_ == Phase::running ? ElectionState::closed : ElectionState::init)
                    : election_->state(),
            .leadership_term_id = core_.leadership_term_id,
            .commit_position = core_.commit_position,
            .append_position = core_.append_position().value_or(kNullPosition),
            .log_recording_id = core_.log_recording_id,
            .snapshot_count = core_.snapshot_count,
            .error_count = core_.errors.count(),
            .open_session_count = core_.sessions.session_count(),
            .timer_count = core_.timers->size(),
            .is_closed = is_closed_};
}

void ConsensusModule::Impl::check_invariants() {
    if (is_quiet_ || is_closed_ || phase_ != Phase::running) return;
    const bool has_log = core_.log_publisher.is_connected();
    invariants_.check(
        {.state = core_.state,
         .role = core_.role,
         .election_state = election_ == nullptr ? ElectionState::closed : election_->state(),
         .leadership_term_id = core_.leadership_term_id,
         .candidate_term_id = core_.files.node_state().candidate_term_id(),
         .commit_position = core_.commit_position,
         .append_position = core_.append_position().value_or(core_.commit_position),
         .log_publication_position = has_log ? core_.log_publisher.position() : kNullPosition,
         .next_session_id = core_.sessions.next_session_id(),
         .next_committed_session_id = core_.sessions.next_committed_session_id(),
         .highest_session_id = core_.sessions.highest_session_id(),
         .expected_ack_id = core_.acks.expected_ack_id(),
         .recording_log = core_.files.recording_log().entries()});
}

// --- the agent

ConsensusModule::ConsensusModule(ConsensusModuleContext context, platform::Platform platform)
    : impl_(std::make_unique<Impl>(std::move(context), platform)) {}

ConsensusModule::~ConsensusModule() { impl_->close(); }

int ConsensusModule::do_work() { return impl_->do_work(); }

void ConsensusModule::quiesce() { impl_->quiesce(); }

void ConsensusModule::on_close() { impl_->close(); }

std::string_view ConsensusModule::role_name() const { return impl_->role_name(); }

ConsensusModuleStatus ConsensusModule::status() const { return impl_->status(); }

void ConsensusModule::check_invariants() { impl_->check_invariants(); }

}  // namespace tern::cluster
