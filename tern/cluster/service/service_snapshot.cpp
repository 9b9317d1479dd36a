#include "tern/cluster/service/service_snapshot.hpp"

#include <fmt/format.h>

#include <utility>

#include "tern/base/planted_fault.hpp"
#include "tern/memory/counter_keys.hpp"
#include "tern/memory/counter_types.hpp"
#include "tern/wire/channel_uri.hpp"
#include "tern/wire/cluster_snapshot_messages.hpp"
#include "tern/wire/sbe.hpp"

namespace tern::cluster {

namespace message = wire::cluster;

namespace {

constexpr int kFragmentLimit = 10;

archive::ArchiveClientContext archive_context(const SnapshotEnvironment& environment) {
    archive::ArchiveClientContext context = environment.context.archive;
    context.error_handler = environment.error_handler;
    return context;
}

[[noreturn]] void throw_connect_error(const archive::AsyncArchiveClient& archive) {
    throw Error(archive.error(), archive.error_code());
}

/// The outcome's relevant id once it is there; throws when it is not a good one.
std::optional<std::int64_t> take(archive::AsyncArchiveClient& archive, std::int64_t request_id) {
    const auto outcome = archive.take_outcome(request_id);
    if (!outcome) return std::nullopt;
    if (!outcome->ok()) throw Error(outcome->message);
    return outcome->relevant_id;
}

}  // namespace

// Taking.

ServiceSnapshotTaker::ServiceSnapshotTaker(SnapshotEnvironment environment, Spec spec)
    : environment_(std::move(environment)),
      spec_(std::move(spec)),
      archive_(archive_context(environment_), environment_.aeron, environment_.platform) {}

ServiceSnapshotTaker::~ServiceSnapshotTaker() {
    if (publication_id_ != kNullValue) environment_.aeron.abandon(publication_id_);
    publication_.reset();
}

std::int64_t ServiceSnapshotTaker::recording_id() const noexcept {
    return error_.empty() ? recording_id_ : kNullValue;
}

int ServiceSnapshotTaker::do_work() {
    const State before = state_;
    const int work = archive_.do_work();
    try {
        if (archive_.is_failed() && state_ < State::close_archive) throw_connect_error(archive_);
        step();
    } catch (const AgentTermination&) {
        abort("the container ended during a snapshot");
        throw;
    } catch (const std::exception& error) {
        abort(error.what());
    }
    return work + (state_ != before ? 1 : 0);
}

void ServiceSnapshotTaker::abort(const std::string& why) {
    if (state_ >= State::close_archive) return;
    error_ = why;
    begin_close();
}

void ServiceSnapshotTaker::begin_close() {
    // The publication first: its end stops the recording while the session still lives.
    if (publication_id_ != kNullValue) {
        environment_.aeron.abandon(std::exchange(publication_id_, kNullValue));
    }
    publication_.reset();
    const bool is_skipped = planted(Fault::skip_snapshot_archive_client_close);
    if (!is_skipped) archive_.begin_close();
    state_ = is_skipped ? State::finished : State::close_archive;
}

void ServiceSnapshotTaker::step() {
    switch (state_) {
        case State::connect:
            if (!archive_.is_connected()) return;
            publication_id_ = environment_.aeron.async_add_exclusive_publication(
                environment_.context.snapshot_channel, environment_.context.snapshot_stream_id);
            state_ = State::await_publication;
            return;
        case State::await_publication:
            publication_ = environment_.aeron.find_exclusive_publication(publication_id_);
            if (!publication_) return;
            publication_id_ = kNullValue;
            start_recording();
            return;
        case State::await_recording_started:
            if (!take(archive_, request_id_)) return;
            deadline_ns_ = environment_.platform.clock.nano_time() +
                           environment_.context.archive.message_timeout_ns;
            state_ = State::await_recording_counter;
            return;
        case State::await_recording_counter:
            if (find_recording()) state_ = State::write_sessions;
            return;
        case State::write_sessions:
            if (!write_sessions()) return;
            spec_.write_state(*publication_);
            state_ = State::await_recorded;
            return;
        case State::await_recorded:
            if (is_recorded()) begin_close();
            return;
        case State::close_archive:
            if (archive_.is_closed()) state_ = State::finished;
            return;
        case State::finished:
            return;
    }
}

void ServiceSnapshotTaker::start_recording() {
    const std::string channel =
        wire::add_session_id(environment_.context.snapshot_channel, publication_->session_id());
    request_id_ = archive_.start_recording(channel, environment_.context.snapshot_stream_id,
                                           archive::SourceLocation::local, /*auto_stop=*/true);
    state_ = State::await_recording_started;
}

bool ServiceSnapshotTaker::find_recording() {
    const memory::CountersReader& counters = environment_.aeron.counters_reader();
    counters.for_each([&](std::int32_t id) {
        if (counters.type_id(id) != memory::counter_type::kRecordingPosition) return;
        const auto key = memory::parse_recording_position_key(counters.key(id));
        if (key && key->session_id == publication_->session_id() &&
            key->archive_id == archive_.archive_id()) {
            recording_counter_id_ = id;
            recording_id_ = key->recording_id;
        }
    });
    if (recording_counter_id_ >= 0) return true;
    if (environment_.platform.clock.nano_time() - deadline_ns_ >= 0) {
        throw TimeoutError("the archive did not start the recording of the service snapshot");
    }
    return false;
}

bool ServiceSnapshotTaker::write_sessions() {
    using message::SnapshotMark;
    if (!is_begin_written_) {
        if (!write_marker(static_cast<std::int32_t>(SnapshotMark::begin))) return false;
        is_begin_written_ = true;
    }
    for (auto entry = spec_.sessions.lower_bound(next_session_id_); entry != spec_.sessions.end();
         ++entry) {
        if (planted(Fault::service_snapshot_misses_sessions)) break;
        const ContainerSession& session = *entry->second;
        const message::ClientSession encoded{.cluster_session_id = session.id(),
                                             .response_stream_id = session.response_stream_id(),
                                             .response_channel = session.response_channel(),
                                             .encoded_principal = session.encoded_principal()};
        buffer_.resize(wire::encoded_length(encoded));
        (void)wire::encode(Bytes(buffer_), encoded);
        if (!write(buffer_)) return false;
        next_session_id_ = session.id() + 1;
    }
    return write_marker(static_cast<std::int32_t>(SnapshotMark::end));
}

bool ServiceSnapshotTaker::write_marker(std::int32_t mark) {
    const message::SnapshotMarker marker{
        .type_id = kServiceSnapshotType,
        .log_position = spec_.log_position,
        .leadership_term_id = spec_.leadership_term_id,
        .index = 0,
        .mark = static_cast<message::SnapshotMark>(mark),
        .time_unit = static_cast<message::ClusterTimeUnit>(spec_.time_unit),
        .app_version = environment_.context.app_version};
    buffer_.resize(wire::encoded_length(marker));
    (void)wire::encode(Bytes(buffer_), marker);
    return write(buffer_);
}

bool ServiceSnapshotTaker::write(ConstBytes bytes) {
    const std::int64_t result = publication_->offer(bytes);
    if (result > 0) return true;
    if (result == client::kBackPressured || result == client::kAdminAction) return false;
    throw Error(fmt::format("snapshot publication: {}", client::offer_result_name(result)));
}

bool ServiceSnapshotTaker::is_recorded() const {
    const memory::CountersReader& counters = environment_.aeron.counters_reader();
    const auto key = memory::parse_recording_position_key(counters.key(recording_counter_id_));
    const std::int64_t recorded = counters.value(recording_counter_id_);
    if (counters.state(recording_counter_id_) != memory::CounterState::allocated || !key ||
        key->recording_id != recording_id_) {
        throw Error(fmt::format("recording stopped unexpectedly: {}", recording_id_));
    }
    return recorded >= publication_->position() || planted(Fault::snapshot_not_awaited);
}

// Loading.

ServiceSnapshotLoader::ServiceSnapshotLoader(SnapshotEnvironment environment, Spec spec)
    : environment_(std::move(environment)),
      spec_(std::move(spec)),
      archive_(archive_context(environment_), environment_.aeron, environment_.platform) {}

ServiceSnapshotLoader::~ServiceSnapshotLoader() {
    if (subscription_id_ != kNullValue) environment_.aeron.abandon(subscription_id_);
    subscription_.reset();
}

int ServiceSnapshotLoader::do_work() {
    const State before = state_;
    const int work = archive_.do_work();
    try {
        if (archive_.is_failed() && state_ < State::close_archive) throw_connect_error(archive_);
        step();
    } catch (const std::exception& error) {
        error_ = error.what();
        begin_close();
    }
    return work + (state_ != before ? 1 : 0);
}

void ServiceSnapshotLoader::begin_close() {
    if (state_ >= State::close_archive) return;
    stop_replay();
    if (subscription_id_ != kNullValue) {
        environment_.aeron.abandon(std::exchange(subscription_id_, kNullValue));
    }
    image_.reset();
    subscription_.reset();
    const bool is_skipped = planted(Fault::skip_snapshot_archive_client_close);
    if (!is_skipped) archive_.begin_close();
    state_ = is_skipped ? State::finished : State::close_archive;
}

/// One that nobody subscribes to any more would be an error at the archive.
void ServiceSnapshotLoader::stop_replay() {
    if (!archive_.is_connected() || planted(Fault::leave_replays_running)) return;
    if (state_ == State::await_replay) {
        archive_.abandon_replay(request_id_);
    } else if (replay_id_ != kNullValue) {
        archive_.abandon(archive_.stop_replay(replay_id_));
    }
}

void ServiceSnapshotLoader::step() {
    const ServiceContainerContext& context = environment_.context;
    switch (state_) {
        case State::connect:
            if (!archive_.is_connected()) return;
            request_id_ = archive_.start_replay(spec_.recording_id, context.replay_channel,
                                                context.replay_stream_id, {.position = 0});
            state_ = State::await_replay;
            return;
        case State::await_replay: {
            const auto replay_session_id = take(archive_, request_id_);
            if (!replay_session_id) return;
            replay_id_ = *replay_session_id;
            replay_session_id_ = static_cast<std::int32_t>(replay_id_);
            subscription_id_ = environment_.aeron.async_add_subscription(
                wire::add_session_id(context.replay_channel, replay_session_id_),
                context.replay_stream_id);
            state_ = State::await_subscription;
            return;
        }
        case State::await_subscription:
            subscription_ = environment_.aeron.find_subscription(subscription_id_);
            if (!subscription_) return;
            subscription_id_ = kNullValue;
            state_ = State::await_image;
            return;
        case State::await_image:
            image_ = subscription_->image_by_session_id(replay_session_id_);
            if (image_) state_ = State::read_sessions;
            return;
        case State::read_sessions:
            read_sessions();
            return;
        case State::close_archive:
            if (archive_.is_closed()) state_ = State::finished;
            return;
        case State::ready:
        case State::finished:
            return;
    }
}

void ServiceSnapshotLoader::read_sessions() {
    const int fragments = image_->controlled_poll(assembler_, kFragmentLimit);
    if (is_complete_) {
        state_ = State::ready;
    } else if (fragments == 0 && (image_->is_closed() || image_->is_end_of_stream())) {
        throw Error(fmt::format("snapshot ended unexpectedly: recordingId={} position={}",
                                spec_.recording_id, image_->position()));
    }
}

client::ControlledAction ServiceSnapshotLoader::on_message(ConstBytes bytes) {
    const auto header = wire::MessageHeader::read(bytes);
    if (!header || header->schema_id != message::kSchema.id) {
        throw Error(fmt::format("expected schemaId={}, actual={}", message::kSchema.id,
                                header ? header->schema_id : 0));
    }
    switch (header->template_id) {
        case message::SnapshotMarker::kId:
            return on_marker(bytes);
        case message::ClientSession::kId: {
            const auto session = wire::decode<message::ClientSession>(bytes);
            if (!session) throw Error("malformed session in the service snapshot");
            spec_.on_session(std::make_unique<ContainerSession>(
                spec_.host, session->cluster_session_id, session->response_stream_id,
                session->response_channel, session->encoded_principal));
            break;
        }
        default:
            break;
    }
    return client::ControlledAction::continue_;
}

client::ControlledAction ServiceSnapshotLoader::on_marker(ConstBytes bytes) {
    const auto marker = wire::decode<message::SnapshotMarker>(bytes);
    if (!marker) throw Error("malformed marker in the service snapshot");
    if (marker->type_id != kServiceSnapshotType) {
        throw Error(fmt::format("unexpected snapshot type: {}", marker->type_id));
    }
    if (marker->mark == message::SnapshotMark::begin) {
        if (in_snapshot_) throw Error("already in snapshot");
        in_snapshot_ = true;
        app_version_ = marker->app_version;
        if (marker->time_unit != message::ClusterTimeUnit::null) {
            time_unit_ = static_cast<TimeUnit>(marker->time_unit);
        }
    } else if (marker->mark == message::SnapshotMark::end) {
        if (!in_snapshot_) throw Error("missing begin snapshot");
        is_complete_ = true;
        return client::ControlledAction::break_;
    }
    return client::ControlledAction::continue_;
}

}  // namespace tern::cluster
