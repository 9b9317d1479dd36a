#pragma once
// The network between the simulated hosts: IPv4 UDP, unicast and multicast.
//
// A host has the address 10.0.0.<index + 1>, the loopback addresses 127.x.y.z, and its name.
// Datagrams in flight are ordered by the time of their arrival, then of their sending. They arrive
// while virtual time moves; a datagram for a full receive buffer, or for a port that nobody has
// bound, is dropped, as real ones are.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tern/platform/sim/options.hpp"
#include "tern/platform/sim/timeline.hpp"
#include "tern/platform/socket_address.hpp"

namespace tern::platform::sim {

class SimSocket;

using HostIndex = std::uint32_t;

inline constexpr HostIndex kMaxHosts = 250;
inline constexpr std::size_t kMaxDatagramLength = 65'507;
/// Datagrams in flight; more are dropped.
inline constexpr std::size_t kMaxInFlight = 262'144;

struct NetworkCounts {
    std::uint64_t sent = 0;        ///< datagrams, a multicast one once per receiving host
    std::uint64_t delivered = 0;   ///< to a socket's buffer
    std::uint64_t lost = 0;        ///< by the link's chance, or kMaxInFlight
    std::uint64_t blocked = 0;     ///< by a partition
    std::uint64_t duplicated = 0;  ///< extra copies
    std::uint64_t reordered = 0;
    std::uint64_t overflowed = 0;   ///< the receive buffer was full
    std::uint64_t unreachable = 0;  ///< nobody bound the address
    std::uint64_t short_sends = 0;
};

class VirtualNetwork {
  public:
    VirtualNetwork(const NetworkOptions& options, Timeline& timeline, Prng prng)
        : options_(options), timeline_(timeline), prng_(prng) {}

    // For tests and scenarios.

    [[nodiscard]] NetworkOptions& options() noexcept { return options_; }
    /// One direction between two hosts; from == to: that host's loopback.
    void set_link(HostIndex from, HostIndex to, const LinkOptions& options);
    /// Nothing sent from one to the other from now on arrives; what is in flight does.
    void block(HostIndex from, HostIndex to) { blocked_.insert({from, to}); }
    void unblock(HostIndex from, HostIndex to) { blocked_.erase({from, to}); }
    void isolate(HostIndex host);  ///< both directions, to and from all other hosts
    void heal() { blocked_.clear(); }
    [[nodiscard]] const NetworkCounts& counts() const noexcept { return counts_; }
    [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_.size(); }

    // For the world.

    HostIndex add_host(std::string name);
    /// Puts all that has arrived by now into the sockets' buffers.
    void deliver();

    // For the sockets.

    [[nodiscard]] static SocketAddress address_of(HostIndex host);
    [[nodiscard]] std::optional<SocketAddress> resolve(std::string_view host) const;
    /// Binds; false when the address is in use. Port 0 gets an ephemeral one.
    [[nodiscard]] bool bind(SimSocket& socket);
    void unbind(SimSocket& socket);
    void send(const SimSocket& from, const SocketAddress& to, ConstBytes bytes);
    /// How many of the `count` datagrams of one send() call are taken.
    [[nodiscard]] std::size_t accepted(std::size_t count);

  private:
    struct Datagram {
        HostIndex to_host;
        SocketAddress source;
        SocketAddress destination;
        std::vector<std::byte> bytes;
    };
    struct LinkState {
        std::optional<LinkOptions> options;
        std::int64_t last_arrival_ns = 0;
    };
    using Arrival = std::pair<std::int64_t, std::uint64_t>;  // time, number

    [[nodiscard]] std::optional<HostIndex> host_of(HostIndex near, const SocketAddress& a) const;
    void transmit(HostIndex from, Datagram datagram);
    void enqueue(std::int64_t arrival_ns, Datagram datagram);
    void arrive(const Datagram& datagram);
    void drop(std::uint64_t NetworkCounts::*count, ConstBytes bytes);
    [[nodiscard]] std::uint16_t ephemeral_port(HostIndex host);

    NetworkOptions options_;
    Timeline& timeline_;
    Prng prng_;
    NetworkCounts counts_;
    std::vector<std::string> host_names_;
    std::map<HostIndex, std::uint16_t> next_port_;
    std::map<std::pair<HostIndex, HostIndex>, LinkState> links_;
    std::set<std::pair<HostIndex, HostIndex>> blocked_;
    std::map<std::pair<HostIndex, std::uint16_t>, std::vector<SimSocket*>> bound_;
    std::map<Arrival, Datagram> in_flight_;
    std::uint64_t next_number_ = 0;
};

}  // namespace tern::platform::sim
