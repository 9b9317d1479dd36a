#include "tern/platform/sim/network.hpp"

#include <algorithm>

#include "tern/base/assert.hpp"
#include "tern/platform/sim/socket.hpp"

namespace tern::platform::sim {

namespace {
constexpr std::uint16_t kFirstEphemeralPort = 40'000;
}

// Topology --------------------------------------------------------------------------------------

HostIndex VirtualNetwork::add_host(std::string name) {
    TERN_ASSERT(host_names_.size() < kMaxHosts, "the simulated network has room for the host");
    host_names_.push_back(std::move(name));
    return static_cast<HostIndex>(host_names_.size() - 1);
}

SocketAddress VirtualNetwork::address_of(HostIndex host) {
    return SocketAddress::ipv4({10, 0, 0, static_cast<std::uint8_t>(host + 1)}, 0);
}

std::optional<SocketAddress> VirtualNetwork::resolve(std::string_view host) const {
    if (host == "localhost") return SocketAddress::ipv4({127, 0, 0, 1}, 0);
    const auto found = std::ranges::find(host_names_, host);
    if (found != host_names_.end()) {
        return address_of(static_cast<HostIndex>(found - host_names_.begin()));
    }
    const auto numeric = SocketAddress::parse(std::string(host) + ":0");
    if (numeric) return *numeric;
    return std::nullopt;
}

/// The host that an address means to the host `near`.
std::optional<HostIndex> VirtualNetwork::host_of(HostIndex near, const SocketAddress& a) const {
    if (a.is_loopback()) return near;
    for (HostIndex host = 0; host < host_names_.size(); ++host) {
        if (address_of(host).with_port(a.port()) == a) return host;
    }
    return std::nullopt;
}

void VirtualNetwork::set_link(HostIndex from, HostIndex to, const LinkOptions& options) {
    links_[{from, to}].options = options;
}

void VirtualNetwork::isolate(HostIndex host) {
    for (HostIndex other = 0; other < host_names_.size(); ++other) {
        if (other == host) continue;
        block(host, other);
        block(other, host);
    }
}

// Sockets ---------------------------------------------------------------------------------------

bool VirtualNetwork::bind(SimSocket& socket) {
    if (socket.local().port() == 0) socket.set_local_port(ephemeral_port(socket.host()));
    auto& there = bound_[{socket.host(), socket.local().port()}];
    const bool in_use = std::ranges::any_of(there, [&](const SimSocket* other) {
        const bool overlap = other->local() == socket.local() || other->local().is_wildcard() ||
                             socket.local().is_wildcard();
        return overlap && !(other->reuses_address() && socket.reuses_address());
    });
    if (!in_use) there.push_back(&socket);
    return !in_use;
}

void VirtualNetwork::unbind(SimSocket& socket) {
    const auto there = bound_.find({socket.host(), socket.local().port()});
    if (there == bound_.end()) return;
    std::erase(there->second, &socket);
    if (there->second.empty()) bound_.erase(there);
}

std::uint16_t VirtualNetwork::ephemeral_port(HostIndex host) {
    std::uint16_t& next = next_port_[host];
    do {
        next =
            next < kFirstEphemeralPort ? kFirstEphemeralPort : static_cast<std::uint16_t>(next + 1);
    } while (bound_.contains({host, next}));
    return next;
}

// Datagrams -------------------------------------------------------------------------------------

std::size_t VirtualNetwork::accepted(std::size_t count) {
    if (count == 0 || !prng_.chance(options_.short_send_ppm)) return count;
    ++counts_.short_sends;
    return static_cast<std::size_t>(prng_.next() % count);
}

void VirtualNetwork::send(const SimSocket& from, const SocketAddress& to, ConstBytes bytes) {
    const auto datagram_for = [&](HostIndex host) {
        SocketAddress source = from.local();
        if (source.is_wildcard()) {
            const SocketAddress own =
                to.is_loopback() ? SocketAddress::ipv4({127, 0, 0, 1}, 0) : address_of(from.host());
            source = own.with_port(source.port());
        }
        return Datagram{host, source, to, {bytes.begin(), bytes.end()}};
    };
    if (to.is_multicast()) {
        for (HostIndex host = 0; host < host_names_.size(); ++host) {
            const auto there = bound_.find({host, to.port()});
            if (there == bound_.end()) continue;
            if (std::ranges::any_of(there->second,
                                    [&](const SimSocket* socket) { return socket->accepts(to); })) {
                transmit(from.host(), datagram_for(host));
            }
        }
        return;
    }
    const auto host = host_of(from.host(), to);
    const bool leaves_loopback = from.local().is_loopback() && host != from.host();
    if (host && !leaves_loopback) {
        transmit(from.host(), datagram_for(*host));
    } else {
        drop(&NetworkCounts::unreachable, bytes);
    }
}

void VirtualNetwork::transmit(HostIndex from, Datagram datagram) {
    LinkState& state = links_[{from, datagram.to_host}];
    const LinkOptions& fallback = from == datagram.to_host ? options_.loopback : options_.link;
    const LinkOptions& link = state.options ? *state.options : fallback;
    ++counts_.sent;
    timeline_.note(Event::datagram_sent, std::hash<SocketAddress>{}(datagram.source),
                   std::hash<SocketAddress>{}(datagram.destination), hash_of(datagram.bytes));
    if (blocked_.contains({from, datagram.to_host})) {
        return drop(&NetworkCounts::blocked, datagram.bytes);
    }
    if (prng_.chance(link.loss_ppm) || in_flight_.size() >= kMaxInFlight) {
        return drop(&NetworkCounts::lost, datagram.bytes);
    }
    if (prng_.chance(link.duplicate_ppm)) {
        ++counts_.duplicated;
        enqueue(timeline_.now_ns() + prng_.between(link.delay_ns), datagram);
    }
    std::int64_t arrival_ns = timeline_.now_ns() + prng_.between(link.delay_ns);
    if (prng_.chance(link.reorder_ppm)) {
        ++counts_.reordered;
        arrival_ns += prng_.between(link.reorder_delay_ns);
    } else {
        arrival_ns = std::max(arrival_ns, state.last_arrival_ns);
        state.last_arrival_ns = arrival_ns;
    }
    enqueue(arrival_ns, std::move(datagram));
}

void VirtualNetwork::enqueue(std::int64_t arrival_ns, Datagram datagram) {
    in_flight_.emplace(Arrival{arrival_ns, next_number_++}, std::move(datagram));
}

void VirtualNetwork::deliver() {
    while (!in_flight_.empty() && in_flight_.begin()->first.first <= timeline_.now_ns()) {
        const auto arrived = in_flight_.extract(in_flight_.begin());
        arrive(arrived.mapped());
    }
}

void VirtualNetwork::arrive(const Datagram& datagram) {
    const auto there = bound_.find({datagram.to_host, datagram.destination.port()});
    bool reached = false;
    if (there != bound_.end()) {
        for (SimSocket* socket : there->second) {
            if (!socket->accepts(datagram.destination)) continue;
            reached = true;
            if (socket->deliver(datagram.source, datagram.bytes)) {
                ++counts_.delivered;
                timeline_.note(Event::datagram_delivered,
                               std::hash<SocketAddress>{}(datagram.destination),
                               hash_of(datagram.bytes));
            } else {
                drop(&NetworkCounts::overflowed, datagram.bytes);
            }
            if (!datagram.destination.is_multicast()) break;
        }
    }
    if (!reached) drop(&NetworkCounts::unreachable, datagram.bytes);
}

void VirtualNetwork::drop(std::uint64_t NetworkCounts::*count, ConstBytes bytes) {
    ++(counts_.*count);
    timeline_.note(Event::datagram_dropped, hash_of(bytes));
}

}  // namespace tern::platform::sim
