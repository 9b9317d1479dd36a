#pragma once
// The network between the simulated hosts: IPv4 UDP, unicast and multicast.
//
// A host has the address 10.0.0.<index + 1>, the loopback addresses 127.x.y.z, and its name.
// Datagrams in flight are ordered by the time of their arrival, then of their sending. They arrive
// while virtual time moves; a datagram for a full receive buffer, or for a port that nobody has
// bound, is dropped, as real ones are.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
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
/// For VirtualNetwork::silence().
inline constexpr std::int64_t kSilenceNs = 200'000'000;
inline constexpr std::int64_t kLateNs = 300'000'000;
/// Datagrams in flight; more are dropped.
inline constexpr std::size_t kMaxInFlight = 262'144;

struct NetworkCounts {
    std::uint64_t sent = 0;        ///< datagrams, a multicast one once per receiving host
    std::uint64_t delivered = 0;   ///< to a socket's buffer
    std::uint64_t lost = 0;        ///< by the link's chance, or kMaxInFlight
    std::uint64_t congested = 0;   ///< the link's queue was full
    std::uint64_t blocked = 0;     ///< by a partition
    std::uint64_t duplicated = 0;  ///< extra copies
    std::uint64_t reordered = 0;
    std::uint64_t damaged = 0;      ///< copies included
    std::uint64_t stalls = 0;       ///< of links, by chance
    std::uint64_t overflowed = 0;   ///< the receive buffer was full
    std::uint64_t unreachable = 0;  ///< nobody bound the address
    std::uint64_t short_sends = 0;
};

/// What a datagram does not tell of where it comes from.
struct Origin {
    HostIndex host = 0;
    std::int64_t sent_ns = 0;
    bool is_damaged = false;
};

struct Silence {
    std::int64_t longest_ns = 0;
    std::int64_t total_ns = 0;
};

/// Buffers of datagrams, used again and again.
class BufferPool {
  public:
    [[nodiscard]] std::vector<std::byte> copy_of(ConstBytes bytes);
    void give_back(std::vector<std::byte>&& buffer);

  private:
    std::vector<std::vector<std::byte>> free_;
};

class VirtualNetwork {
  public:
    VirtualNetwork(const NetworkOptions& options, Timeline& timeline, Prng prng)
        : options_(options), timeline_(timeline), prng_(prng) {}

    // For tests and scenarios. Hosts are added before they are named here.

    [[nodiscard]] NetworkOptions& options() noexcept { return options_; }
    /// One direction between two hosts; from == to: that host's loopback. What is under way
    /// arrives when it would have. A dead link is one that loses all.
    void set_link(HostIndex from, HostIndex to, const LinkOptions& options);
    /// Nothing sent from now on arrives within `duration_ns`; then all of it arrives in a burst.
    void stall(HostIndex from, HostIndex to, std::int64_t duration_ns);
    /// Nothing sent from one to the other from now on arrives; what is in flight does.
    void block(HostIndex from, HostIndex to);
    void unblock(HostIndex from, HostIndex to);
    void isolate(HostIndex host);  ///< both directions, to and from all other hosts
    /// From now on two hosts reach each other if a group has both of them, or if one of them is in
    /// no group. Groups may overlap: {{0, 1}, {1, 2}} parts 0 and 2 only.
    void partition(const std::vector<std::vector<HostIndex>>& groups);
    void heal();  ///< no two hosts are blocked any more
    [[nodiscard]] const NetworkCounts& counts() const noexcept { return counts_; }
    /// Told of every datagram that a link loses by chance. At most one listener.
    using LossListener = std::function<void(HostIndex to, ConstBytes bytes)>;
    void on_loss(LossListener listener) { on_loss_ = std::move(listener); }
    [[nodiscard]] std::size_t in_flight() const noexcept { return arrivals_.size(); }
    /// The times of at least kSilenceNs in which no process of `to` took an undamaged datagram from
    /// `from` that was at most kLateNs old, of those that ended at or after `since_ns` (the present
    /// one does). Whatever the reason: cuts, losses, pauses, nothing to say.
    [[nodiscard]] Silence silence(HostIndex from, HostIndex to, std::int64_t since_ns) const;

    // For the world.

    HostIndex add_host(std::string name);
    /// Puts all that has arrived by now into the sockets' buffers.
    void deliver();
    /// INT64_MAX when nothing is in flight.
    [[nodiscard]] std::int64_t next_arrival_ns() const noexcept {
        return arrivals_.empty() ? INT64_MAX : arrivals_.front().time_ns;
    }

    // For the sockets.

    [[nodiscard]] static SocketAddress address_of(HostIndex host);
    [[nodiscard]] std::optional<SocketAddress> resolve(std::string_view host) const;
    /// Binds; false when the address is in use. Port 0 gets an ephemeral one.
    [[nodiscard]] bool bind(SimSocket& socket);
    void unbind(SimSocket& socket);
    void send(const SimSocket& from, const SocketAddress& to, ConstBytes bytes);
    /// How many of the `count` datagrams of one send() call are taken.
    [[nodiscard]] std::size_t accepted(std::size_t count);
    [[nodiscard]] BufferPool& buffers() noexcept { return buffers_; }
    /// A process of `to` takes a datagram out of its socket.
    void on_taken(const Origin& origin, HostIndex to);

  private:
    struct Gap {
        std::int64_t end_ns;
        std::int64_t length_ns;
    };
    struct Link {
        std::optional<LinkOptions> options;
        bool is_blocked = false;
        bool is_in_burst = false;  // of losses
        std::int64_t last_arrival_ns = 0;
        std::int64_t stalled_until_ns = 0;
        std::int64_t queue_empty_ns = 0;  // when the last of the queue has left
        std::int64_t last_taken_ns = 0;
        std::vector<Gap> silences{};  // those of kSilenceNs and more, in their order
    };
    struct HostState {
        std::string name;
        std::uint16_t next_port = 0;
        std::unordered_map<std::uint16_t, std::vector<SimSocket*>> bound;  // looked up only
        std::vector<Link> links;                                           // by receiving host
    };
    struct Route {
        SocketAddress source;
        SocketAddress destination;
    };
    struct Datagram {
        Route route;
        Origin origin;
        HostIndex to_host = 0;
        std::uint64_t hash = 0;  // of the bytes
        std::vector<std::byte> bytes;
    };
    struct Arrival {
        std::int64_t time_ns;
        std::uint64_t number;  // in the order of sending
        std::uint32_t slot;    // in datagrams_
        [[nodiscard]] bool operator>(const Arrival& other) const noexcept {
            return time_ns != other.time_ns ? time_ns > other.time_ns : number > other.number;
        }
    };

    [[nodiscard]] Link& link(HostIndex from, HostIndex to);
    [[nodiscard]] std::optional<HostIndex> host_of(HostIndex near, const SocketAddress& a) const;
    [[nodiscard]] std::span<SimSocket* const> bound(HostIndex host, std::uint16_t port) const;
    void transmit(HostIndex from, HostIndex to, const Route& route, ConstBytes bytes,
                  std::uint64_t hash);
    [[nodiscard]] bool is_lost(Link& link, const LinkOptions& options);
    /// When it has left the queue; nullopt when there was no room.
    [[nodiscard]] std::optional<std::int64_t> pass_queue(Link& link, const LinkOptions& options,
                                                         std::size_t length);
    Datagram& enqueue(std::int64_t arrival_ns, HostIndex from, HostIndex to, const Route& route,
                      ConstBytes bytes, std::uint64_t hash);
    void damage_in_flight(Datagram& datagram);
    void arrive(Datagram& datagram);
    void drop(std::uint64_t NetworkCounts::*count, std::uint64_t hash);
    [[nodiscard]] std::uint16_t ephemeral_port(HostState& host);

    NetworkOptions options_;
    Timeline& timeline_;
    Prng prng_;
    NetworkCounts counts_;
    LossListener on_loss_;
    std::vector<HostState> hosts_;
    BufferPool buffers_;
    std::vector<Datagram> datagrams_;  // those in flight, in no order
    std::vector<std::uint32_t> free_slots_;
    std::vector<Arrival> arrivals_;  // a heap, the next one first
    std::uint64_t next_number_ = 0;
};

}  // namespace tern::platform::sim
