// Names that are looked up again because nobody has been heard of at their address (DSR-14).

#include "tern/driver/agent_requests.hpp"
#include "tern/driver/image_streams.hpp"
#include "tern/driver/network_streams.hpp"

namespace tern::driver {

void NetworkStreams::re_resolve(const ReResolveEndpointRequest& request) {
    SendEndpoint* const endpoint = endpoints_.find(request.endpoint);
    const bool is_manual_destination = request.destination_id != kNullValue;
    if (endpoint == nullptr || endpoint->is_closing || is_manual_destination) return;
    const UdpChannel& channel = endpoint->endpoint->channel();
    try {
        const UdpChannel resolved = parse_udp_channel(channel.uri(), services_);
        if (resolved.remote_data() == channel.remote_data()) return;
        agents_.sender_commands.execute([&sender = agents_.sender,
                                         target = endpoint->endpoint.get(),
                                         address = resolved.remote_data()] {
            sender.on_resolution_change(*target, target->channel().endpoint(), address);
        });
    } catch (const std::exception& error) {
        services_.errors.record(error);
    }
}

void ImageStreams::re_resolve(const ReResolveControlRequest& request) {
    ReceiveEndpoint* const endpoint = endpoints_.find(request.endpoint);
    if (endpoint == nullptr || endpoint->is_closing) return;
    const ReceiveDestination* const destination =
        endpoint->endpoint->find_destination(request.destination_id);
    if (destination == nullptr) return;
    const UdpChannel& channel = destination->channel;
    try {
        const UdpChannel resolved = parse_udp_channel(channel.uri(), services_);
        if (resolved.local() == channel.local()) return;
        agents_.receiver_commands.execute(
            [&receiver = agents_.receiver, target = endpoint->endpoint.get(),
             id = request.destination_id,
             address = resolved.local()] { receiver.on_resolution_change(*target, id, address); });
    } catch (const std::exception& error) {
        services_.errors.record(error);
    }
}

}  // namespace tern::driver
