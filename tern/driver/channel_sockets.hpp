#pragma once
// Opening the sockets of a channel (DSR-11.1, DSR-11.2).
//
// Thread safety: conductor only.

#include <cstdint>
#include <memory>

#include "tern/driver/udp_channel.hpp"
#include "tern/platform/network.hpp"

namespace tern::driver {

/// What the driver is configured with; the channel's own values go before it. 0: the system's.
struct SocketDefaults {
    std::uint32_t send_buffer_length = 0;
    std::uint32_t receive_buffer_length = 0;
    std::uint8_t multicast_ttl = 0;
    bool receive_timestamps = false;  ///< of the kernel, for `media-rcv-ts-offset`
    bool connects = false;            ///< senders hear only whom they send to (DSR-11.1)
};

/// Where a publication's frames are sent from; a unicast one also hears the answers here. A
/// `bind_port` other than 0 takes the place of the channel's port. Connected to the channel's
/// remote address where there is but one. Throws Error.
[[nodiscard]] std::unique_ptr<platform::UdpSocket> open_send_socket(const UdpChannel& channel,
                                                                    const SocketDefaults& defaults,
                                                                    std::uint16_t bind_port,
                                                                    platform::Network& network);

/// Multicast publications hear their receivers on a group of its own. Throws Error.
[[nodiscard]] std::unique_ptr<platform::UdpSocket> open_multicast_control_socket(
    const UdpChannel& channel, const SocketDefaults& defaults, platform::Network& network);

/// Where a subscription or receive destination listens, and answers from. Throws Error.
[[nodiscard]] std::unique_ptr<platform::UdpSocket> open_receive_socket(
    const UdpChannel& channel, const SocketDefaults& defaults, std::uint16_t bind_port,
    platform::Network& network);

/// Whether the channel's send socket is connected.
[[nodiscard]] bool is_connected(const UdpChannel& channel, const SocketDefaults& defaults);
[[nodiscard]] std::uint8_t effective_ttl(const UdpChannel& channel, const SocketDefaults& defaults);

}  // namespace tern::driver
