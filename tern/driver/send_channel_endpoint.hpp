#pragma once
// The sockets of one send channel, shared by all publications on it: sends their frames, receives
// what receivers answer and hands it to the publication that it is for (DSR-2.4, DSR-11, DSR-12).
//
// Life: the conductor constructs it (binding the sockets), hands it to the sender
// (Sender::on_add_endpoint), takes it back (on_remove_endpoint), and destroys it, closing the
// sockets. The conductor keeps status, reference counts and counters.
//
// Thread safety: per section. What one thread writes and another reads is atomic.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>

#include "tern/base/error.hpp"
#include "tern/driver/send_destinations.hpp"
#include "tern/driver/udp_channel.hpp"
#include "tern/memory/system_counters.hpp"
#include "tern/platform/network.hpp"
#include "tern/wire/udp_frames.hpp"

namespace tern::driver {

class ConductorRequests;
class NetworkPublication;

struct SendChannelEndpointParams {
    UdpChannel channel;
    std::uint16_t bind_port = 0;           ///< from the port manager; 0: as the channel says
    std::uint32_t send_buffer_length = 0;  ///< SO_SNDBUF where the channel names none; 0: default
    std::uint32_t receive_buffer_length = 0;
    std::uint8_t multicast_ttl = 0;          ///< where the channel names none; 0: default
    bool connects = true;                    ///< sockets of single destinations (DSR-11.1)
    std::size_t control_batch = 0;           ///< datagrams taken at a time; 0: kControlBatch
    memory::Counter destination_count = {};  ///< mdc-num-dest; null unless multi-destination
};

class SendChannelEndpoint {
  public:
    // --- Called by the conductor ---------------------------------------------------------------

    /// Opens the sockets; throws Error naming the address and the channel when that fails. Errors
    /// met later, on the sender's thread, go to `on_error`.
    SendChannelEndpoint(const SendChannelEndpointParams& params, platform::Network& network,
                        const memory::SystemCounters& counters, ErrorHandler on_error);
    SendChannelEndpoint(const SendChannelEndpoint&) = delete;
    SendChannelEndpoint& operator=(const SendChannelEndpoint&) = delete;

    [[nodiscard]] const UdpChannel& channel() const noexcept { return channel_; }
    /// Of the socket that receives control frames: the channel's local address with its real port.
    [[nodiscard]] platform::SocketAddress local_address() const;
    [[nodiscard]] std::uint32_t send_buffer_length() const;
    /// Effective TTL for SETUP frames; 0 for unicast.
    [[nodiscard]] std::uint8_t multicast_ttl() const noexcept { return multicast_ttl_; }

    // --- Called by the sender ------------------------------------------------------------------

    void register_publication(NetworkPublication& publication);
    void unregister_publication(const NetworkPublication& publication);

    static constexpr std::size_t kControlBatch = 16;

    /// Sends trains of one publication: to the channel's address, or to every destination. Their
    /// `destination` is filled in here. `response_address` is where a response publication sends;
    /// empty for all others.
    platform::SendResult send(std::span<platform::Train> trains, std::int64_t now_ns,
                              const platform::SocketAddress& response_address);

    /// Receives and dispatches one batch from the control socket; returns bytes received.
    std::int64_t poll_control(std::int64_t now_ns, ConductorRequests& requests);
    [[nodiscard]] platform::UdpSocket& control_socket() noexcept;

    /// Null unless the channel is multi-destination.
    [[nodiscard]] SendDestinations* destinations() noexcept {
        return destinations_ ? &*destinations_ : nullptr;
    }
    /// Re-resolution: where a unicast channel sends from now on.
    void set_data_address(const platform::SocketAddress& address);
    [[nodiscard]] const platform::SocketAddress& data_address() const noexcept {
        return data_address_;
    }
    /// Asks the conductor to resolve names again that nobody has answered from (DSR-14).
    void check_for_re_resolution(std::int64_t now_ns, ConductorRequests& requests);

    /// Validates and dispatches one datagram. Public for tests of garbage.
    void on_control_datagram(ConstBytes datagram, const platform::SocketAddress& source,
                             std::int64_t now_ns, ConductorRequests& requests);

  private:
    [[nodiscard]] NetworkPublication* find(std::int32_t session_id, std::int32_t stream_id) const;
    void on_status_message(ConstBytes datagram, const platform::SocketAddress& source,
                           std::int64_t now_ns, ConductorRequests& requests);
    void on_nak(ConstBytes datagram, std::int64_t now_ns);
    void on_error(ConstBytes datagram, const platform::SocketAddress& source,
                  ConductorRequests& requests);
    void on_rttm(ConstBytes datagram, std::int64_t now_ns);
    void on_response_setup(ConstBytes datagram, ConductorRequests& requests);

    void report_send_error(int error);

    UdpChannel channel_;
    const memory::SystemCounters& counters_;
    ErrorHandler on_error_;
    const bool is_connected_;
    const std::size_t control_batch_;
    std::unique_ptr<platform::UdpSocket> data_socket_;
    std::unique_ptr<platform::UdpSocket> control_socket_;  // multicast only; else data_socket_
    std::uint8_t multicast_ttl_ = 0;
    platform::SocketAddress data_address_;
    std::optional<SendDestinations> destinations_;
    std::unordered_map<std::uint64_t, NetworkPublication*> publications_;  // never iterated
    std::int64_t time_of_last_status_ns_ = 0;
    int last_send_error_ = 0;
    std::array<platform::Datagram, kControlBatch> received_;
};

}  // namespace tern::driver
