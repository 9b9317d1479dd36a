// Names that are looked up again because nobody has been heard of at their address (DSR-14,
// DRV-14.5).

#include <fmt/format.h>

#include <algorithm>

#include "tern/driver/agent_requests.hpp"
#include "tern/driver/image_streams.hpp"
#include "tern/driver/network_streams.hpp"

namespace tern::driver {
namespace {

/// What `parameter` of a channel resolves to now; empty, and an error recorded, when to nothing.
platform::SocketAddress look_up(std::string_view parameter, const std::string& value,
                                const DriverServices& services) {
    const auto parts = split_host_and_port(value);
    if (!parts) return {};  // it was good when the channel was added
    const auto address = services.names.resolve(parts->host, parts->port);
    if (address) return *address;
    services.errors.record(
        Error(fmt::format("Unable to resolve host=({}): {}\n[driver] Unresolved - {}={}, "
                          "name-and-port={}\n[driver] address re-resolution failed",
                          parts->host, address.error(), parameter, value, value),
              static_cast<std::int32_t>(wire::ErrorCode::unknown_host)));
    return {};
}

}  // namespace

void NetworkStreams::re_resolve(const ReResolveEndpointRequest& request) {
    SendEndpoint* const endpoint = endpoints_.find(request.endpoint);
    if (endpoint == nullptr || endpoint->is_closing) return;
    if (request.destination_id == kNullValue) {
        re_resolve(*endpoint);
    } else {
        re_resolve(*endpoint, request.destination_id);
    }
}

void NetworkStreams::re_resolve(SendEndpoint& endpoint) {
    const auto address =
        look_up(wire::uri_key::kEndpoint, endpoint.endpoint->channel().endpoint(), services_);
    if (address.empty() || address == endpoint.data_address) return;
    endpoint.data_address = address;
    agents_.sender_commands.execute(
        [&sender = agents_.sender, target = endpoint.endpoint.get(), address] {
            sender.on_resolution_change(*target, target->channel().endpoint(), address);
        });
}

void NetworkStreams::re_resolve(SendEndpoint& endpoint, std::int64_t destination_id) {
    const auto found = std::ranges::find(endpoint.manual_destinations, destination_id,
                                         &ManualDestination::registration_id);
    if (found == endpoint.manual_destinations.end()) return;
    const auto address = look_up(wire::uri_key::kEndpoint, found->endpoint, services_);
    if (address.empty() || address == found->address) return;
    for (ManualDestination& each : endpoint.manual_destinations) {
        if (each.endpoint == found->endpoint) each.address = address;
    }
    auto text = std::make_unique<std::string>(found->endpoint);
    agents_.sender_commands.execute([&sender = agents_.sender, target = endpoint.endpoint.get(),
                                     address, text = text.release()] {
        const std::unique_ptr<std::string> owned(text);
        sender.on_resolution_change(*target, *owned, address);
    });
}

void ImageStreams::re_resolve(const ReResolveControlRequest& request) {
    ReceiveEndpoint* const endpoint = endpoints_.find(request.endpoint);
    if (endpoint == nullptr || endpoint->is_closing) return;
    const ReceiveDestination* const destination =
        endpoint->endpoint->find_destination(request.destination_id);
    if (destination == nullptr) return;
    const UdpChannel& channel = destination->channel;
    const auto address = look_up(wire::uri_key::kControl, channel.control(), services_);
    platform::SocketAddress& known =
        endpoint->resolved_controls.try_emplace(request.destination_id, channel.local())
            .first->second;
    if (address.empty() || address == known) return;
    known = address;
    agents_.receiver_commands.execute(
        [&receiver = agents_.receiver, target = endpoint->endpoint.get(),
         id = request.destination_id,
         address] { receiver.on_resolution_change(*target, id, address); });
}

}  // namespace tern::driver
