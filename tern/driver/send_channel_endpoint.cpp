#include "tern/driver/send_channel_endpoint.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "tern/driver/channel_sockets.hpp"
#include "tern/driver/conductor_requests.hpp"
#include "tern/driver/network_publication.hpp"

namespace tern::driver {

using memory::SystemCounter;
using platform::SocketAddress;

namespace {

std::uint64_t key_of(std::int32_t session_id, std::int32_t stream_id) {
    return (std::uint64_t{static_cast<std::uint32_t>(stream_id)} << 32) |
           static_cast<std::uint32_t>(session_id);
}

SocketDefaults defaults_of(const SendChannelEndpointParams& params) {
    return {.send_buffer_length = params.send_buffer_length,
            .receive_buffer_length = params.receive_buffer_length,
            .multicast_ttl = params.multicast_ttl,
            .connects = params.connects};
}

}  // namespace

SendChannelEndpoint::SendChannelEndpoint(const SendChannelEndpointParams& params,
                                         platform::Network& network,
                                         const memory::SystemCounters& counters,
                                         ErrorHandler on_error)
    : channel_(params.channel),
      counters_(counters),
      on_error_(std::move(on_error)),
      is_connected_(is_connected(channel_, defaults_of(params))),
      control_batch_(params.control_batch == 0 ? kControlBatch
                                               : std::min(params.control_batch, kControlBatch)),
      data_socket_(open_send_socket(channel_, defaults_of(params), params.bind_port, network)),
      data_address_(channel_.remote_data()) {
    if (channel_.is_multicast()) {
        control_socket_ = open_multicast_control_socket(channel_, defaults_of(params), network);
        multicast_ttl_ = effective_ttl(channel_, defaults_of(params));
    }
    if (channel_.is_multi_destination()) {
        destinations_.emplace(channel_.is_manual(), params.destination_count);
    }
}

SocketAddress SendChannelEndpoint::local_address() const {
    return (control_socket_ ? control_socket_ : data_socket_)->local_address();
}

std::uint32_t SendChannelEndpoint::send_buffer_length() const {
    return data_socket_->send_buffer_length();
}

platform::UdpSocket& SendChannelEndpoint::control_socket() noexcept {
    return control_socket_ ? *control_socket_ : *data_socket_;
}

void SendChannelEndpoint::register_publication(NetworkPublication& publication) {
    publications_[key_of(publication.session_id(), publication.stream_id())] = &publication;
}

void SendChannelEndpoint::unregister_publication(const NetworkPublication& publication) {
    const auto found =
        publications_.find(key_of(publication.session_id(), publication.stream_id()));
    if (found != publications_.end() && found->second == &publication) publications_.erase(found);
}

NetworkPublication* SendChannelEndpoint::find(std::int32_t session_id,
                                              std::int32_t stream_id) const {
    const auto found = publications_.find(key_of(session_id, stream_id));
    return found == publications_.end() ? nullptr : found->second;
}

// Sending ---------------------------------------------------------------------------------------

platform::SendResult SendChannelEndpoint::send(std::span<platform::Train> trains,
                                               std::int64_t now_ns,
                                               const SocketAddress& response_address) {
    platform::SendResult result;
    if (destinations_) {
        result = destinations_->send(*data_socket_, trains, now_ns);
    } else {
        const SocketAddress& address = channel_.is_response() ? response_address : data_address_;
        if (address.empty()) return result;
        for (platform::Train& train : trains) train.destination = &address;
        result = data_socket_->send(trains);
    }
    if (result.error != last_send_error_) report_send_error(result.error);
    return result;
}

void SendChannelEndpoint::set_data_address(const SocketAddress& address) {
    data_address_ = address;
    if (!is_connected_ || data_socket_->connect(address)) return;
    on_error_(
        Error(fmt::format("failed to reconnect transport with re-resolved address: {}, uri={}",
                          address.to_string(), channel_.uri())));
}

void SendChannelEndpoint::report_send_error(int error) {
    last_send_error_ = error;
    if (error == 0) return;
    on_error_(Error(fmt::format("failed to send to {}: {}, uri={}", data_address_.to_string(),
                                std::generic_category().message(error), channel_.uri()),
                    kGenericError, Severity::warn));
}

// Receiving -------------------------------------------------------------------------------------

std::int64_t SendChannelEndpoint::poll_control(std::int64_t now_ns, ConductorRequests& requests) {
    std::int64_t bytes = 0;
    const std::size_t count = control_socket().receive(std::span(received_).first(control_batch_));
    for (std::size_t i = 0; i < count; ++i) {
        const platform::Datagram& datagram = received_[i];
        bytes += static_cast<std::int64_t>(datagram.bytes.size());
        on_control_datagram(datagram.bytes, datagram.source, now_ns, requests);
    }
    return bytes;
}

void SendChannelEndpoint::on_control_datagram(ConstBytes datagram, const SocketAddress& source,
                                              std::int64_t now_ns, ConductorRequests& requests) {
    const auto header = wire::decode_frame_header(datagram);
    if (!header) {
        counters_[SystemCounter::invalid_packets].fetch_add(1);
        return;
    }
    switch (header->type) {
        case wire::kStatusMessageFrameType:
            on_status_message(datagram, source, now_ns, requests);
            break;
        case wire::kNakFrameType:
            on_nak(datagram, now_ns);
            break;
        case wire::kErrorFrameType:
            on_error(datagram, source, requests);
            break;
        case wire::kRttmFrameType:
            on_rttm(datagram, now_ns);
            break;
        case wire::kResponseSetupFrameType:
            on_response_setup(datagram, requests);
            break;
        default:
            break;  // not for a sender
    }
}

void SendChannelEndpoint::on_status_message(ConstBytes datagram, const SocketAddress& source,
                                            std::int64_t now_ns, ConductorRequests& requests) {
    const auto message = wire::decode_status_message(datagram);
    if (!message) {
        counters_[SystemCounter::invalid_packets].fetch_add(1);
        return;
    }
    counters_[SystemCounter::status_messages_received].increment();
    const bool elicits = (message->flags & wire::status_flags::kSendSetup) != 0;
    NetworkPublication* const publication = find(message->session_id, message->stream_id);
    if (!elicits && publication != nullptr && !publication->is_plausible(*message)) {
        counters_[SystemCounter::status_messages_rejected].increment();
        return;
    }
    time_of_last_status_ns_ = now_ns;
    // Also without a publication: this is how receivers join a dynamic publisher.
    if (destinations_) destinations_->on_status_message(message->receiver_id, source, now_ns);
    if (publication == nullptr) return;
    if (elicits) {
        publication->on_elicit_setup(*message, source);
    } else {
        publication->on_status_message(*message, now_ns, requests);
    }
}

void SendChannelEndpoint::on_nak(ConstBytes datagram, std::int64_t now_ns) {
    const auto nak = wire::decode_nak(datagram);
    if (!nak) {
        counters_[SystemCounter::invalid_packets].fetch_add(1);
        return;
    }
    counters_[SystemCounter::nak_messages_received].increment();
    if (auto* publication = find(nak->session_id, nak->stream_id)) {
        publication->on_nak(*nak, now_ns);
    }
}

void SendChannelEndpoint::on_error(ConstBytes datagram, const SocketAddress& source,
                                   ConductorRequests& requests) {
    const auto error = wire::decode_error(datagram);
    if (!error) {
        counters_[SystemCounter::invalid_packets].fetch_add(1);
        return;
    }
    counters_[SystemCounter::error_frames_received].increment();
    if (auto* publication = find(error->session_id, error->stream_id)) {
        const std::int64_t destination =
            destinations_ ? destinations_->registration_id_of(error->receiver_id, source) : -1;
        publication->on_error(*error, source, destination, requests);
    }
}

void SendChannelEndpoint::on_rttm(ConstBytes datagram, std::int64_t now_ns) {
    const auto rttm = wire::decode_rttm(datagram);
    if (!rttm) {
        counters_[SystemCounter::invalid_packets].fetch_add(1);
        return;
    }
    if (auto* publication = find(rttm->session_id, rttm->stream_id)) {
        publication->on_rttm(*rttm, now_ns);
    }
}

void SendChannelEndpoint::on_response_setup(ConstBytes datagram, ConductorRequests& requests) {
    const auto frame = wire::decode_response_setup(datagram);
    if (!frame) {
        counters_[SystemCounter::invalid_packets].fetch_add(1);
        return;
    }
    if (auto* publication = find(frame->session_id, frame->stream_id)) {
        publication->on_response_setup(*frame, requests);
    }
}

// Re-resolution ---------------------------------------------------------------------------------

void SendChannelEndpoint::check_for_re_resolution(std::int64_t now_ns,
                                                  ConductorRequests& requests) {
    if (destinations_) {
        while (const auto silent = destinations_->next_silent(now_ns)) {
            // A refused request is made again when the next timeout has passed.
            static_cast<void>(requests.re_resolve_endpoint(*this, *silent));
        }
        return;
    }
    if (channel_.is_multicast() || channel_.is_response() || !channel_.has_explicit_endpoint()) {
        return;
    }
    if (now_ns > time_of_last_status_ns_ + kDestinationTimeoutNs) {
        time_of_last_status_ns_ = now_ns;
        static_cast<void>(requests.re_resolve_endpoint(*this, -1));
    }
}

}  // namespace tern::driver
