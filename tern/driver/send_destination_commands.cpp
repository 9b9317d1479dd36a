// Destinations of manual multi-destination publications (DRV-9.1, DSR-14).

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "tern/driver/error_report.hpp"
#include "tern/driver/network_streams.hpp"

namespace tern::driver {
namespace {

namespace key = wire::uri_key;

/// Where a destination is; no address when its name cannot be resolved now.
ManualDestination parse_send_destination(std::string_view text, const DriverServices& services) {
    if (text.starts_with(wire::kSpyPrefix)) {
        throw control_error(wire::ErrorCode::invalid_channel,
                            fmt::format("Aeron spies are invalid as send destinations: {}", text));
    }
    const wire::ChannelUri uri = wire::ChannelUri::parse(text);
    if (!uri.is_udp() || !uri.contains(key::kEndpoint)) {
        throw Error(fmt::format("incorrect URI format for destination: {}", text));
    }
    check_destination_keys(uri, text);
    ManualDestination destination{.endpoint = std::string(uri.get_or(key::kEndpoint, ""))};
    const auto parts = split_host_and_port(destination.endpoint);
    if (parts && parts->port == 0) {
        throw Error(fmt::format("endpoint has port=0 for send destination: channel={}", text));
    }
    try {
        destination.address = parse_udp_channel(text, services, true).remote_data();
    } catch (const Error& error) {
        if (error.code() != static_cast<std::int32_t>(wire::ErrorCode::unknown_host)) throw;
        services.errors.warn(fmt::format("WARNING: destination without address: {}", error.what()));
    }
    return destination;
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
    ManualDestination destination = parse_send_destination(command.channel, services_);
    destination.registration_id = command.correlation_id;
    if (endpoint.manual_destinations.size() == kMaxSendDestinations) {
        throw Error(
            fmt::format("more than {} destinations: {}", kMaxSendDestinations, command.channel));
    }
    // A command of the queue captures plain values; the text is freed by whoever runs it.
    auto text = std::make_unique<std::string>(destination.endpoint);
    agents_.sender_commands.execute([&sender = agents_.sender, target = endpoint.endpoint.get(),
                                     address = destination.address, text = text.release(),
                                     id = command.correlation_id] {
        const std::unique_ptr<std::string> owned(text);
        sender.on_add_destination(*target, address, *owned, id);
    });
    endpoint.manual_destinations.push_back(std::move(destination));
}

void NetworkStreams::remove_destination(const wire::DestinationCommand& command) {
    SendEndpoint& endpoint = manual_endpoint(command.registration_id);
    const ManualDestination wanted = parse_send_destination(command.channel, services_);
    const auto found = std::ranges::find_if(endpoint.manual_destinations, [&](const auto& each) {
        return wanted.address.empty() ? each.endpoint == wanted.endpoint
                                      : each.address == wanted.address;
    });
    remove_destination(endpoint, found);
}

void NetworkStreams::remove_destination(const wire::RemoveDestinationById& command) {
    SendEndpoint& endpoint = manual_endpoint(command.registration_id);
    remove_destination(endpoint, std::ranges::find(endpoint.manual_destinations,
                                                   command.destination_registration_id,
                                                   &ManualDestination::registration_id));
}

void NetworkStreams::remove_destination(SendEndpoint& endpoint,
                                        std::vector<ManualDestination>::iterator destination) {
    if (destination == endpoint.manual_destinations.end()) return;
    agents_.sender_commands.execute(
        [&sender = agents_.sender, target = endpoint.endpoint.get(),
         id = destination->registration_id] { sender.on_remove_destination(*target, id); });
    endpoint.manual_destinations.erase(destination);
}

}  // namespace tern::driver
