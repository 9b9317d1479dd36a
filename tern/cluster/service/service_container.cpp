#include "tern/cluster/service/service_container.hpp"

#include <fmt/format.h>

#include "tern/base/duration.hpp"
#include "tern/base/version.hpp"
#include "tern/cluster/service/service_container_impl.hpp"
#include "tern/memory/counter_types.hpp"

namespace tern::cluster {

namespace counter_type = memory::counter_type;

namespace {

constexpr std::int64_t kTickIntervalNs = kNanosPerMilli;
/// How long the last ack may meet back pressure before the container ends without it.
constexpr std::int64_t kTerminationAckTimeoutNs = kNanosPerSecond;

}  // namespace

ServiceContainer::Impl::Impl(ServiceContainerContext context, platform::Platform platform)
    : context_(std::move(context)), platform_(platform) {
    context_.conclude();
    name_ = context_.name();
    idle_strategy_ = platform::make_idle_strategy(context_.idle_strategy);
    open_files();
    connect();
    install_handlers();
    module_ = std::make_unique<ModuleLink>(context_, *aeron_);
    const memory::CounterKey key = memory::service_key(context_.cluster_id, context_.service_id);
    const std::string suffix =
        fmt::format(" - clusterId={} serviceId={}", context_.cluster_id, context_.service_id);
    const auto add = [&](std::int32_t type_id, const std::string& label) {
        return aeron_->async_add_counter(type_id, key.bytes(), label);
    };
    counter_registrations_ = {
        add(counter_type::kClusteredServiceErrorCount,
            fmt::format("Cluster Container Errors{} version={} commit={}", suffix,
                        kCompatibleVersion, kCommit)),
        add(counter_type::kClusteredServiceMaxCycleTime,
            "Cluster container max cycle time in ns" + suffix),
        add(counter_type::kClusteredServiceCycleTimeThresholdExceeded,
            fmt::format("Cluster container work cycle time exceeded count: threshold={}{}",
                        format_duration_ns(context_.cycle_threshold_ns), suffix)),
        add(counter_type::kClusteredServiceMaxSnapshotDuration,
            "Clustered service max snapshot duration in ns" + suffix),
        add(counter_type::kClusteredServiceSnapshotThresholdExceeded,
            fmt::format("Clustered service max snapshot duration exceeded count: threshold={}{}",
                        format_duration_ns(context_.snapshot_threshold_ns), suffix))};
}

ServiceContainer::Impl::~Impl() { close(); }

void ServiceContainer::Impl::open_files() {
    platform::Storage& storage = platform_.storage;
    storage.create_directories(context_.cluster_directory, platform::Visibility::shared);
    storage.create_directories(context_.mark_file_directory, platform::Visibility::shared);
    const std::string file_name = memory::service_mark_file_name(context_.service_id);
    mark_file_.emplace(memory::ClusterMarkFile::acquire(
        storage, memory::ClusterComponent::container,
        {.path = platform::join_path(context_.mark_file_directory, file_name),
         .error_log_length = context_.error_buffer_length,
         .now_epoch_ms = platform_.clock.epoch_ms(),
         .pid = platform_.system.process_id(),
         .system = &platform_.system},
        {.archive_stream_id = context_.archive.control_request_stream_id,
         .service_stream_id = context_.service_stream_id,
         .consensus_module_stream_id = context_.consensus_module_stream_id,
         .service_id = context_.service_id,
         .cluster_id = context_.cluster_id,
         .aeron_directory = context_.aeron_directory.empty()
                                ? client::default_aeron_directory(platform_)
                                : context_.aeron_directory,
         .control_channel = context_.control_channel,
         .ingress_channel = {},
         .service_name = name_,
         .authenticator = {},
         .services_cluster_directory = {}}));
    error_log_.emplace(mark_file_->error_log());
}

void ServiceContainer::Impl::connect() {
    if (context_.aeron) {
        aeron_ = context_.aeron;
        return;
    }
    client::Context context;
    context.aeron_directory = context_.aeron_directory;
    context.client_name = name_;
    context.use_conductor_invoker = true;
    context.error_handler = [this](const std::exception& error) { report(error); };
    context.await_idle = [this] { wait_idle(0); };
    aeron_ = client::Aeron::connect(std::move(context), platform_);
    is_aeron_owned_ = true;
}

void ServiceContainer::Impl::install_handlers() {
    counter_handler_id_ = aeron_->add_unavailable_counter_handler(
        [this](const memory::CountersReader&, std::int64_t registration_id, std::int32_t id) {
            if (id == commit_position_id_ && registration_id == commit_position_registration_) {
                is_commit_position_lost_ = true;
            }
        });
}

// The duty cycle.

int ServiceContainer::Impl::do_work() {
    if (state_ == State::closed) return 0;
    const std::int64_t started_ns = platform_.clock.nano_time();
    int work = 0;
    try {
        work = do_state();
    } catch (const AgentTermination& termination) {
        if (!termination.expected()) report(termination);
        try_step([&] {
            if (context_.termination_hook) context_.termination_hook();
        });
        throw;
    } catch (const std::exception& error) {
        report(error);
    }
    track_cycle(started_ns);
    return work;
}

int ServiceContainer::Impl::do_state() {
    const State before = state_;
    const bool is_in_transition = before != State::active || join_step_ != JoinStep::none;
    const bool has_ticked = tick();
    int work = 0;
    if (is_in_transition && !has_ticked) work += aeron_->do_work();
    switch (state_) {
        case State::open_streams:
            work += open_streams();
            break;
        case State::await_commit_position:
            work += await_commit_position();
            break;
        case State::await_recovery_state:
            work += await_recovery_state();
            break;
        case State::load_snapshot:
            work += load_snapshot();
            break;
        case State::start_service:
            start_service();
            break;
        case State::close_snapshot:
            work += close_snapshot();
            break;
        case State::acknowledge_start:
            work += acknowledge_start();
            break;
        case State::active:
            if (has_ticked && join_step_ == JoinStep::none) work += handle_requests();
            if (state_ == State::active) work += do_active();
            break;
        case State::take_snapshot:
            work += take_snapshot();
            break;
        case State::terminate:
            work += terminate();
            break;
        case State::closed:
            break;
    }
    if (is_active_) {
        within(Callback::background_work,
               [&] { work += context_.service->do_background_work(platform_.clock.nano_time()); });
    }
    return work + (state_ != before ? 1 : 0);
}

bool ServiceContainer::Impl::tick() {
    if (aeron_->is_closed()) throw AgentTermination("unexpected Aeron close", false);
    const std::int64_t now_ns = platform_.clock.nano_time();
    if (last_tick_ns_ != 0 && now_ns - last_tick_ns_ <= kTickIntervalNs) return false;
    last_tick_ns_ = now_ns;
    aeron_->do_work();
    if (aeron_->is_closed()) throw AgentTermination("unexpected Aeron close", false);
    if (is_commit_position_lost_ && state_ != State::terminate) {
        error_log_->record(platform_.clock.epoch_ms(),
                           "WARN - commit-pos counter unexpectedly closed, terminating");
        throw AgentTermination("the consensus module has closed", true);
    }
    update_mark_file();
    return true;
}

void ServiceContainer::Impl::update_mark_file() {
    const std::int64_t now_ms = platform_.clock.epoch_ms();
    if (now_ms < mark_file_deadline_ms_ || state_ == State::open_streams) return;
    mark_file_deadline_ms_ = now_ms + memory::kMarkUpdateIntervalMs;
    mark_file_->update_activity(now_ms);
}

void ServiceContainer::Impl::track_cycle(std::int64_t started_ns) {
    if (!counters_.max_cycle) return;
    const std::int64_t duration_ns = platform_.clock.nano_time() - started_ns;
    counters_.max_cycle->propose_max(duration_ns);
    if (duration_ns > context_.cycle_threshold_ns) counters_.slow_cycles->increment();
}

// Starting (CST-2.2).

/// Without its streams and counters there is no container: it ends, and says why.
int ServiceContainer::Impl::open_streams() {
    try {
        if (!are_streams_open()) return 0;
    } catch (const Error& error) {
        throw AgentTermination(fmt::format("the container cannot start: {}", error.what()), false);
    }
    counters_.errors->set(error_count_);
    mark_file_->signal_ready(platform_.clock.epoch_ms());
    state_ = State::await_commit_position;
    return 1;
}

bool ServiceContainer::Impl::are_streams_open() {
    const std::array<std::unique_ptr<client::Counter>*, 5> counters{
        &counters_.errors, &counters_.max_cycle, &counters_.slow_cycles, &counters_.max_snapshot,
        &counters_.slow_snapshots};
    bool all = true;
    for (std::size_t i = 0; i < counters.size(); ++i) {
        if (!*counters[i]) *counters[i] = aeron_->find_counter(counter_registrations_[i]);
        all = all && *counters[i];
    }
    return module_->open() && all;
}

int ServiceContainer::Impl::await_commit_position() {
    const memory::CountersReader& counters = aeron_->counters_reader();
    counters.for_each([&](std::int32_t id) {
        if (commit_position_id_ < 0 &&
            counters.type_id(id) == counter_type::kClusterCommitPosition &&
            load<std::int32_t>(counters.key(id).data()) == context_.cluster_id) {
            commit_position_id_ = id;
            commit_position_registration_ = counters.registration_id(id);
        }
    });
    if (commit_position_id_ < 0) return 0;
    state_ = State::await_recovery_state;
    return 1;
}

int ServiceContainer::Impl::await_recovery_state() {
    const memory::CountersReader& counters = aeron_->counters_reader();
    std::optional<memory::RecoveryState> recovery;
    counters.for_each([&](std::int32_t id) {
        if (recovery || counters.type_id(id) != counter_type::kClusterRecoveryState) return;
        const auto found = memory::parse_recovery_state_key(counters.key(id));
        if (found && found->cluster_id == context_.cluster_id) recovery = found;
    });
    if (!recovery) return 0;
    log_position_ = recovery->log_position;
    cluster_time_ = recovery->timestamp;
    leadership_term_id_ = recovery->leadership_term_id;
    state_ = State::start_service;
    if (recovery->leadership_term_id == kNullValue) return 1;
    if (context_.service_id >= recovery->service_count) {
        start_error_ = fmt::format("invalid serviceId {} for count of {}", context_.service_id,
                                   recovery->service_count);
        fail_start(start_error_);
        return 1;
    }
    snapshot_recording_id_ =
        recovery->snapshot_recording_ids[static_cast<std::size_t>(context_.service_id)];
    loader_ = std::make_unique<ServiceSnapshotLoader>(
        SnapshotEnvironment{context_, *aeron_, platform_,
                            [this](const std::exception& error) { report(error); }},
        ServiceSnapshotLoader::Spec{.recording_id = *snapshot_recording_id_,
                                    .on_session =
                                        [this](std::unique_ptr<ContainerSession> session) {
                                            const std::int64_t id = session->id();
                                            sessions_[id] = std::move(session);
                                        },
                                    .host = *this});
    state_ = State::load_snapshot;
    return 1;
}

int ServiceContainer::Impl::load_snapshot() {
    const int work = loader_->do_work();
    if (loader_->is_ready()) {
        if (version_major(loader_->app_version()) != version_major(context_.app_version)) {
            fail_start(fmt::format("incompatible app version: {} snapshot={}", context_.app_version,
                                   loader_->app_version()));
            return work;
        }
        time_unit_ = loader_->time_unit();
        state_ = State::start_service;
    } else if (loader_->is_finished()) {
        fail_start(loader_->error());
    }
    return work;
}

void ServiceContainer::Impl::start_service() {
    try {
        within(Callback::start,
               [&] { context_.service->on_start(*this, loader_ ? loader_->image() : nullptr); });
    } catch (const AgentTermination&) {
        throw;
    } catch (const std::exception& error) {
        fail_start(error.what());
        return;
    }
    if (loader_) loader_->begin_close();
    state_ = State::close_snapshot;
}

void ServiceContainer::Impl::fail_start(const std::string& why) {
    start_error_ = why;
    if (loader_) loader_->begin_close();
    state_ = State::close_snapshot;
}

int ServiceContainer::Impl::close_snapshot() {
    int work = 0;
    if (loader_) {
        work = loader_->do_work();
        if (!loader_->is_finished()) return work;
        loader_.reset();
    }
    module_->queue_ack(log_position_, cluster_time_,
                       start_error_.empty() ? aeron_->client_id() : kNullValue);
    state_ = State::acknowledge_start;
    return work;
}

int ServiceContainer::Impl::acknowledge_start() {
    if (!module_->flush_acks()) return 0;
    if (!start_error_.empty()) {
        throw AgentTermination(
            fmt::format("failed to start service={} leadershipTermId={} logPosition={} "
                        "clusterTime={} snapshotRecordingId={}: {}",
                        context_.service_id, leadership_term_id_, log_position_, cluster_time_,
                        snapshot_recording_id_.value_or(kNullValue), start_error_),
            false);
    }
    is_active_ = true;
    state_ = State::active;
    return 1;
}

// Working.

int ServiceContainer::Impl::handle_requests() {
    int work = module_->poll(requests_);
    if (requests_.join) {
        // A new log replaces the one that is read: it is read no further than where they meet.
        if (log_image_) {
            max_log_position_ = std::min(max_log_position_, requests_.join->log_position);
        } else {
            begin_join();
            return work + 1;
        }
    }
    const std::int64_t position =
        log_image_ ? std::max(log_position_, std::min(log_image_->position(), max_log_position_))
                   : log_position_;
    if (requests_.termination_position && position >= *requests_.termination_position) {
        begin_termination();
        return work + 1;
    }
    if (requests_.requested_ack_position && position >= *requests_.requested_ack_position) {
        if (position > *requests_.requested_ack_position) {
            report(
                Error(fmt::format("invalid ack request: logPosition={} > requestedAckPosition={}",
                                  position, *requests_.requested_ack_position),
                      kGenericError, Severity::warn));
        }
        module_->queue_ack(log_position_, cluster_time_, kNullValue);
        requests_.requested_ack_position.reset();
        ++work;
    }
    return work;
}

int ServiceContainer::Impl::do_active() {
    if (module_->has_queued_acks() && !module_->flush_acks()) return 0;
    if (join_step_ != JoinStep::none) return do_join();
    if (log_image_) return poll_log();
    return 0;
}

int ServiceContainer::Impl::take_snapshot() {
    const int work = taker_->do_work();
    if (!taker_->is_finished()) return work;
    if (!taker_->error().empty()) {
        report(Error(fmt::format("service snapshot failed: {}", taker_->error())));
    }
    const std::int64_t duration_ns = platform_.clock.nano_time() - snapshot_started_ns_;
    counters_.max_snapshot->propose_max(duration_ns);
    if (duration_ns > context_.snapshot_threshold_ns) counters_.slow_snapshots->increment();
    module_->queue_ack(log_position_, cluster_time_, taker_->recording_id());
    taker_.reset();
    state_ = State::active;
    return work;
}

// Ending (CST-8.2).

void ServiceContainer::Impl::begin_termination() {
    const std::int64_t position = *requests_.termination_position;
    is_termination_expected_ = log_position_ <= position;
    if (!is_termination_expected_) {
        report(Error(fmt::format("service terminate: logPosition={} > terminationPosition={}",
                                 log_position_, position),
                     kGenericError, Severity::warn));
    }
    is_active_ = false;
    call_on_terminate();
    module_->queue_ack(log_position_, cluster_time_, kNullValue);
    termination_deadline_ns_ = platform_.clock.nano_time() + kTerminationAckTimeoutNs;
    state_ = State::terminate;
}

int ServiceContainer::Impl::terminate() {
    bool is_told = false;
    try {
        is_told = module_->flush_acks();
        if (!is_told && platform_.clock.nano_time() - termination_deadline_ns_ < 0) return 0;
    } catch (const Error& error) {
        report(error);
    }
    throw AgentTermination(
        is_termination_expected_ ? "expected termination" : "unexpected termination",
        is_termination_expected_);
}

void ServiceContainer::Impl::call_on_terminate() noexcept {
    if (std::exchange(is_terminate_called_, true)) return;
    try_step([&] { within(Callback::terminate, [&] { context_.service->on_terminate(*this); }); });
}

template <typename Step>
void ServiceContainer::Impl::try_step(Step&& step) noexcept {
    try {
        step();
    } catch (const std::exception& error) {
        report(error);
    }
}

void ServiceContainer::Impl::close() noexcept {
    if (state_ == State::closed) return;
    const bool is_aeron_open = aeron_ && !aeron_->is_closed();
    if (aeron_) aeron_->remove_unavailable_counter_handler(counter_handler_id_);
    if (std::exchange(is_active_, false)) call_on_terminate();
    if (taker_ || loader_) {
        if (taker_) taker_->abort("the container is closing");
        if (loader_) loader_->begin_close();
        const std::int64_t deadline_ns = platform_.clock.nano_time() + context_.close_timeout_ns;
        while (is_aeron_open &&
               ((taker_ && !taker_->is_finished()) || (loader_ && !loader_->is_finished())) &&
               platform_.clock.nano_time() - deadline_ns < 0) {
            try_step([&] {
                int work = aeron_->do_work();
                work += taker_ ? taker_->do_work() : loader_->do_work();
                wait_idle(work);
            });
        }
        taker_.reset();
        loader_.reset();
    }
    log_image_.reset();
    if (log_subscription_id_ != kNullValue) aeron_->abandon(log_subscription_id_);
    log_subscription_.reset();
    if (aeron_) close_responses();
    opening_.reset();
    sessions_.clear();
    module_.reset();
    counters_ = {};
    state_ = State::closed;
    if (mark_file_) try_step([&] { mark_file_->signal_terminated(); });
    if (aeron_ && is_aeron_owned_) try_step([&] { aeron_->close(); });
    aeron_.reset();
    error_log_.reset();
    mark_file_.reset();
}

void ServiceContainer::Impl::wait_idle(int work_count) {
    if (context_.idle) {
        context_.idle(work_count);
    } else {
        idle_strategy_->idle(work_count);
    }
}

void ServiceContainer::Impl::report(const std::exception& error) noexcept {
    ++error_count_;
    if (counters_.errors) counters_.errors->increment();
    if (error_log_) error_log_->record(platform_.clock.epoch_ms(), error);
    if (context_.error_handler) context_.error_handler(error);
}

ServiceContainerStatus ServiceContainer::Impl::status() const {
    return {.is_active = is_active_,
            .is_joined = log_image_ != nullptr,
            .is_taking_snapshot = taker_ != nullptr,
            .is_closed = state_ == State::closed,
            .role = role_,
            .log_position = log_position_,
            .error_count = error_count_,
            .session_count = sessions_.size()};
}

ServiceContainer::ServiceContainer(ServiceContainerContext context, platform::Platform platform)
    : impl_(std::make_unique<Impl>(std::move(context), platform)) {}
ServiceContainer::~ServiceContainer() = default;

int ServiceContainer::do_work() { return impl_->do_work(); }
void ServiceContainer::on_close() { impl_->close(); }
std::string_view ServiceContainer::role_name() const { return impl_->name(); }
ServiceContainerStatus ServiceContainer::status() const { return impl_->status(); }

}  // namespace tern::cluster
