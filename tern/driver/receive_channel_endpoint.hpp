#pragma once
// The sockets of one receive channel, shared by all images on it: validates what arrives,
// dispatches it to images, elicits SETUPs, and sends what images answer (DSR-5.4, DSR-6, DSR-13).
//
// Usually there is one destination, the channel itself. A channel with control-mode=manual (MDS)
// starts with none; each that is added has its own socket, and all feed the same images.
//
// Life: the conductor constructs it (binding the sockets), hands it to the receiver
// (Receiver::on_add_endpoint), takes it back (on_remove_endpoint), and destroys it, closing the
// sockets. The conductor keeps status, reference counts and counters.
//
// Thread safety: per section.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "tern/base/error.hpp"
#include "tern/driver/data_packet_dispatcher.hpp"
#include "tern/driver/udp_channel.hpp"
#include "tern/memory/system_counters.hpp"
#include "tern/platform/clock.hpp"
#include "tern/platform/network.hpp"
#include "tern/wire/udp_frames.hpp"

namespace tern::driver {

class ConductorRequests;

inline constexpr std::int64_t kPendingSetupTimeoutNs = 1'000'000'000;
inline constexpr std::int64_t kConnectionTimeoutNs = 5'000'000'000;  ///< destination timeout
inline constexpr std::size_t kMaxReceiveDestinations = 64;           ///< of one endpoint
inline constexpr std::size_t kMaxPendingSetups = 1024;               ///< of one endpoint
inline constexpr std::size_t kReceiveBatch = 64;  ///< datagrams taken from one socket at a time

/// One socket that an endpoint listens on.
struct ReceiveDestination {
    std::int64_t id = 0;  ///< unique within the endpoint, never reused
    UdpChannel channel;
    std::unique_ptr<platform::UdpSocket> socket;
    /// Receiver's: `control` of the channel (follows re-resolution), or the multicast control
    /// address; empty: answer to the source.
    platform::SocketAddress control_address;
    std::int64_t time_of_last_activity_ns = 0;  ///< receiver's
};

struct ReceiveChannelEndpointParams {
    UdpChannel channel;
    std::uint16_t bind_port = 0;  ///< from the port manager; 0: as the channel says
    std::int64_t receiver_id = 0;
    std::optional<std::int64_t> group_tag = {};  ///< the driver's; the channel's goes before it
    std::uint32_t send_buffer_length = 0;        ///< SO_SNDBUF where the channel names none
    std::uint32_t receive_buffer_length = 0;     ///< SO_RCVBUF where the channel names none
    std::uint8_t multicast_ttl = 0;
    std::int32_t stream_session_limit = INT32_MAX;
    std::size_t receive_batch = 0;           ///< datagrams taken at a time; 0: kReceiveBatch
    const platform::Clock* clock = nullptr;  ///< for channel-rcv-ts-offset; else not needed
};

class ReceiveChannelEndpoint {
  public:
    // --- Called by the conductor ---------------------------------------------------------------

    /// Opens the socket unless the channel is manual; throws Error when that fails. Errors met
    /// later, on the receiver's thread, go to `on_error`.
    ReceiveChannelEndpoint(const ReceiveChannelEndpointParams& params, platform::Network& network,
                           const memory::SystemCounters& counters, ErrorHandler on_error);
    ReceiveChannelEndpoint(const ReceiveChannelEndpoint&) = delete;
    ReceiveChannelEndpoint& operator=(const ReceiveChannelEndpoint&) = delete;

    [[nodiscard]] const UdpChannel& channel() const noexcept { return params_.channel; }
    [[nodiscard]] std::int64_t receiver_id() const noexcept { return params_.receiver_id; }
    /// Of the only destination, with its real port; empty for a manual channel.
    [[nodiscard]] platform::SocketAddress local_address() const;
    [[nodiscard]] std::uint32_t receive_buffer_length() const;

    /// MDS: opens a destination; throws Error. It is then given to the receiver by
    /// Receiver::on_add_destination, taken back by on_remove_destination, and destroyed here.
    [[nodiscard]] ReceiveDestination& open_destination(const UdpChannel& channel,
                                                       std::uint16_t bind_port);
    void close_destination(const ReceiveDestination& destination);
    /// By equality of canonical form; null when there is none.
    [[nodiscard]] ReceiveDestination* find_destination(const UdpChannel& channel) const;
    [[nodiscard]] ReceiveDestination* find_destination(std::int64_t destination_id) const;

    // --- Called by the receiver ----------------------------------------------------------------

    [[nodiscard]] DataPacketDispatcher& dispatcher() noexcept { return dispatcher_; }
    [[nodiscard]] std::span<ReceiveDestination* const> destinations() const noexcept {
        return active_;
    }

    /// Starts using what the endpoint was constructed with.
    void activate(std::int64_t now_ns);
    /// Starts using a destination: explicit control is asked for SETUPs at once and periodically.
    void activate_destination(ReceiveDestination& destination, std::int64_t now_ns);
    void deactivate_destination(ReceiveDestination& destination);

    void add_subscription(std::int32_t stream_id) { dispatcher_.add_subscription(stream_id); }
    void add_subscription(std::int32_t stream_id, std::int32_t session_id);
    void remove_subscription(std::int32_t stream_id);
    void remove_subscription(std::int32_t stream_id, std::int32_t session_id);
    /// Explicit control only: asks for the SETUP of a session.
    void request_setup(std::int32_t stream_id, std::int32_t session_id);

    /// Receives and dispatches one batch of a destination; returns bytes received.
    std::int64_t poll(ReceiveDestination& destination, std::int64_t now_ns,
                      ConductorRequests& requests);
    void check_pending_setups(std::int64_t now_ns);
    void check_for_re_resolution(std::int64_t now_ns, ConductorRequests& requests);
    void set_control_address(std::int64_t destination_id, const platform::SocketAddress& address);

    /// Validates and dispatches one datagram. Public for tests of garbage.
    void on_datagram(ReceiveDestination& destination, ConstBytes datagram,
                     const platform::SocketAddress& source, std::int64_t now_ns,
                     ConductorRequests& requests);

    /// Sends one frame from the destination's socket; a short send is counted.
    bool send(ReceiveDestination& destination, const platform::SocketAddress& to, ConstBytes frame);
    [[nodiscard]] std::optional<std::int64_t> group_tag() const noexcept { return group_tag_; }

  private:
    /// An elicited SETUP that has not come yet, or the periodic elicitation of a destination with
    /// explicit control (session 0, stream 0).
    struct PendingSetup {
        std::int64_t destination_id;
        std::int32_t stream_id;
        std::int32_t session_id;
        bool is_periodic;
        std::int64_t time_of_last_request_ns;
    };

    [[nodiscard]] std::unique_ptr<ReceiveDestination> open(const UdpChannel& channel,
                                                           std::uint16_t bind_port);
    [[nodiscard]] std::int32_t multicast_ttl(const ReceiveDestination& destination) const;
    void stamp_received(std::span<platform::Datagram> datagrams) const;
    void on_data(ReceiveDestination& destination, ConstBytes datagram,
                 const platform::SocketAddress& source, std::int64_t now_ns);
    void on_unknown_data(ReceiveDestination& destination, const wire::DataHeaderView& header,
                         const platform::SocketAddress& source, std::int64_t now_ns);
    void on_setup(ReceiveDestination& destination, ConstBytes datagram,
                  const platform::SocketAddress& source, std::int64_t now_ns,
                  ConductorRequests& requests);
    void on_rttm(ReceiveDestination& destination, ConstBytes datagram,
                 const platform::SocketAddress& source, std::int64_t now_ns);
    void elicit_setup(ReceiveDestination& destination, const platform::SocketAddress& to,
                      std::int32_t stream_id, std::int32_t session_id);

    const ReceiveChannelEndpointParams params_;
    platform::Network& network_;
    const memory::SystemCounters& counters_;
    ErrorHandler on_error_;
    const std::optional<std::int64_t> group_tag_;
    const std::size_t receive_batch_;

    ReceiveDestination* own_ = nullptr;  // the channel itself; set before the receiver sees it

    // Conductor's.
    std::vector<std::unique_ptr<ReceiveDestination>> owned_;
    std::int64_t next_destination_id_ = 0;

    // Receiver's.
    std::vector<ReceiveDestination*> active_;
    DataPacketDispatcher dispatcher_;
    std::vector<PendingSetup> pending_setups_;
    std::array<platform::Datagram, kReceiveBatch> received_;
};

}  // namespace tern::driver
