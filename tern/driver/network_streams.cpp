#include "tern/driver/network_streams.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "tern/driver/error_report.hpp"
#include "tern/driver/ipc_streams.hpp"
#include "tern/driver/stream_counters.hpp"
#include "tern/memory/counter_types.hpp"

namespace tern::driver {

struct NetworkStreams::Request {
    const wire::AddPublication& command;
    wire::ChannelUri uri;
    UdpChannel channel;
    PublicationParams params;
    bool is_exclusive;
    std::int32_t session_id = 0;
};

namespace {

ExistingPublication as_existing(const NetworkStream& stream) {
    const logbuffer::LogBuffers& log = stream.publication->log();
    return {.session_id = stream.stream.session_id,
            .mtu_length = log.metadata().mtu_length,
            .term_length = log.term_length(),
            .initial_term_id = log.initial_term_id(),
            .start_term_id = stream.start_term_id,
            .start_term_offset = stream.start_term_offset};
}

void check_publication_channel(const UdpChannel& channel) {
    if (!channel.is_multi_destination() && channel.has_explicit_endpoint() &&
        channel.remote_data().port() == 0) {
        throw Error(fmt::format("endpoint has port=0 for publication: channel={}", channel.uri()));
    }
    if (!channel.control().empty() && !channel.has_explicit_endpoint() &&
        channel.control_mode() == ControlMode::none) {
        throw Error(
            fmt::format("'control' parameter requires that either 'endpoint' or "
                        "'control-mode' is specified, channel={}",
                        channel.uri()));
    }
}

/// Whether the strategy counts its receivers, and needs a counter for that.
bool counts_receivers(const FlowControlOptions& options) {
    return options.strategy != FlowControlOptions::Strategy::max;
}

FlowControlOptions flow_control_options(const wire::ChannelUri& uri, const UdpChannel& channel,
                                        const DriverContext& context) {
    if (!channel.has_group_semantics()) {
        return parse_flow_control(context.unicast_flow_control, channel.uri());
    }
    return parse_flow_control(
        uri.get_or(wire::uri_key::kFlowControl, context.multicast_flow_control), channel.uri());
}

}  // namespace

UdpChannel parse_udp_channel(std::string_view uri, const DriverServices& services,
                             bool is_destination) {
    const HostResolver resolve = [&names = services.names](std::string_view host,
                                                           std::uint16_t port, std::string_view) {
        return names.resolve(host, port);
    };
    return UdpChannel::parse(uri, resolve, services.platform.network, is_destination);
}

NetworkStream& NetworkStreams::find_or_create(const wire::AddPublication& command,
                                              bool is_exclusive, const Check& check,
                                              std::int64_t now_ns) {
    wire::ChannelUri uri = wire::ChannelUri::parse(command.channel);
    UdpChannel channel = parse_udp_channel(command.channel, services_);
    const PublicationParams params = publication_params(uri, services_.context, find_tagged(uri));
    check_publication_channel(channel);
    check(channel, params);
    Request request{.command = command,
                    .uri = std::move(uri),
                    .channel = std::move(channel),
                    .params = params,
                    .is_exclusive = is_exclusive};

    SendEndpoint* endpoint = endpoints_.find(request.channel);
    check_buffers(request, endpoint);
    if (endpoint != nullptr && !is_exclusive) {
        if (NetworkStream* const existing = find_reusable(request, *endpoint)) return *existing;
    }
    request.session_id = choose_session(request, endpoint);
    if (endpoint == nullptr) {
        endpoint = &endpoints_.open(request.channel, command.correlation_id, command.client_id);
    }
    auto stream = std::make_unique<NetworkStream>();
    stream->endpoint = endpoint;
    ++endpoint->references;
    try {
        build(*stream, request, now_ns);
    } catch (...) {
        free(*stream);
        throw;
    }
    streams_.push_back(std::move(stream));
    NetworkStream& created = *streams_.back();
    agents_.sender_commands.execute([&sender = agents_.sender, added = created.publication.get()] {
        sender.on_add_publication(*added);
    });
    return created;
}

std::int32_t NetworkStreams::choose_session(const Request& request, const SendEndpoint* endpoint) {
    const std::int32_t stream_id = request.command.stream_id;
    if (!request.params.session_id) {
        return session_ids_.take(
            [&](std::int32_t id) { return is_session_used(endpoint, id, stream_id); });
    }
    const std::int32_t session_id = *request.params.session_id;
    if (is_session_used(endpoint, session_id, stream_id)) {
        throw control_error(
            wire::ErrorCode::invalid_channel,
            fmt::format("existing publication has clashing sessionId={} for streamId={} channel={}",
                        session_id, stream_id, request.command.channel));
    }
    return session_id;
}

NetworkStream* NetworkStreams::find_reusable(const Request& request, const SendEndpoint& endpoint) {
    const auto found = std::ranges::find_if(streams_, [&](const auto& stream) {
        const NetworkPublicationParams& params = stream->publication->params();
        return stream->endpoint == &endpoint && params.stream_id == request.command.stream_id &&
               !params.is_exclusive && stream->publication->state() == PublicationState::active &&
               params.response_correlation_id == request.params.response_correlation_id;
    });
    if (found == streams_.end()) return nullptr;
    check_reusable(as_existing(**found), request.params);
    const bool simulates = (*found)->publication->params().spies_simulate_connection;
    if (simulates != request.params.spies_simulate_connection) {
        throw Error(fmt::format(
            "existing publication has different spies simulate connection: requested={}",
            request.params.spies_simulate_connection));
    }
    return found->get();
}

/// DRV-7.4: of existing endpoint, channel, configuration and system the first that says how long a
/// send buffer is.
void NetworkStreams::check_buffers(const Request& request, const SendEndpoint* endpoint) const {
    const DriverContext& context = services_.context;
    const auto mtu = static_cast<std::uint32_t>(request.params.mtu_length);
    const auto configured = static_cast<std::uint32_t>(context.socket_sndbuf_length);
    if (endpoint != nullptr) {
        check_buffers_agree(endpoint->endpoint->channel(), request.channel, context);
    }
    const std::array<std::pair<std::string_view, std::uint32_t>, 4> lengths{{
        {"endpoint", endpoint != nullptr ? endpoint->endpoint->channel().send_buffer_length() : 0},
        {"channel", request.channel.send_buffer_length()},
        {"context", configured},
        {"os default", services_.platform.network.buffer_limits().default_send},
    }};
    for (const auto& [source, length] : lengths) {
        if (length == 0) continue;
        if (mtu <= length) return;
        throw Error(fmt::format("MTU greater than SO_SNDBUF for {}: mtu={} so-sndbuf={} channel={}",
                                source, mtu, length, request.channel.uri()));
    }
}

void NetworkStreams::build(NetworkStream& stream, const Request& request, std::int64_t now_ns) {
    const wire::AddPublication& command = request.command;
    const PublicationParams& params = request.params;
    const DriverContext& context = services_.context;
    const FlowControlOptions flow_control =
        flow_control_options(request.uri, request.channel, context);

    logbuffer::LogParameters log = publication_log_parameters(
        params, context, services_.platform.network.buffer_limits(), command, request.session_id,
        request.is_exclusive, services_.platform.random.next_i32());
    log.group = request.channel.has_group_semantics();
    LogFile file = services_.logs.create_publication(log);
    stream.mapping = std::move(file.mapping);
    stream.stream = Stream{.correlation_id = command.correlation_id,
                           .session_id = request.session_id,
                           .stream_id = command.stream_id,
                           .log_path = stream.mapping->path(),
                           .source_identity = std::string(wire::kIpcChannel),
                           .untethered_timeouts = params.untethered,
                           .subscribers = {}};
    stream.entity_tag = params.entity_tag;
    stream.start_term_id = log.start_term_id;
    stream.start_term_offset = log.start_term_offset;
    allocate_counters(stream, request, counts_receivers(flow_control));

    const NetworkPublicationParams publication{
        .registration_id = command.correlation_id,
        .session_id = request.session_id,
        .stream_id = command.stream_id,
        .mtu_length = params.mtu_length,
        .window_length = params.window_length,
        .start_position = params.start_position(),
        .is_exclusive = request.is_exclusive,
        .signal_end_of_stream = params.signal_eos,
        .spies_simulate_connection = params.spies_simulate_connection,
        .is_response = request.channel.is_response(),
        .response_correlation_id = params.response_correlation_id,
        .max_resend = params.max_resend,
        .linger_timeout_ns = params.linger_timeout_ns,
        .connection_timeout_ns = context.publication_connection_timeout_ns,
        .unblock_timeout_ns = context.publication_unblock_timeout_ns,
        .retransmit_delay_ns = context.retransmit_unicast_delay_ns,
        .retransmit_linger_ns = context.retransmit_unicast_linger_ns,
        .max_datagrams_per_send = context.max_messages_per_send == 0
                                      ? kMaxDatagramsPerBatch
                                      : context.max_messages_per_send,
        .send_timestamp = request.channel.timestamps().channel_send,
        .clock = &services_.platform.clock};
    const FlowControlDefaults defaults{
        .receiver_timeout_ns = context.flow_control_receiver_timeout_ns,
        .group_tag = context.flow_control_group_tag,
        .group_min_size = context.flow_control_group_min_size,
        .unicast_multiple = context.unicast_retransmit_window_multiple,
        .multicast_multiple = context.multicast_retransmit_window_multiple};
    stream.publication = std::make_unique<NetworkPublication>(
        publication, stream.counters, file.log, *stream.endpoint->endpoint,
        make_flow_control(flow_control, defaults, request.channel.has_group_semantics(),
                          stream.flow_control_receivers),
        services_.system_counters, now_ns);
}

void NetworkStreams::allocate_counters(NetworkStream& stream, const Request& request,
                                       bool counts_flow_control_receivers) {
    namespace type = memory::counter_type;
    const StreamIdentity identity{.registration_id = request.command.correlation_id,
                                  .owner_id = request.command.client_id,
                                  .session_id = request.session_id,
                                  .stream_id = request.command.stream_id,
                                  .channel = request.command.channel};
    const auto allocate = [&](std::int32_t type_id, std::string_view name) {
        return allocate_stream_counter(services_.counters_manager, type_id, name, identity);
    };
    NetworkPublicationCounters& counters = stream.counters;
    counters.publisher_position =
        allocate(type::kPublisherPosition,
                 request.is_exclusive ? "pub-pos (exclusive)" : "pub-pos (concurrent)");
    counters.publisher_limit = allocate(type::kPublisherLimit, "pub-lmt");
    counters.sender_position = allocate(type::kSenderPosition, "snd-pos");
    counters.sender_limit = allocate(type::kSenderLimit, "snd-lmt");
    counters.back_pressure_events = allocate(type::kSenderBackPressureEvents, "snd-bpe");
    counters.naks_received = allocate(type::kSenderNaksReceived, "snd-naks-received");
    if (counts_flow_control_receivers) {
        stream.flow_control_receivers = allocate(type::kFlowControlReceivers, "fc-receivers");
    }
}

NetworkStream* NetworkStreams::find(std::int64_t registration_id) noexcept {
    const auto found = std::ranges::find_if(streams_, [&](const auto& stream) {
        return stream->stream.correlation_id == registration_id;
    });
    return found == streams_.end() ? nullptr : found->get();
}

bool NetworkStreams::is_session_used(const SendEndpoint* endpoint, std::int32_t session_id,
                                     std::int32_t stream_id) const {
    return std::ranges::any_of(streams_, [&](const auto& stream) {
        return (endpoint == nullptr || stream->endpoint == endpoint) &&
               stream->stream.session_id == session_id && stream->stream.stream_id == stream_id &&
               stream->publication->state() != PublicationState::done;
    });
}

bool NetworkStreams::is_session_used(std::int32_t session_id, std::int32_t stream_id) const {
    return is_session_used(nullptr, session_id, stream_id);
}

std::optional<TaggedPublication> NetworkStreams::find_tagged(const wire::ChannelUri& uri) const {
    const auto tag = uri.session_id_tag();
    if (!tag) return std::nullopt;
    for (const auto& stream : streams_) {
        if (stream->entity_tag != *tag) continue;
        const ExistingPublication existing = as_existing(*stream);
        return TaggedPublication{existing.session_id, existing.mtu_length, existing.term_length};
    }
    return std::nullopt;
}

WorkingPositions NetworkStreams::working(const NetworkStream& stream) {
    if (stream.stream.subscribers.empty()) return {};
    return stream.stream.working(0, stream.publication->producer_position());
}

void NetworkStreams::link(Subscription& spy, std::int64_t now_ns) {
    for (const auto& stream : streams_) link(*stream, spy, now_ns);
}

void NetworkStreams::link(NetworkStream& stream, Subscription& spy, std::int64_t now_ns) {
    if (spy.kind != SubscriptionKind::spy || spy.stream_id != stream.stream.stream_id) return;
    const UdpChannel& channel = stream.endpoint->endpoint->channel();
    const bool same_tag = spy.udp_channel->tag() && spy.udp_channel->tag() == channel.tag();
    const bool same_stream = spy.matches_session(stream.stream.session_id) &&
                             spy.udp_channel->canonical_form() == channel.canonical_form();
    if (!same_tag && !same_stream) return;
    if (!stream.publication->accepts_spies(working(stream))) return;
    linker_.link(stream.stream, spy, stream.publication->spy_join_position(), now_ns);
    stream.publication->on_spies_changed(working(stream));
}

void NetworkStreams::unlink(const Subscription& spy, bool announce) {
    for (const auto& stream : streams_) {
        if (!linker_.unlink(stream->stream, spy)) continue;
        if (announce) linker_.announce_end(stream->stream, spy);
        stream->publication->on_spies_changed(working(*stream));
    }
}

int NetworkStreams::update_publisher_limits() {
    int work = 0;
    for (const auto& stream : streams_) {
        work += stream->publication->update_publisher_limit(working(*stream));
    }
    return work;
}

void NetworkStreams::on_time_event(std::int64_t now_ns) {
    for (const auto& stream : streams_) {
        NetworkPublication& publication = *stream->publication;
        const bool is_active = publication.state() == PublicationState::active;
        const bool is_draining = publication.state() == PublicationState::draining;
        if (!stream->stream.subscribers.empty() && (is_active || is_draining)) {
            TetherRules rules{.limit = publication.untethered_limit()};
            const std::int64_t join_position = publication.spy_join_position();
            if (is_active) rules.rejoin = {join_position, join_position};
            linker_.check_untethered(stream->stream, now_ns, rules);
        }
        switch (publication.on_time_event(now_ns, working(*stream))) {
            case PublicationAction::none:
                break;
            case PublicationAction::detach_spies:
                linker_.announce_end(stream->stream);
                linker_.unlink_all(stream->stream);
                break;
            case PublicationAction::remove_from_sender:
                stream->is_leaving = true;
                agents_.sender_commands.execute([&sender = agents_.sender, leaving = stream.get()] {
                    sender.on_remove_publication(*leaving->publication);
                    leaving->is_released.store(true, std::memory_order_release);
                });
                break;
        }
    }
}

void NetworkStreams::note_released() { endpoints_.note_released(); }

int NetworkStreams::destroy_released() {
    int work = endpoints_.destroy_released();
    std::erase_if(streams_, [&](const auto& stream) {
        if (!stream->is_leaving || !stream->is_released.load(std::memory_order_acquire)) {
            return false;
        }
        free(*stream);
        ++work;
        return true;
    });
    return work;
}

void NetworkStreams::free(NetworkStream& stream) {
    linker_.unlink_all(stream.stream);
    stream.publication.reset();
    NetworkPublicationCounters& counters = stream.counters;
    for (memory::Counter* const counter :
         {&counters.publisher_position, &counters.publisher_limit, &counters.sender_position,
          &counters.sender_limit, &counters.back_pressure_events, &counters.naks_received,
          &stream.flow_control_receivers}) {
        services_.counters_manager.free(*counter);
    }
    services_.logs.free(std::move(stream.mapping));
    if (stream.endpoint != nullptr) endpoints_.release(*stream.endpoint);
    stream.endpoint = nullptr;
}

void NetworkStreams::close() {
    for (const auto& stream : streams_) free(*stream);
    streams_.clear();
    endpoints_.close();
}

}  // namespace tern::driver
