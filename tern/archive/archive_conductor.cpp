#include "tern/archive/archive_conductor.hpp"

#include <fmt/format.h>

#include "tern/archive/channels.hpp"
#include "tern/archive/registration.hpp"
#include "tern/base/duration.hpp"
#include "tern/base/math.hpp"

namespace tern::archive {
namespace {

constexpr int kRequestFragmentLimit = 10;
/// Counters of a client that died are freed after the driver's client liveness timeout, by default
/// 10 s; some more for the driver to get round to it.
constexpr std::int64_t kPredecessorTimeoutNs = 15 * kNanosPerSecond;

}  // namespace

// ---- Errors ------------------------------------------------------------------------------------

ErrorReporter::ErrorReporter(const ArchiveContext& context, platform::Platform platform,
                             Bytes error_log, EventLog& events)
    : context_(context), platform_(platform), log_(error_log), events_(events) {}

void ErrorReporter::report(const std::exception& error) {
    const auto now_ms = platform_.clock.epoch_ms();
    log_.record(now_ms, error);
    events_.record(now_ms, memory::error_text(error));
    {
        const std::scoped_lock lock(mutex_);
        if (counter_) counter_->fetch_add(1);
    }
    if (context_.error_handler) context_.error_handler(error);
}

void ErrorReporter::set_counter(std::shared_ptr<client::Counter> counter) {
    const std::scoped_lock lock(mutex_);
    counter_ = std::move(counter);
}

// ---- Construction ------------------------------------------------------------------------------

ArchiveConductor::Parts::Parts(ArchiveConductor& conductor, client::Aeron& aeron)
    : services{.context = conductor.d_.context,
               .platform = conductor.d_.platform,
               .aeron = aeron,
               .catalog = conductor.d_.catalog,
               .events = conductor.d_.events,
               .counters = conductor.counters_,
               .archive_id = conductor.archive_id(),
               .report = [&errors = conductor.d_.errors](
                             const std::exception& error) { errors.report(error); }},
      authenticator(services.context.authenticator_supplier
                        ? services.context.authenticator_supplier()
                        : make_permissive_authenticator()),
      authorisation(services.context.authorisation_service_supplier
                        ? services.context.authorisation_service_supplier()
                        : make_allow_all()),
      sessions(services, *authenticator),
      segments(services, sessions),
      events(conductor.events_publication_
                 ? std::make_unique<RecordingEvents>(std::move(conductor.events_publication_))
                 : nullptr),
      recordings(services, sessions, conductor.d_.recorder, segments, events.get()),
      replays(services, sessions, recordings, conductor.d_.replayer, segments),
      requests(services, sessions, *authorisation, recordings, replays, segments) {
    segments.connect(recordings, replays);
}

ArchiveConductor::ArchiveConductor(const Dependencies& dependencies) : d_(dependencies) {
    if (d_.context.aeron) {
        aeron_ = d_.context.aeron;
        return;
    }
    client::Context context;
    context.aeron_directory = d_.context.aeron_directory;
    context.client_name = d_.context.archive_id == kNullValue
                              ? "archive"
                              : fmt::format("archive archiveId={}", d_.context.archive_id);
    context.driver_timeout_ns = d_.context.driver_timeout_ns;
    context.use_conductor_invoker = true;
    context.error_handler = [&errors = d_.errors](const std::exception& error) {
        errors.report(error);
    };
    connecting_ = std::make_unique<client::AsyncConnect>(std::move(context), d_.platform);
}

ArchiveConductor::~ArchiveConductor() { close(); }

void ArchiveConductor::set_state(State state) {
    state_.store(state, std::memory_order_release);
    if (state != State::running) return;
    d_.mark_file.signal_ready(d_.platform.clock.epoch_ms());
    d_.events.record(
        d_.platform.clock.epoch_ms(),
        fmt::format("archive {} is running in {}", archive_id(), d_.context.archive_directory));
}

void ArchiveConductor::attempt(const std::function<void()>& step) noexcept {
    try {
        step();
    } catch (const std::exception& error) {
        d_.errors.report(error);
    }
}

// ---- Starting ----------------------------------------------------------------------------------

int ArchiveConductor::do_work() {
    if (closed_) return 0;
    try {
        switch (state()) {
            case State::connecting:
                return connect();
            case State::awaiting_predecessor:
                return await_predecessor();
            case State::adding_counters:
                return add_counters();
            case State::adding_streams:
                return add_streams();
            case State::running:
                break;
            case State::closed:
                return 0;
        }
    } catch (const std::exception& error) {
        throw AgentTermination(fmt::format("archive could not start: {}", error.what()), false);
    }
    return run();
}

int ArchiveConductor::connect() {
    if (!aeron_) {
        auto connected = connecting_->poll();
        if (!connected) return 0;
        aeron_ = std::move(connected);
        connecting_.reset();
    }
    auto id = d_.context.archive_id;
    if (id == kNullValue) {
        id = d_.context.aeron ? aeron_->client_id() : aeron_->next_correlation_id();
    }
    archive_id_.store(id, std::memory_order_release);
    d_.mark_file.set_archive_id(id);
    predecessor_deadline_ns_ = d_.platform.clock.nano_time() + kPredecessorTimeoutNs;
    set_state(State::awaiting_predecessor);
    return 1;
}

int ArchiveConductor::await_predecessor() {
    aeron_->do_work();
    if (has_archive_counters(aeron_->counters_reader(), archive_id())) {
        if (d_.platform.clock.nano_time() <= predecessor_deadline_ns_) return 0;
        throw Error(fmt::format("found existing archive for archiveId={}", archive_id()));
    }
    counters_.begin(*aeron_, d_.context, archive_id());
    set_state(State::adding_counters);
    return 1;
}

int ArchiveConductor::add_counters() {
    aeron_->do_work();
    if (!counters_.poll(*aeron_)) return 0;
    d_.errors.set_counter(counters_.errors);
    const auto& context = d_.context;
    const auto now_ns = d_.platform.clock.nano_time();
    duty_cycle_.attach(counters_.conductor_max_cycle_time, counters_.conductor_threshold_exceeded,
                       context.conductor_cycle_threshold_ns);
    duty_cycle_.start(now_ns);
    DutyCycleTracker recorder;
    recorder.attach(counters_.recorder_max_cycle_time, counters_.recorder_threshold_exceeded,
                    context.recorder_cycle_threshold_ns);
    recorder.start(now_ns);
    d_.recorder.counters.attach(
        {counters_.max_write_time, counters_.total_write_bytes, counters_.total_write_time},
        recorder);
    DutyCycleTracker replayer;
    replayer.attach(counters_.replayer_max_cycle_time, counters_.replayer_threshold_exceeded,
                    context.replayer_cycle_threshold_ns);
    replayer.start(now_ns);
    d_.replayer.counters.attach(
        {counters_.max_read_time, counters_.total_read_bytes, counters_.total_read_time}, replayer);
    begin_streams();
    set_state(State::adding_streams);
    return 1;
}

void ArchiveConductor::begin_streams() {
    if (d_.context.control_channel_enabled) {
        network_.channel = control_subscription_channel(d_.context);
        network_.stream_id = d_.context.control_stream_id;
        begin_stream(network_);
    }
    local_.channel = d_.context.local_control_channel;
    local_.stream_id = d_.context.local_control_stream_id;
    begin_stream(local_);
    if (d_.context.recording_events_enabled) {
        events_id_ = aeron_->async_add_exclusive_publication(d_.context.recording_events_channel,
                                                             d_.context.recording_events_stream_id);
    }
}

void ArchiveConductor::begin_stream(ControlStream& stream) {
    stream.registration_id = aeron_->async_add_subscription(
        stream.channel, stream.stream_id,
        {.available = [](const std::shared_ptr<client::Image>&) {},
         .unavailable =
             [this, &stream](const std::shared_ptr<client::Image>& image) {
                 if (stream.assembler) stream.assembler->free_session(image->session_id());
                 if (parts_) parts_->sessions.on_unavailable_image(image);
             }});
}

/// True when it is there, or is not wanted.
bool ArchiveConductor::poll_stream(ControlStream& stream) {
    if (stream.subscription || stream.channel.empty()) return true;
    try {
        stream.subscription = aeron_->find_subscription(stream.registration_id);
    } catch (const client::RegistrationException& refusal) {
        if (!is_temporary(refusal)) throw;
        begin_stream(stream);  // a port that is still being given back
    }
    if (!stream.subscription) return false;
    stream.assembler = std::make_unique<client::FragmentAssembler<>>(
        [this, &stream](ConstBytes message, const client::Header& header) {
            attempt([&] {
                parts_->requests.on_message(message, *header.context(), *stream.subscription);
            });
        });
    return true;
}

bool ArchiveConductor::poll_events() {
    if (events_id_ == kNullValue) return true;
    events_publication_ = aeron_->find_exclusive_publication(events_id_);
    if (!events_publication_) return false;
    events_id_ = kNullValue;
    return true;
}

int ArchiveConductor::add_streams() {
    aeron_->do_work();
    const bool network = poll_stream(network_);
    const bool local = poll_stream(local_);
    const bool events = poll_events();
    if (!network || !local || !events) return 0;
    parts_ = std::make_unique<Parts>(*this, *aeron_);
    set_state(State::running);
    return 1;
}

// ---- Running -----------------------------------------------------------------------------------

int ArchiveConductor::run() {
    duty_cycle_.measure(d_.platform.clock.nano_time());
    update_mark_file();
    int work = poll_requests(network_);
    work += poll_requests(local_);
    attempt([&] { work += aeron_->do_work(); });
    if (aeron_->is_closed()) throw AgentTermination("unexpected Aeron close", false);
    attempt([&] { work += parts_->recordings.do_work(); });
    attempt([&] { work += parts_->replays.do_work(); });
    attempt([&] { work += parts_->segments.do_work(); });
    attempt([&] { work += parts_->sessions.do_work(); });
    return work;
}

int ArchiveConductor::poll_requests(ControlStream& stream) {
    if (!stream.subscription) return 0;
    int fragments = 0;
    attempt(
        [&] { fragments = stream.subscription->poll(*stream.assembler, kRequestFragmentLimit); });
    return fragments;
}

void ArchiveConductor::update_mark_file() {
    const auto now_ns = d_.platform.clock.nano_time();
    if (now_ns < mark_at_ns_) return;
    mark_at_ns_ = now_ns + memory::kMarkUpdateIntervalMs * kNanosPerMilli;
    d_.mark_file.update_activity(d_.platform.clock.epoch_ms());
}

// ---- Closing -----------------------------------------------------------------------------------

void ArchiveConductor::close() {
    if (closed_) return;
    closed_ = true;
    if (parts_) {
        attempt([&] { parts_->recordings.close(); });
        attempt([&] { parts_->replays.close(); });
        attempt([&] { parts_->sessions.close(); });
    }
    for (ControlStream* stream : {&local_, &network_}) {
        if (stream->subscription) {
            stream->subscription->close();
        } else if (aeron_) {
            aeron_->abandon(stream->registration_id);
        }
    }
    if (parts_ && parts_->events) parts_->events->close();
    if (aeron_) aeron_->abandon(events_id_);
    d_.errors.set_counter(nullptr);
    counters_.close(aeron_.get());
    set_state(State::closed);
}

}  // namespace tern::archive
