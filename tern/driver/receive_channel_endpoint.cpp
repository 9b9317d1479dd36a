#include "tern/driver/receive_channel_endpoint.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "tern/base/planted_fault.hpp"
#include "tern/driver/channel_sockets.hpp"
#include "tern/driver/conductor_requests.hpp"
#include "tern/driver/publication_image.hpp"
#include "tern/logbuffer/position.hpp"

namespace tern::driver {

using memory::SystemCounter;
using platform::SocketAddress;

namespace {

/// Session and stream of the periodic elicitation of explicit control.
constexpr std::int32_t kAnySession = 0;
constexpr std::int32_t kAnyStream = 0;

/// Of sockets for which nothing is configured.
constexpr std::int32_t kSystemMulticastTtl = 1;

bool is_plausible(const wire::SetupFrame& setup) {
    return logbuffer::is_term_length(setup.term_length) && setup.term_offset >= 0 &&
           setup.term_offset <= setup.term_length &&
           is_aligned(setup.term_offset, wire::kFrameAlignment) &&
           logbuffer::term_count(setup.active_term_id, setup.initial_term_id) >= 0;
}

}  // namespace

// Conductor -------------------------------------------------------------------------------------

ReceiveChannelEndpoint::ReceiveChannelEndpoint(const ReceiveChannelEndpointParams& params,
                                               platform::Network& network,
                                               const memory::SystemCounters& counters,
                                               ErrorHandler on_error)
    : params_(params),
      network_(network),
      counters_(counters),
      on_error_(std::move(on_error)),
      group_tag_(params.channel.group_tag() ? params.channel.group_tag() : params.group_tag),
      receive_batch_(params.receive_batch == 0 ? kReceiveBatch
                                               : std::min(params.receive_batch, kReceiveBatch)) {
    active_.reserve(kMaxReceiveDestinations);
    if (channel().is_manual()) return;
    own_ = owned_.emplace_back(open(channel(), params.bind_port)).get();
}

std::unique_ptr<ReceiveDestination> ReceiveChannelEndpoint::open(const UdpChannel& channel,
                                                                 std::uint16_t bind_port) {
    // Socket options come from the subscription's channel, never from a destination's (DSR-13.2).
    const UdpChannel& options = params_.channel;
    const auto chosen = [](std::uint32_t own, std::uint32_t configured) {
        return own != 0 ? own : configured;
    };
    const SocketDefaults defaults{
        .send_buffer_length = chosen(options.send_buffer_length(), params_.send_buffer_length),
        .receive_buffer_length =
            chosen(options.receive_buffer_length(), params_.receive_buffer_length),
        .multicast_ttl = params_.multicast_ttl,
        .receive_timestamps = options.timestamps().media_receive != kNoTimestamp,
    };
    auto destination = std::make_unique<ReceiveDestination>(ReceiveDestination{
        .id = next_destination_id_++,
        .channel = channel,
        .socket = open_receive_socket(channel, defaults, bind_port, network_),
        .control_address = {},
    });
    if (channel.is_multicast() || channel.has_explicit_control()) {
        destination->control_address =
            channel.is_multicast() ? channel.remote_control() : channel.local();
    }
    return destination;
}

SocketAddress ReceiveChannelEndpoint::local_address() const {
    return channel().is_manual() || owned_.empty() ? SocketAddress{}
                                                   : owned_.front()->socket->local_address();
}

std::uint32_t ReceiveChannelEndpoint::receive_buffer_length() const {
    return owned_.empty() ? 0 : owned_.front()->socket->receive_buffer_length();
}

ReceiveDestination& ReceiveChannelEndpoint::open_destination(const UdpChannel& channel,
                                                             std::uint16_t bind_port) {
    if (owned_.size() == kMaxReceiveDestinations) {
        throw Error(fmt::format("too many destinations: limit={} uri={}", kMaxReceiveDestinations,
                                channel.uri()));
    }
    return *owned_.emplace_back(open(channel, bind_port));
}

void ReceiveChannelEndpoint::close_destination(const ReceiveDestination& destination) {
    if (planted(Fault::removed_destination_keeps_socket)) return;
    std::erase_if(owned_, [&](const auto& owned) { return owned.get() == &destination; });
}

ReceiveDestination* ReceiveChannelEndpoint::find_destination(const UdpChannel& channel) const {
    const auto found = std::ranges::find_if(owned_, [&](const auto& owned) {
        return owned->channel.canonical_form() == channel.canonical_form();
    });
    return found == owned_.end() ? nullptr : found->get();
}

ReceiveDestination* ReceiveChannelEndpoint::find_destination(std::int64_t destination_id) const {
    const auto found = std::ranges::find_if(
        owned_, [&](const auto& owned) { return owned->id == destination_id; });
    return found == owned_.end() ? nullptr : found->get();
}

std::int32_t ReceiveChannelEndpoint::multicast_ttl(const ReceiveDestination& destination) const {
    const std::int32_t ttl =
        effective_ttl(destination.channel, {.multicast_ttl = params_.multicast_ttl});
    return ttl != 0 ? ttl : kSystemMulticastTtl;
}

// Destinations and subscriptions ----------------------------------------------------------------

void ReceiveChannelEndpoint::activate(std::int64_t now_ns) {
    if (own_ != nullptr) activate_destination(*own_, now_ns);
}

void ReceiveChannelEndpoint::activate_destination(ReceiveDestination& destination,
                                                  std::int64_t now_ns) {
    active_.push_back(&destination);
    destination.time_of_last_activity_ns = now_ns;
    if (!destination.channel.has_explicit_control()) return;
    elicit_setup(destination, destination.control_address, kAnyStream, kAnySession);
    pending_setups_.push_back({destination.id, kAnyStream, kAnySession, true, now_ns});
}

void ReceiveChannelEndpoint::deactivate_destination(ReceiveDestination& destination) {
    std::erase(active_, &destination);
    std::erase_if(pending_setups_, [&](const PendingSetup& pending) {
        if (pending.destination_id != destination.id) return false;
        if (!pending.is_periodic) {
            dispatcher_.clear(pending.stream_id, pending.session_id, SessionState::pending_setup);
        }
        return true;
    });
}

void ReceiveChannelEndpoint::add_subscription(std::int32_t stream_id, std::int32_t session_id) {
    dispatcher_.add_subscription(stream_id, session_id);
    request_setup(stream_id, session_id);
}

void ReceiveChannelEndpoint::remove_subscription(std::int32_t stream_id) {
    dispatcher_.remove_subscription(stream_id);
}

void ReceiveChannelEndpoint::remove_subscription(std::int32_t stream_id, std::int32_t session_id) {
    dispatcher_.remove_subscription(stream_id, session_id);
}

void ReceiveChannelEndpoint::request_setup(std::int32_t stream_id, std::int32_t session_id) {
    if (!channel().has_explicit_control()) return;
    for (ReceiveDestination* destination : active_) {
        elicit_setup(*destination, destination->control_address, stream_id, session_id);
    }
}

void ReceiveChannelEndpoint::set_control_address(std::int64_t destination_id,
                                                 const SocketAddress& address) {
    for (ReceiveDestination* destination : active_) {
        if (destination->id == destination_id) destination->control_address = address;
    }
}

// Receiving -------------------------------------------------------------------------------------

std::int64_t ReceiveChannelEndpoint::poll(ReceiveDestination& destination, std::int64_t now_ns,
                                          ConductorRequests& requests) {
    std::int64_t bytes = 0;
    const std::size_t count =
        destination.socket->receive(std::span(received_).first(receive_batch_));
    stamp_received(std::span(received_).first(count));
    for (std::size_t i = 0; i < count; ++i) {
        const platform::Datagram& datagram = received_[i];
        bytes += static_cast<std::int64_t>(datagram.bytes.size());
        on_datagram(destination, datagram.bytes, datagram.source, now_ns, requests);
    }
    return bytes;
}

void ReceiveChannelEndpoint::stamp_received(std::span<platform::Datagram> datagrams) const {
    const TimestampOffsets& offsets = channel().timestamps();
    if (offsets.media_receive == kNoTimestamp && offsets.channel_receive == kNoTimestamp) return;
    const std::int64_t now_ns =
        offsets.channel_receive == kNoTimestamp ? 0 : params_.clock->epoch_ns();
    for (const platform::Datagram& datagram : datagrams) {
        if (datagram.receive_timestamp_ns != 0) {
            stamp(datagram.bytes, offsets.media_receive, datagram.receive_timestamp_ns);
        }
        stamp(datagram.bytes, offsets.channel_receive, now_ns);
    }
}

void ReceiveChannelEndpoint::on_datagram(ReceiveDestination& destination, ConstBytes datagram,
                                         const SocketAddress& source, std::int64_t now_ns,
                                         ConductorRequests& requests) {
    if (!wire::has_frame_header(datagram)) {
        counters_[SystemCounter::invalid_packets].fetch_add(1);
        return;
    }
    switch (load<wire::FrameHeader>(datagram.data()).type) {
        case wire::kDataFrameType:
        case wire::kPadFrameType:
            on_data(destination, datagram, source, now_ns);
            break;
        case wire::kSetupFrameType:
            on_setup(destination, datagram, source, now_ns, requests);
            break;
        case wire::kRttmFrameType:
            on_rttm(destination, datagram, source, now_ns);
            break;
        default:
            break;  // not for a receiver
    }
}

void ReceiveChannelEndpoint::on_data(ReceiveDestination& destination, ConstBytes datagram,
                                     const SocketAddress& source, std::int64_t now_ns) {
    if (datagram.size() < sizeof(wire::DataHeader)) {
        counters_[SystemCounter::invalid_packets].fetch_add(1);
        return;
    }
    destination.time_of_last_activity_ns = now_ns;
    const wire::DataHeaderView header(datagram.data());
    const auto [state, image] = dispatcher_.find(header.stream_id(), header.session_id());
    if (state == SessionState::active) [[likely]] {
        image->on_data(header, datagram, destination, source, now_ns);
    } else if (state == SessionState::unknown) {
        on_unknown_data(destination, header, source, now_ns);
    }
}

void ReceiveChannelEndpoint::on_unknown_data(ReceiveDestination& destination,
                                             const wire::DataHeaderView& header,
                                             const SocketAddress& source, std::int64_t now_ns) {
    if ((header.flags() & wire::data_flags::kEndOfStream) != 0) return;
    if (pending_setups_.size() >= kMaxPendingSetups ||
        !dispatcher_.mark(header.stream_id(), header.session_id(), SessionState::pending_setup)) {
        return;
    }
    const bool is_multicast = destination.channel.is_multicast();
    elicit_setup(destination, is_multicast ? destination.control_address : source,
                 header.stream_id(), header.session_id());
    pending_setups_.push_back(
        {destination.id, header.stream_id(), header.session_id(), false, now_ns});
}

void ReceiveChannelEndpoint::on_setup(ReceiveDestination& destination, ConstBytes datagram,
                                      const SocketAddress& source, std::int64_t now_ns,
                                      ConductorRequests& requests) {
    const auto setup = wire::decode_setup(datagram);
    if (!setup || !is_plausible(*setup)) {
        counters_[SystemCounter::invalid_packets].fetch_add(1);
        return;
    }
    destination.time_of_last_activity_ns = now_ns;
    if (dispatcher_.image_count(setup->stream_id) >= params_.stream_session_limit) {
        on_error_(Error(fmt::format("exceeded session limit, stream-id={}", setup->stream_id)));
        return;
    }
    const auto [state, image] = dispatcher_.find(setup->stream_id, setup->session_id);
    if (state == SessionState::active) {
        image->track_connection(destination, source, now_ns);
        return;
    }
    if (state != SessionState::unknown && state != SessionState::pending_setup) return;
    if (state == SessionState::pending_setup && destination.channel.is_multicast() &&
        setup->ttl > multicast_ttl(destination)) {
        counters_[SystemCounter::possible_ttl_asymmetry].increment();  // answers may not get there
    }
    if (!dispatcher_.has_room_for_image()) {
        on_error_(
            Error(fmt::format("exceeded image limit={}, uri={}", kMaxImages, channel().uri())));
        return;
    }
    if (!dispatcher_.mark(setup->stream_id, setup->session_id, SessionState::init_in_progress)) {
        return;
    }
    std::erase_if(pending_setups_, [&](const PendingSetup& pending) {
        return !pending.is_periodic && pending.stream_id == setup->stream_id &&
               pending.session_id == setup->session_id;
    });
    if (!requests.create_image({.endpoint = this,
                                .destination_id = destination.id,
                                .source = source,
                                .setup = *setup})) {
        dispatcher_.clear(setup->stream_id, setup->session_id, SessionState::init_in_progress);
    }
}

void ReceiveChannelEndpoint::on_rttm(ReceiveDestination& destination, ConstBytes datagram,
                                     const SocketAddress& source, std::int64_t now_ns) {
    const auto rttm = wire::decode_rttm(datagram);
    if (!rttm) {
        counters_[SystemCounter::invalid_packets].fetch_add(1);
        return;
    }
    if (rttm->receiver_id != receiver_id() && rttm->receiver_id != 0) return;
    destination.time_of_last_activity_ns = now_ns;
    const auto [state, image] = dispatcher_.find(rttm->stream_id, rttm->session_id);
    if (state != SessionState::active) return;
    image->on_rttm(*rttm, destination, source, now_ns);
}

// Sending ---------------------------------------------------------------------------------------

bool ReceiveChannelEndpoint::send(ReceiveDestination& destination, const SocketAddress& to,
                                  ConstBytes frame) {
    const platform::Train train{frame, static_cast<std::uint32_t>(frame.size()), &to};
    const auto result = destination.socket->send({&train, 1});
    const bool sent = result.bytes == static_cast<std::int64_t>(frame.size());
    if (!sent) counters_[SystemCounter::short_sends].fetch_add(1);
    return sent;
}

void ReceiveChannelEndpoint::elicit_setup(ReceiveDestination& destination, const SocketAddress& to,
                                          std::int32_t stream_id, std::int32_t session_id) {
    const wire::StatusMessage message{.flags = wire::status_flags::kSendSetup,
                                      .session_id = session_id,
                                      .stream_id = stream_id,
                                      .receiver_id = receiver_id(),
                                      .group_tag = group_tag_};
    send(destination, to, wire::encode(message).bytes());
}

// Timers ----------------------------------------------------------------------------------------

void ReceiveChannelEndpoint::check_pending_setups(std::int64_t now_ns) {
    for (std::size_t i = 0; i < pending_setups_.size();) {
        PendingSetup& pending = pending_setups_[i];
        if (now_ns <= pending.time_of_last_request_ns + kPendingSetupTimeoutNs) {
            ++i;
        } else if (pending.is_periodic) {
            const auto found =
                std::ranges::find(active_, pending.destination_id, &ReceiveDestination::id);
            if (dispatcher_.has_interest() && found != active_.end()) {
                elicit_setup(**found, (*found)->control_address, kAnyStream, kAnySession);
            }
            pending.time_of_last_request_ns = now_ns;
            ++i;
        } else if (planted(Fault::setup_elicited_only_once)) {
            ++i;
        } else {
            dispatcher_.clear(pending.stream_id, pending.session_id, SessionState::pending_setup);
            pending_setups_.erase(pending_setups_.begin() + static_cast<std::ptrdiff_t>(i));
        }
    }
}

void ReceiveChannelEndpoint::check_for_re_resolution(std::int64_t now_ns,
                                                     ConductorRequests& requests) {
    for (ReceiveDestination* destination : active_) {
        if (!destination->channel.has_explicit_control() ||
            now_ns <= destination->time_of_last_activity_ns + kConnectionTimeoutNs) {
            continue;
        }
        destination->time_of_last_activity_ns = now_ns;
        static_cast<void>(requests.re_resolve_control(*this, destination->id));
    }
}

}  // namespace tern::driver
