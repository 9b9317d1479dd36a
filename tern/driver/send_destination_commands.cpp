// Destinations of manual multi-destination publications (DRV-9.1, DSR-14).

#include <fmt/format.h>

#include <string>

#include "tern/driver/error_report.hpp"
#include "tern/driver/network_streams.hpp"

namespace tern::driver {
namespace {

namespace key = wire::uri_key;

UdpChannel parse_send_destination(std::string_view text, const DriverServices& services) {
    if (text.starts_with(wire::kSpyPrefix)) {
        throw control_error(wire::ErrorCode::invalid_channel,
                            fmt::format("Aeron spies are invalid as send destinations: {}", text));
    }
    const wire::ChannelUri uri = wire::ChannelUri::parse(text);
    if (!uri.is_udp() || !uri.contains(key::kEndpoint)) {
        throw Error(fmt::format("incorrect URI format for destination: {}", text));
    }
    check_destination_keys(uri, text);
    UdpChannel channel = parse_udp_channel(text, services, true);
    if (channel.remote_data().port() == 0) {
        throw Error(fmt::format("endpoint has port=0 for send destination: channel={}", text));
    }
    return channel;
}

}  // namespace

void check_destination_keys(const wire::ChannelUri& uri, std::string_view text) {
    for (const std::string_view forbidden : {key::kMtu, key::kReceiverWindow, key::kSocketRcvbuf,
                                             key::kSocketSndbuf, key::kResponseCorrelationId}) {
        if (uri.contains(forbidden)) {
            throw control_error(wire::ErrorCode::invalid_channel,
                                fmt::format("destinations must not contain the key: {} channel={}",
                                            forbidden, text));
        }
    }
    if (uri.has_control_mode(wire::control_mode::kResponse)) {
        throw control_error(wire::ErrorCode::invalid_channel,
                            "destinations may not specify control-mode=response");
    }
}

SendEndpoint& NetworkStreams::manual_endpoint(std::int64_t registration_id) {
    NetworkStream* const stream = find(registration_id);
    if (stream == nullptr) {
        throw control_error(wire::ErrorCode::unknown_publication,
                            fmt::format("unknown publication registration_id={}", registration_id));
    }
    if (!stream->endpoint->endpoint->channel().is_manual()) {
        throw Error(fmt::format(
            "channel does not allow manual control of destinations: publication_registration_id={}",
            registration_id));
    }
    return *stream->endpoint;
}

void NetworkStreams::add_destination(const wire::DestinationCommand& command) {
    SendEndpoint& endpoint = manual_endpoint(command.registration_id);
    const UdpChannel destination = parse_send_destination(command.channel, services_);
    // A command of the queue captures plain values; the text is freed by whoever runs it.
    auto text = std::make_unique<std::string>(destination.endpoint());
    agents_.sender_commands.execute([&sender = agents_.sender, target = endpoint.endpoint.get(),
                                     address = destination.remote_data(), text = text.release(),
                                     id = command.correlation_id] {
        const std::unique_ptr<std::string> owned(text);
        sender.on_add_destination(*target, address, *owned, id);
    });
}

void NetworkStreams::remove_destination(const wire::DestinationCommand& command) {
    SendEndpoint& endpoint = manual_endpoint(command.registration_id);
    const UdpChannel destination = parse_send_destination(command.channel, services_);
    agents_.sender_commands.execute(
        [&sender = agents_.sender, target = endpoint.endpoint.get(),
         address = destination.remote_data()] { sender.on_remove_destination(*target, address); });
}

void NetworkStreams::remove_destination(const wire::RemoveDestinationById& command) {
    SendEndpoint& endpoint = manual_endpoint(command.registration_id);
    agents_.sender_commands.execute(
        [&sender = agents_.sender, target = endpoint.endpoint.get(),
         id = command.destination_registration_id] { sender.on_remove_destination(*target, id); });
}

}  // namespace tern::driver
