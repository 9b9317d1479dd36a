#include "tern/driver/ipc_streams.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tern/driver/error_report.hpp"
#include "tern/driver/stream_counters.hpp"
#include "tern/memory/counter_types.hpp"

namespace tern::driver {
namespace {

ExistingPublication as_existing(const IpcStream& stream) {
    const logbuffer::LogBuffers& log = stream.publication.log();
    const IpcPublicationParams& params = stream.publication.params();
    return {.session_id = params.session_id,
            .mtu_length = log.metadata().mtu_length,
            .term_length = log.term_length(),
            .initial_term_id = log.initial_term_id(),
            .start_term_id = params.start_term_id,
            .start_term_offset = params.start_term_offset};
}

}  // namespace

logbuffer::LogParameters publication_log_parameters(const PublicationParams& params,
                                                    const DriverContext& context,
                                                    const platform::Network::BufferLimits& limits,
                                                    const wire::AddPublication& command,
                                                    std::int32_t session_id, bool is_exclusive,
                                                    std::int32_t random_term_id) {
    logbuffer::LogParameters log;
    log.type = is_exclusive ? logbuffer::LogType::exclusive_publication
                            : logbuffer::LogType::concurrent_publication;
    log.correlation_id = command.correlation_id;
    log.session_id = session_id;
    log.stream_id = command.stream_id;
    log.initial_term_id = params.has_position ? params.initial_term_id : random_term_id;
    log.start_term_id = params.has_position ? params.term_id : random_term_id;
    log.start_term_offset = params.has_position ? params.term_offset : 0;
    log.term_length = params.term_length;
    log.page_size = context.file_page_size;
    log.mtu_length = params.mtu_length;
    log.publication_window_length = params.window_length;
    log.socket_sndbuf_length = context.socket_sndbuf_length;
    log.socket_rcvbuf_length = context.socket_rcvbuf_length;
    log.os_default_socket_sndbuf_length = static_cast<std::int32_t>(limits.default_send);
    log.os_max_socket_sndbuf_length = static_cast<std::int32_t>(limits.max_send);
    log.os_default_socket_rcvbuf_length = static_cast<std::int32_t>(limits.default_receive);
    log.os_max_socket_rcvbuf_length = static_cast<std::int32_t>(limits.max_receive);
    log.max_resend = params.max_resend;
    log.entity_tag = params.entity_tag.value_or(kNullValue);
    log.response_correlation_id = params.response_correlation_id;
    log.linger_timeout_ns = params.linger_timeout_ns;
    log.untethered_window_limit_timeout_ns = params.untethered.window_limit_ns;
    log.untethered_linger_timeout_ns = params.untethered.linger_ns;
    log.untethered_resting_timeout_ns = params.untethered.resting_ns;
    log.sparse = params.sparse;
    log.signal_eos = params.signal_eos;
    log.spies_simulate_connection = params.spies_simulate_connection;
    return log;
}

IpcStream& IpcStreams::find_or_create(const wire::AddPublication& command,
                                      const PublicationParams& params, bool is_exclusive,
                                      std::int64_t now_ns) {
    if (!is_exclusive) {
        if (IpcStream* const existing =
                find_reusable(command.stream_id, params.response_correlation_id)) {
            check_reusable(as_existing(*existing), params);
            return *existing;
        }
    }
    if (params.session_id && is_session_used(*params.session_id, command.stream_id)) {
        throw control_error(
            wire::ErrorCode::invalid_channel,
            fmt::format("existing publication has clashing sessionId={} for streamId={} channel={}",
                        *params.session_id, command.stream_id, command.channel));
    }
    streams_.push_back(create(command, params, is_exclusive, now_ns));
    return *streams_.back();
}

std::unique_ptr<IpcStream> IpcStreams::create(const wire::AddPublication& command,
                                              const PublicationParams& params, bool is_exclusive,
                                              std::int64_t now_ns) {
    const std::int32_t session_id =
        params.session_id ? *params.session_id : session_ids_.take([&](std::int32_t id) {
            return is_session_used(id, command.stream_id);
        });
    const logbuffer::LogParameters log = publication_log_parameters(
        params, services_.context, services_.platform.network.buffer_limits(), command, session_id,
        is_exclusive, services_.platform.random.next_i32());
    LogFile file = services_.logs.create_publication(log);
    const std::string path = file.mapping->path();
    memory::Counter position, limit;
    try {
        const StreamIdentity identity{.registration_id = command.correlation_id,
                                      .owner_id = command.client_id,
                                      .session_id = session_id,
                                      .stream_id = command.stream_id,
                                      .channel = command.channel};
        position = allocate_stream_counter(
            services_.counters_manager, memory::counter_type::kPublisherPosition,
            is_exclusive ? "pub-pos (exclusive)" : "pub-pos (concurrent)", identity);
        limit = allocate_stream_counter(services_.counters_manager,
                                        memory::counter_type::kPublisherLimit, "pub-lmt", identity);
    } catch (...) {
        services_.counters_manager.free(position);
        services_.logs.free(std::move(file.mapping));
        throw;
    }
    const IpcPublicationParams publication{
        .registration_id = command.correlation_id,
        .session_id = session_id,
        .stream_id = command.stream_id,
        .is_exclusive = is_exclusive,
        .response_correlation_id = params.response_correlation_id,
        .window_length = params.window_length,
        .start_term_id = log.start_term_id,
        .start_term_offset = log.start_term_offset,
        .unblock_timeout_ns = services_.context.publication_unblock_timeout_ns,
        .cool_down_ns = services_.context.image_liveness_timeout_ns};
    return std::make_unique<IpcStream>(Stream{.correlation_id = command.correlation_id,
                                              .session_id = session_id,
                                              .stream_id = command.stream_id,
                                              .log_path = path,
                                              .source_identity = std::string(wire::kIpcChannel),
                                              .untethered_timeouts = params.untethered,
                                              .subscribers = {}},
                                       IpcPublication(publication, std::move(file), position, limit,
                                                      services_.system_counters, now_ns));
}

IpcStream* IpcStreams::find(std::int64_t registration_id) noexcept {
    const auto found = std::ranges::find_if(streams_, [&](const auto& stream) {
        return stream->stream.correlation_id == registration_id;
    });
    return found == streams_.end() ? nullptr : found->get();
}

IpcStream* IpcStreams::find_reusable(std::int32_t stream_id,
                                     std::int64_t response_correlation_id) noexcept {
    const auto found = std::ranges::find_if(streams_, [&](const auto& stream) {
        const IpcPublicationParams& params = stream->publication.params();
        return params.stream_id == stream_id && !params.is_exclusive &&
               stream->publication.state() == IpcPublication::State::active &&
               params.response_correlation_id == response_correlation_id;
    });
    return found == streams_.end() ? nullptr : found->get();
}

bool IpcStreams::is_session_used(std::int32_t session_id, std::int32_t stream_id) const {
    return std::ranges::any_of(streams_, [&](const auto& stream) {
        return stream->stream.session_id == session_id && stream->stream.stream_id == stream_id &&
               stream->publication.state() != IpcPublication::State::linger;
    });
}

WorkingPositions IpcStreams::working(const IpcStream& stream) {
    return stream.stream.working(stream.publication.lowest_position(),
                                 stream.publication.producer_position());
}

void IpcStreams::link(Subscription& subscription, std::int64_t now_ns) {
    for (const auto& stream : streams_) link(*stream, subscription, now_ns);
}

void IpcStreams::link(IpcStream& stream, Subscription& subscription, std::int64_t now_ns) {
    if (subscription.kind != SubscriptionKind::ipc ||
        subscription.stream_id != stream.stream.stream_id ||
        !subscription.matches_session(stream.stream.session_id)) {
        return;
    }
    const WorkingPositions before = working(stream);
    if (!stream.publication.accepts_subscribers(before)) return;
    linker_.link(stream.stream, subscription, stream.publication.join_position(before), now_ns);
    stream.publication.on_subscribers_changed(working(stream));
}

void IpcStreams::unlink(const Subscription& subscription, bool announce) {
    for (const auto& stream : streams_) {
        if (!linker_.unlink(stream->stream, subscription)) continue;
        if (announce) linker_.announce_end(stream->stream, subscription);
        stream->publication.on_subscribers_changed(working(*stream));
    }
}

void IpcStreams::reject(IpcStream& stream, std::int64_t now_ns) {
    if (!stream.publication.is_cooling_down()) {
        linker_.announce_end(stream.stream);
        linker_.unlink_all(stream.stream);
    }
    stream.publication.reject(now_ns);
}

int IpcStreams::update_publisher_limits() {
    int work = 0;
    for (const auto& stream : streams_) {
        work += stream->publication.update_publisher_limit(working(*stream));
    }
    return work;
}

void IpcStreams::on_time_event(std::int64_t now_ns, const Subscriptions& subscriptions) {
    std::erase_if(streams_, [&](const auto& stream) {
        bool is_finished = false;
        on_time_event(*stream, now_ns, subscriptions, is_finished);
        return is_finished;
    });
}

void IpcStreams::on_time_event(IpcStream& stream, std::int64_t now_ns,
                               const Subscriptions& subscriptions, bool& is_finished) {
    IpcPublication& publication = stream.publication;
    const bool is_active = publication.state() == IpcPublication::State::active;
    if (is_active || publication.state() == IpcPublication::State::draining) {
        TetherRules rules{.limit = publication.untethered_limit()};
        if (is_active) {
            rules.rejoin = {publication.join_position(working(stream)),
                            publication.join_position({})};
        }
        linker_.check_untethered(stream.stream, now_ns, rules);
    }
    switch (publication.on_time_event(now_ns, working(stream))) {
        case IpcPublication::Action::none:
            break;
        case IpcPublication::Action::announce_end:
            linker_.announce_end(stream.stream);
            break;
        case IpcPublication::Action::relink:
            for (const auto& subscription : subscriptions) link(stream, *subscription, now_ns);
            break;
        case IpcPublication::Action::free:
            free(stream);
            is_finished = true;
            break;
    }
}

void IpcStreams::free(IpcStream& stream) {
    linker_.unlink_all(stream.stream);
    services_.counters_manager.free(stream.publication.publisher_position_counter());
    services_.counters_manager.free(stream.publication.publisher_limit_counter());
    services_.logs.free(stream.publication.take_mapping());
}

void IpcStreams::close() {
    for (const auto& stream : streams_) free(*stream);
    streams_.clear();
}

}  // namespace tern::driver
