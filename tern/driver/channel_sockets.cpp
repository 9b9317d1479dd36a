#include "tern/driver/channel_sockets.hpp"

#include <fmt/core.h>

#include "tern/base/error.hpp"

namespace tern::driver {

using platform::SocketAddress;
using platform::UdpSocketOptions;

namespace {

SocketAddress wildcard_like(const SocketAddress& address, std::uint16_t port) {
    return address.family() == SocketAddress::Family::ipv6 ? SocketAddress::ipv6({}, port)
                                                           : SocketAddress::ipv4({}, port);
}

UdpSocketOptions buffer_options(const UdpChannel& channel, const SocketDefaults& defaults) {
    UdpSocketOptions options;
    options.send_buffer_length = channel.send_buffer_length() != 0 ? channel.send_buffer_length()
                                                                   : defaults.send_buffer_length;
    options.receive_buffer_length = channel.receive_buffer_length() != 0
                                        ? channel.receive_buffer_length()
                                        : defaults.receive_buffer_length;
    return options;
}

void set_multicast(UdpSocketOptions& options, const UdpChannel& channel,
                   const SocketDefaults& defaults) {
    options.multicast_interface = channel.local();
    options.multicast_interface_index = channel.interface_index();
    options.multicast_ttl = effective_ttl(channel, defaults);
}

std::unique_ptr<platform::UdpSocket> open(const UdpSocketOptions& options,
                                          const UdpChannel& channel, platform::Network& network) {
    auto socket = network.open(options);
    if (!socket) {
        throw SystemError(fmt::format("{}, uri={}", socket.error().text, channel.uri()),
                          socket.error().error_number);
    }
    return std::move(*socket);
}

SocketAddress with_bind_port(const SocketAddress& address, std::uint16_t bind_port) {
    return bind_port != 0 ? address.with_port(bind_port) : address;
}

}  // namespace

std::uint8_t effective_ttl(const UdpChannel& channel, const SocketDefaults& defaults) {
    return channel.ttl() != 0 ? channel.ttl() : defaults.multicast_ttl;
}

bool is_connected(const UdpChannel& channel, const SocketDefaults& defaults) {
    return defaults.connects && channel.has_explicit_endpoint() &&
           !channel.is_multi_destination() && !channel.is_response();
}

std::unique_ptr<platform::UdpSocket> open_send_socket(const UdpChannel& channel,
                                                      const SocketDefaults& defaults,
                                                      std::uint16_t bind_port,
                                                      platform::Network& network) {
    UdpSocketOptions options = buffer_options(channel, defaults);
    if (channel.is_multicast()) {
        options.bind_address = wildcard_like(channel.remote_data(), 0);
        set_multicast(options, channel, defaults);
    } else {
        options.bind_address = with_bind_port(channel.local(), bind_port);
    }
    if (is_connected(channel, defaults)) options.peer = channel.remote_data();
    return open(options, channel, network);
}

std::unique_ptr<platform::UdpSocket> open_multicast_control_socket(const UdpChannel& channel,
                                                                   const SocketDefaults& defaults,
                                                                   platform::Network& network) {
    UdpSocketOptions options = buffer_options(channel, defaults);
    options.bind_address = wildcard_like(channel.remote_control(), channel.remote_control().port());
    options.multicast_group = channel.remote_control();
    options.reuse_address = true;
    set_multicast(options, channel, defaults);
    return open(options, channel, network);
}

std::unique_ptr<platform::UdpSocket> open_receive_socket(const UdpChannel& channel,
                                                         const SocketDefaults& defaults,
                                                         std::uint16_t bind_port,
                                                         platform::Network& network) {
    UdpSocketOptions options = buffer_options(channel, defaults);
    if (channel.is_multicast()) {
        options.bind_address = wildcard_like(channel.remote_data(), channel.remote_data().port());
        options.multicast_group = channel.remote_data();
        options.reuse_address = true;
        set_multicast(options, channel, defaults);
    } else {
        options.bind_address = with_bind_port(channel.remote_data(), bind_port);
    }
    options.receive_timestamps = defaults.receive_timestamps;
    return open(options, channel, network);
}

}  // namespace tern::driver
