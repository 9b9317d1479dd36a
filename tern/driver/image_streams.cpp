#include "tern/driver/image_streams.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tern/driver/cubic_congestion_control.hpp"
#include "tern/driver/error_report.hpp"
#include "tern/driver/stream_counters.hpp"
#include "tern/memory/counter_types.hpp"

namespace tern::driver {
namespace {

constexpr std::int32_t kMaxUdpPayloadLength = 65504;
constexpr std::int64_t kMinNakDelayNs = 1'000;

bool is_group(const Subscription& first, const UdpChannel& channel, const wire::SetupFrame& setup) {
    if (first.params.group != GroupConsideration::infer) {
        return first.params.group == GroupConsideration::yes;
    }
    return channel.is_multicast() || (setup.header.flags & wire::setup_flags::kGroup) != 0;
}

FeedbackDelay feedback_delay(const Subscription& first, const UdpChannel& channel,
                             const DriverContext& context, bool group, platform::Random& random) {
    if (!first.params.reliable) return FeedbackDelay::none();
    if (group) {
        return FeedbackDelay::multicast(context.nak_multicast_max_backoff_ns,
                                        context.nak_multicast_group_size, random);
    }
    const std::int64_t ratio = context.nak_unicast_retry_delay_ratio;
    const std::int64_t delay_ns = std::min(
        channel.nak_delay_ns().value_or(context.nak_unicast_delay_ns), INT64_MAX / 2 / ratio);
    // A first delay of zero does not mean that a gap is asked for again at every look at it.
    return FeedbackDelay::fixed(delay_ns, std::max(delay_ns, kMinNakDelayNs) * ratio);
}

}  // namespace

void ImageStreams::create(const CreateImageRequest& request, const Subscriptions& subscriptions,
                          std::int64_t now_ns) {
    ReceiveEndpoint* const endpoint = endpoints_.find(request.endpoint);
    if (endpoint == nullptr) return;  // and with it the receiver's marker
    if (endpoint->is_closing || has_live_image(*endpoint, request.setup)) {
        return cancel_init(request);
    }
    auto stream = std::make_unique<ImageStream>();
    try {
        check_session_limit(*endpoint, request.setup.stream_id);
        check_setup(*endpoint, request.setup);
        Matches matches;
        for (const auto& subscription : subscriptions) {
            if (subscription->kind == SubscriptionKind::network &&
                subscription->endpoint == endpoint &&
                subscription->stream_id == request.setup.stream_id &&
                subscription->matches_session(request.setup.session_id)) {
                matches.push_back(subscription.get());
            }
        }
        if (matches.empty()) return cancel_init(request);
        stream->endpoint = endpoint;
        ++endpoint->image_references;
        build(*stream, request, matches, now_ns);
    } catch (...) {
        cancel_init(request);
        free(*stream);
        throw;
    }
    streams_.push_back(std::move(stream));
    agents_.receiver_commands.execute(
        [&receiver = agents_.receiver, added = streams_.back()->image.get()] {
            receiver.on_add_image(*added);
        });
}

void ImageStreams::cancel_init(const CreateImageRequest& request) {
    agents_.receiver_commands.execute([&receiver = agents_.receiver, target = request.endpoint,
                                       stream_id = request.setup.stream_id,
                                       session_id = request.setup.session_id] {
        receiver.on_remove_init_in_progress(*target, stream_id, session_id);
    });
}

bool ImageStreams::has_live_image(const ReceiveEndpoint& endpoint,
                                  const wire::SetupFrame& setup) const {
    return std::ranges::any_of(streams_, [&](const auto& stream) {
        return stream->endpoint == &endpoint && stream->stream.session_id == setup.session_id &&
               stream->stream.stream_id == setup.stream_id &&
               stream->image->state() == ImageState::active && stream->stream.working().any();
    });
}

/// The receiver looks at its images before it asks; many may have been asked for since.
void ImageStreams::check_session_limit(const ReceiveEndpoint& endpoint,
                                       std::int32_t stream_id) const {
    const auto images = std::ranges::count_if(streams_, [&](const auto& stream) {
        return stream->endpoint == &endpoint && stream->stream.stream_id == stream_id;
    });
    if (images < services_.context.stream_session_limit) return;
    throw Error(fmt::format("exceeded session limit, stream-id={}", stream_id));
}

std::int32_t ImageStreams::window_length(const ReceiveEndpoint& endpoint) const {
    const std::int32_t own = endpoint.endpoint->channel().receiver_window_length();
    return own != 0 ? own : services_.context.initial_window_length;
}

void ImageStreams::check_setup(const ReceiveEndpoint& endpoint,
                               const wire::SetupFrame& setup) const {
    const auto refuse = [&](const std::string& reason) {
        throw Error(fmt::format("{}\n[driver] stream_id={} session_id={}", reason, setup.stream_id,
                                setup.session_id));
    };
    const std::int32_t mtu = setup.mtu_length;
    const std::int32_t window = window_length(endpoint);
    if (mtu < logbuffer::kDataHeaderLength) {
        refuse(fmt::format("mtuLength={} < DATA_HEADER_LENGTH=32", mtu));
    }
    if (mtu > kMaxUdpPayloadLength) {
        refuse(fmt::format("mtuLength={} > MAX_UDP_PAYLOAD_LENGTH=65504", mtu));
    }
    if (!is_aligned(mtu, logbuffer::kFrameAlignment)) {
        refuse(fmt::format("mtuLength={} must be a multiple of FRAME_ALIGNMENT=32", mtu));
    }
    if (mtu > window) refuse(fmt::format("mtuLength={} > initialWindowLength={}", mtu, window));
    const ReceiveBuffer buffer = receive_buffer_of(endpoint.endpoint->channel(), services_);
    const auto check_buffer = [&](std::string_view what, std::int32_t value) {
        if (buffer.holds(value)) return;
        refuse(
            fmt::format("{} greater than socket SO_RCVBUF, increase "
                        "'AERON_RCV_INITIAL_WINDOW_LENGTH' to match window: value={}, "
                        "SO_RCVBUF={}{}",
                        what, value, buffer.length, buffer.is_default ? " (OS Default)" : ""));
    };
    check_buffer("Max Window length", window);
    check_buffer("Sender MTU", mtu);
    if (!logbuffer::is_term_length(setup.term_length) || setup.term_offset < 0 ||
        setup.term_offset > setup.term_length ||
        !is_aligned(setup.term_offset, logbuffer::kFrameAlignment) ||
        wrapping_sub(setup.active_term_id, setup.initial_term_id) < 0) {
        refuse(fmt::format(
            "SETUP with termLength={} termOffset={} activeTermId={} initialTermId={}",
            setup.term_length, setup.term_offset, setup.active_term_id, setup.initial_term_id));
    }
}

void ImageStreams::build(ImageStream& stream, const CreateImageRequest& request,
                         const Matches& matches, std::int64_t now_ns) {
    const DriverContext& context = services_.context;
    const wire::SetupFrame& setup = request.setup;
    const UdpChannel& channel = stream.endpoint->endpoint->channel();
    const Subscription& first = *matches.front();
    const bool group = is_group(first, channel, setup);
    const auto oldest = std::ranges::min_element(matches, {}, &Subscription::registration_id);

    stream.stream = Stream{.correlation_id = services_.to_driver.next_correlation_id(),
                           .session_id = setup.session_id,
                           .stream_id = setup.stream_id,
                           .log_path = {},
                           .source_identity = request.source.to_string(),
                           .untethered_timeouts = stream.endpoint->untethered_timeouts,
                           .subscribers = {}};
    stream.channel = first.channel;
    LogFile file = services_.logs.create_image(
        log_parameters(stream, setup, first, (*oldest)->params.sparse, group));
    stream.mapping = std::move(file.mapping);
    stream.stream.log_path = stream.mapping->path();
    allocate_counters(stream, first);

    const std::int64_t join_position = logbuffer::compute_position(
        setup.active_term_id, setup.term_offset, logbuffer::position_shift(setup.term_length),
        setup.initial_term_id);
    PublicationImageParams params{
        .correlation_id = stream.stream.correlation_id,
        .session_id = setup.session_id,
        .stream_id = setup.stream_id,
        .join_position = join_position,
        .mtu_length = setup.mtu_length,
        .is_reliable = first.params.reliable,
        .is_response_requested = (setup.header.flags & wire::setup_flags::kSendResponse) != 0,
        .status_message_timeout_ns = context.status_message_timeout_ns,
        .liveness_timeout_ns = context.image_liveness_timeout_ns,
        .source = request.source,
        .destination_id = request.destination_id,
        .on_loss = [this, &stream](std::int64_t bytes) { record_loss(stream, bytes); }};
    stream.image = std::make_unique<PublicationImage>(
        params, stream.counters, file.log, *stream.endpoint->endpoint,
        make_congestion_control(stream, setup),
        feedback_delay(first, channel, context, group, services_.platform.random),
        services_.system_counters, now_ns);
    for (Subscription* const subscription : matches) {
        linker_.link(stream.stream, *subscription, join_position, now_ns);
    }
}

logbuffer::LogParameters ImageStreams::log_parameters(const ImageStream& stream,
                                                      const wire::SetupFrame& setup,
                                                      const Subscription& first, bool is_sparse,
                                                      bool is_group) const {
    const platform::Network::BufferLimits limits = services_.platform.network.buffer_limits();
    logbuffer::LogParameters log;
    log.type = logbuffer::LogType::image;
    log.correlation_id = stream.stream.correlation_id;
    log.session_id = setup.session_id;
    log.stream_id = setup.stream_id;
    log.initial_term_id = setup.initial_term_id;
    log.start_term_id = setup.active_term_id;
    log.start_term_offset = setup.term_offset;
    log.term_length = setup.term_length;
    log.page_size = services_.context.file_page_size;
    log.mtu_length = setup.mtu_length;
    log.receiver_window_length = window_length(*stream.endpoint);
    log.socket_sndbuf_length = services_.context.socket_sndbuf_length;
    log.socket_rcvbuf_length = services_.context.socket_rcvbuf_length;
    log.os_default_socket_sndbuf_length = static_cast<std::int32_t>(limits.default_send);
    log.os_max_socket_sndbuf_length = static_cast<std::int32_t>(limits.max_send);
    log.os_default_socket_rcvbuf_length = static_cast<std::int32_t>(limits.default_receive);
    log.os_max_socket_rcvbuf_length = static_cast<std::int32_t>(limits.max_receive);
    log.entity_tag = kNullValue;
    log.response_correlation_id = kNullValue;
    log.untethered_window_limit_timeout_ns = stream.stream.untethered_timeouts.window_limit_ns;
    log.untethered_linger_timeout_ns = stream.stream.untethered_timeouts.linger_ns;
    log.untethered_resting_timeout_ns = stream.stream.untethered_timeouts.resting_ns;
    log.group = is_group;
    log.is_response = first.params.is_response;
    log.rejoin = first.params.rejoin;
    log.reliable = first.params.reliable;
    log.sparse = is_sparse;
    log.tether = first.params.tether;
    return log;
}

void ImageStreams::allocate_counters(ImageStream& stream, const Subscription& first) {
    namespace type = memory::counter_type;
    const StreamIdentity identity{.registration_id = stream.stream.correlation_id,
                                  .owner_id = first.client_id,
                                  .session_id = stream.stream.session_id,
                                  .stream_id = stream.stream.stream_id,
                                  .channel = first.channel};
    memory::CountersManager& manager = services_.counters_manager;
    stream.counters.receiver_high_water_mark =
        allocate_stream_counter(manager, type::kReceiverHighWaterMark, "rcv-hwm", identity);
    stream.counters.receiver_position =
        allocate_stream_counter(manager, type::kReceiverPosition, "rcv-pos", identity);
    stream.counters.naks_sent =
        allocate_stream_counter(manager, type::kReceiverNaksSent, "rcv-naks-sent", identity);
}

std::unique_ptr<CongestionControl> ImageStreams::make_congestion_control(
    ImageStream& stream, const wire::SetupFrame& setup) {
    const DriverContext& context = services_.context;
    const std::string& own = stream.endpoint->endpoint->channel().congestion_control();
    const std::int32_t window =
        logbuffer::receiver_window_length(setup.term_length, window_length(*stream.endpoint));
    if ((own.empty() ? context.congestion_control : own) != "cubic") {
        return std::make_unique<StaticWindowCongestionControl>(window);
    }
    const auto allocate = [&](std::string_view name) {
        return allocate_stream_counter(services_.counters_manager, memory::counter_type::kPerImage,
                                       name,
                                       {.registration_id = stream.stream.correlation_id,
                                        .session_id = stream.stream.session_id,
                                        .stream_id = stream.stream.stream_id,
                                        .channel = stream.channel});
    };
    stream.cubic_rtt = allocate("rcv-cc-cubic-rtt");
    stream.cubic_window = allocate("rcv-cc-cubic-wnd");
    return std::make_unique<CubicCongestionControl>(
        CubicCongestionControl::Config{.options = context.cubic,
                                       .max_window_length = window,
                                       .mtu_length = setup.mtu_length,
                                       .rtt = stream.cubic_rtt,
                                       .window_length = stream.cubic_window},
        services_.platform.clock);
}

void ImageStreams::record_loss(ImageStream& stream, std::int64_t bytes) {
    const std::int64_t now_ms = services_.platform.clock.epoch_ms();
    if (stream.loss_entry) {
        stream.loss_entry->record(bytes, now_ms);
        return;
    }
    stream.loss_entry =
        loss_report_.create_entry(bytes, now_ms, stream.stream.session_id, stream.stream.stream_id,
                                  stream.channel, stream.stream.source_identity);
}

WorkingPositions ImageStreams::working(const ImageStream& stream) {
    return stream.stream.working(0, stream.counters.receiver_position.get_plain());
}

void ImageStreams::link(Subscription& subscription, std::int64_t now_ns) {
    for (const auto& stream : streams_) {
        if (stream->endpoint != subscription.endpoint ||
            stream->stream.stream_id != subscription.stream_id ||
            !subscription.matches_session(stream->stream.session_id)) {
            continue;
        }
        const WorkingPositions positions = working(*stream);
        if (!stream->image->accepts_subscribers(positions)) continue;
        linker_.link(stream->stream, subscription, stream->image->join_position(positions), now_ns);
    }
}

void ImageStreams::unlink(const Subscription& subscription) {
    for (const auto& stream : streams_) linker_.unlink(stream->stream, subscription);
}

ImageStream* ImageStreams::find(std::int64_t correlation_id) noexcept {
    const auto found = std::ranges::find_if(streams_, [&](const auto& stream) {
        return stream->stream.correlation_id == correlation_id;
    });
    return found == streams_.end() ? nullptr : found->get();
}

void ImageStreams::reject(ImageStream& stream, std::string_view reason) {
    if (stream.endpoint == nullptr) return;
    auto text = std::make_unique<std::string>(reason);
    agents_.receiver_commands.execute(
        [&receiver = agents_.receiver, image = stream.image.get(), text = text.release()] {
            const std::unique_ptr<std::string> owned(text);
            receiver.on_reject_image(*image, *owned);
        });
}

int ImageStreams::track_rebuild(std::int64_t now_ns) {
    int work = 0;
    for (const auto& stream : streams_) {
        work += stream->image->track_rebuild(now_ns, working(*stream));
    }
    return work;
}

void ImageStreams::on_time_event(std::int64_t now_ns) {
    for (const auto& stream : streams_) {
        PublicationImage& image = *stream->image;
        const WorkingPositions positions = working(*stream);
        const bool is_active = image.state() == ImageState::active;
        if (is_active || image.state() == ImageState::draining) {
            TetherRules rules{.limit = image.untethered_limit(positions)};
            if (is_active) rules.rejoin = {image.join_position(positions), image.join_position({})};
            linker_.check_untethered(stream->stream, now_ns, rules);
        }
        switch (
            image.on_time_event(now_ns, working(*stream), !stream->stream.subscribers.empty())) {
            case ImageAction::none:
                break;
            case ImageAction::make_unavailable:
                make_unavailable(*stream);
                break;
            case ImageAction::free:
                stream->is_finished = true;
                break;
        }
    }
}

void ImageStreams::make_unavailable(ImageStream& stream) {
    const bool rejoins = stream.stream.subscribers.empty() ||
                         stream.stream.subscribers.back().subscription->params.rejoin;
    agents_.receiver_commands.execute([&receiver = agents_.receiver, leaving = &stream,
                                       endpoint = stream.endpoint->endpoint.get(), rejoins] {
        receiver.on_remove_image(*leaving->image);
        if (rejoins) {
            receiver.on_remove_cool_down(*endpoint, leaving->image->stream_id(),
                                         leaving->image->session_id());
        }
        leaving->is_released.store(true, std::memory_order_release);  // pairs with destroy_released
    });
    linker_.announce_end(stream.stream);
    ReceiveEndpoint& endpoint = *stream.endpoint;
    stream.endpoint = nullptr;
    --endpoint.image_references;
    endpoints_.close_if_unused(endpoint);
}

int ImageStreams::destroy_released() {
    int work = 0;
    std::erase_if(streams_, [&](const auto& stream) {
        if (!stream->is_finished || !stream->is_released.load(std::memory_order_acquire)) {
            return false;
        }
        free(*stream);
        ++work;
        return true;
    });
    return work + endpoints_.destroy_released();
}

void ImageStreams::free(ImageStream& stream) {
    linker_.unlink_all(stream.stream);
    stream.image.reset();
    memory::CountersManager& manager = services_.counters_manager;
    manager.free(stream.counters.receiver_high_water_mark);
    manager.free(stream.counters.receiver_position);
    manager.free(stream.counters.naks_sent);
    manager.free(stream.cubic_rtt);
    manager.free(stream.cubic_window);
    services_.logs.free(std::move(stream.mapping));
    if (stream.endpoint != nullptr) --stream.endpoint->image_references;
    stream.endpoint = nullptr;
}

void ImageStreams::close() {
    for (const auto& stream : streams_) free(*stream);
    streams_.clear();
    endpoints_.close();
}

}  // namespace tern::driver
