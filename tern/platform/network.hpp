#pragma once
// UDP as the driver sees it: sockets that send trains and receive batches of datagrams.
//
// Design section 4. Nothing here blocks. Peers see ordinary datagrams: segmentation offload
// (UDP_SEGMENT, UDP_GRO) and sendmmsg/recvmmsg are the posix implementation's affair.
//
// Thread safety: a Network may be used from any thread; a socket from one thread at a time.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tern/base/bytes.hpp"
#include "tern/platform/socket_address.hpp"

namespace tern::platform {

/// A contiguous run of datagrams of `segment_length` bytes each (the last may be shorter), all to
/// one destination. One datagram is a train with segment_length == bytes.size().
struct Train {
    ConstBytes bytes;
    std::uint32_t segment_length = 0;
    const SocketAddress* destination = nullptr;  ///< never null
};

/// One received datagram. `bytes` points into the socket's own buffers: writable, valid until the
/// next receive() on the same socket.
struct Datagram {
    Bytes bytes;
    SocketAddress source;
    std::int64_t receive_timestamp_ns = 0;  ///< kernel's, ns since the epoch; 0 unless requested
};

struct SendResult {
    /// Accepted by the system: a prefix of the trains in order. Sending ends at the first failure;
    /// whoever has several destinations goes on with the trains behind the failed one.
    std::int64_t bytes = 0;
    int error = 0;  ///< errno of that failure unless it was "would block"; 0 if none
};

struct UdpSocketOptions {
    SocketAddress bind_address;                   ///< never empty; port 0: ephemeral
    SocketAddress multicast_group;                ///< joined when not empty
    SocketAddress multicast_interface;            ///< whose interface to join/send on; empty: any
    std::uint32_t multicast_interface_index = 0;  ///< for IPv6
    std::uint8_t multicast_ttl = 0;               ///< 0: the system's default
    std::uint32_t send_buffer_length = 0;         ///< SO_SNDBUF, bytes; 0: the system's default
    std::uint32_t receive_buffer_length = 0;      ///< SO_RCVBUF, bytes; 0: the system's default
    SocketAddress peer;                           ///< connected to when not empty
    bool reuse_address = false;                   ///< SO_REUSEADDR, for multicast receivers
    bool receive_timestamps = false;
};

class UdpSocket {
  public:
    virtual ~UdpSocket() = default;  ///< closes

    /// Sends as much as the system takes, in order, without blocking. A short count with error 0
    /// means that the socket buffer is full.
    virtual SendResult send(std::span<const Train> trains) noexcept = 0;

    /// Fills at most `out.size()` entries; returns how many. 0 when nothing is there. A pending
    /// socket error (e.g. ECONNREFUSED reported by the peer's host) is swallowed.
    virtual std::size_t receive(std::span<Datagram> out) noexcept = 0;

    /// Connected, a socket receives from `peer` alone, and may send to no other. False when the
    /// system refuses; then it stays as it was.
    [[nodiscard]] virtual bool connect(const SocketAddress& peer) noexcept = 0;

    [[nodiscard]] virtual SocketAddress local_address() const = 0;
    /// Effective, bytes, as the system tells it (Linux: twice what was asked for).
    [[nodiscard]] virtual std::uint32_t send_buffer_length() const = 0;
    [[nodiscard]] virtual std::uint32_t receive_buffer_length() const = 0;
};

/// Tells which of many sockets have something to receive, in one system call. A socket that kept
/// datagrams because a receive() had no room for them counts. A socket is in one poller at most
/// and leaves it when destroyed.
class SocketPoller {
  public:
    virtual ~SocketPoller() = default;
    virtual void add(UdpSocket& socket, std::uint64_t token) = 0;
    virtual void remove(UdpSocket& socket) = 0;
    /// Tokens of sockets that may be readable, without waiting; returns how many were written.
    virtual std::size_t poll(std::span<std::uint64_t> tokens) noexcept = 0;
};

struct NetworkInterface {
    std::string name;
    std::uint32_t index = 0;
    SocketAddress address;  ///< port 0
    std::uint8_t prefix_length = 0;
    bool loopback = false;
    bool multicast = false;
    bool up = false;
};

/// Why there is no socket.
struct SocketFailure {
    std::string text;  ///< names the address and the system's reason
    int error_number;  ///< errno
};

class Network {
  public:
    virtual ~Network() = default;

    /// Opens and binds.
    [[nodiscard]] virtual std::expected<std::unique_ptr<UdpSocket>, SocketFailure> open(
        const UdpSocketOptions& options) = 0;
    [[nodiscard]] virtual std::unique_ptr<SocketPoller> make_poller() = 0;

    /// Resolves a host name or numeric address. May take as long as the system's resolver does;
    /// never called from the sender or receiver. `prefer_ipv6` picks among several answers.
    [[nodiscard]] virtual std::expected<SocketAddress, std::string> resolve(
        std::string_view host, std::uint16_t port, bool prefer_ipv6 = false) = 0;

    [[nodiscard]] virtual std::vector<NetworkInterface> interfaces() = 0;

    struct BufferLimits {
        std::uint32_t default_send = 0, default_receive = 0;  ///< of a fresh socket, bytes
        std::uint32_t max_send = 0, max_receive = 0;          ///< 0: unknown
    };
    [[nodiscard]] virtual BufferLimits buffer_limits() = 0;
};

}  // namespace tern::platform
