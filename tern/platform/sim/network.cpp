#include "tern/platform/sim/network.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "tern/base/assert.hpp"
#include "tern/platform/sim/damage.hpp"
#include "tern/platform/sim/socket.hpp"

namespace tern::platform::sim {

namespace {

constexpr std::uint16_t kFirstEphemeralPort = 40'000;
constexpr std::size_t kMaxPooledBuffers = 1024;
constexpr std::int64_t kMaxQueueLength = std::int64_t{1} << 30;
constexpr std::int64_t kNsPerSecond = 1'000'000'000;

/// For the timeline: all that tells the addresses of this network apart, which is IPv4 only.
std::uint64_t number_of(const SocketAddress& address) {
    return std::uint64_t{load<std::uint32_t>(std::as_bytes(std::span(address.bytes())).data())}
               << 16 |
           address.port();
}

}  // namespace

// BufferPool ------------------------------------------------------------------------------------

std::vector<std::byte> BufferPool::copy_of(ConstBytes bytes) {
    std::vector<std::byte> buffer;
    if (!free_.empty()) {
        buffer = std::move(free_.back());
        free_.pop_back();
    }
    buffer.assign(bytes.begin(), bytes.end());
    return buffer;
}

void BufferPool::give_back(std::vector<std::byte>&& buffer) {
    const bool is_one = buffer.capacity() > 0;  // it may have been moved elsewhere
    if (is_one && free_.size() < kMaxPooledBuffers) free_.push_back(std::move(buffer));
}

// Topology --------------------------------------------------------------------------------------

HostIndex VirtualNetwork::add_host(std::string name) {
    TERN_ASSERT(hosts_.size() < kMaxHosts, "the simulated network has room for the host");
    hosts_.push_back({.name = std::move(name), .bound = {}, .links = {}});
    for (HostState& host : hosts_) host.links.resize(hosts_.size());
    return static_cast<HostIndex>(hosts_.size() - 1);
}

SocketAddress VirtualNetwork::address_of(HostIndex host) {
    return SocketAddress::ipv4({10, 0, 0, static_cast<std::uint8_t>(host + 1)}, 0);
}

std::optional<SocketAddress> VirtualNetwork::resolve(std::string_view host) const {
    if (host == "localhost") return SocketAddress::ipv4({127, 0, 0, 1}, 0);
    const auto found = std::ranges::find(hosts_, host, &HostState::name);
    if (found != hosts_.end()) return address_of(static_cast<HostIndex>(found - hosts_.begin()));
    const auto numeric = SocketAddress::parse(std::string(host) + ":0");
    if (numeric) return *numeric;
    return std::nullopt;
}

/// The host that an address means to the host `near`.
std::optional<HostIndex> VirtualNetwork::host_of(HostIndex near, const SocketAddress& a) const {
    if (a.is_loopback()) return near;
    const auto& bytes = a.bytes();
    if (a.family() != SocketAddress::Family::ipv4 || bytes[0] != 10 || bytes[1] != 0 ||
        bytes[2] != 0 || bytes[3] == 0 || bytes[3] > hosts_.size()) {
        return std::nullopt;
    }
    return bytes[3] - 1;
}

VirtualNetwork::Link& VirtualNetwork::link(HostIndex from, HostIndex to) {
    TERN_ASSERT(from < hosts_.size() && to < hosts_.size(), "a link is between hosts that exist");
    return hosts_[from].links[to];
}

void VirtualNetwork::set_link(HostIndex from, HostIndex to, const LinkOptions& options) {
    link(from, to).options = options;
}

void VirtualNetwork::stall(HostIndex from, HostIndex to, std::int64_t duration_ns) {
    std::int64_t& until_ns = link(from, to).stalled_until_ns;
    until_ns = std::max(until_ns, timeline_.now_ns() + duration_ns);
}

void VirtualNetwork::block(HostIndex from, HostIndex to) { link(from, to).is_blocked = true; }

void VirtualNetwork::unblock(HostIndex from, HostIndex to) { link(from, to).is_blocked = false; }

void VirtualNetwork::isolate(HostIndex host) {
    for (HostIndex other = 0; other < hosts_.size(); ++other) {
        if (other == host) continue;
        block(host, other);
        block(other, host);
    }
}

void VirtualNetwork::partition(const std::vector<std::vector<HostIndex>>& groups) {
    const auto is_in = [](const std::vector<HostIndex>& group, HostIndex host) {
        return std::ranges::find(group, host) != group.end();
    };
    const auto is_grouped = [&](HostIndex host) {
        return std::ranges::any_of(groups, [&](const auto& group) { return is_in(group, host); });
    };
    for (HostIndex from = 0; from < hosts_.size(); ++from) {
        for (HostIndex to = 0; to < hosts_.size(); ++to) {
            const bool together = std::ranges::any_of(
                groups, [&](const auto& group) { return is_in(group, from) && is_in(group, to); });
            link(from, to).is_blocked =
                from != to && !together && is_grouped(from) && is_grouped(to);
        }
    }
}

void VirtualNetwork::heal() {
    for (HostState& host : hosts_) {
        for (Link& link : host.links) link.is_blocked = false;
    }
}

// Sockets ---------------------------------------------------------------------------------------

std::span<SimSocket* const> VirtualNetwork::bound(HostIndex host, std::uint16_t port) const {
    const auto found = hosts_[host].bound.find(port);
    if (found == hosts_[host].bound.end()) return {};
    return found->second;
}

bool VirtualNetwork::bind(SimSocket& socket) {
    HostState& host = hosts_[socket.host()];
    if (socket.local().port() == 0) socket.set_local_port(ephemeral_port(host));
    auto& there = host.bound[socket.local().port()];
    const bool in_use = std::ranges::any_of(there, [&](const SimSocket* other) {
        const bool overlap = other->local() == socket.local() || other->local().is_wildcard() ||
                             socket.local().is_wildcard();
        return overlap && !(other->reuses_address() && socket.reuses_address());
    });
    if (!in_use) there.push_back(&socket);
    return !in_use;
}

void VirtualNetwork::unbind(SimSocket& socket) {
    auto& all = hosts_[socket.host()].bound;
    const auto there = all.find(socket.local().port());
    if (there == all.end()) return;
    std::erase(there->second, &socket);
    if (there->second.empty()) all.erase(there);
}

std::uint16_t VirtualNetwork::ephemeral_port(HostState& host) {
    std::uint16_t& next = host.next_port;
    do {
        next =
            next < kFirstEphemeralPort ? kFirstEphemeralPort : static_cast<std::uint16_t>(next + 1);
    } while (host.bound.contains(next));
    return next;
}

// Sending ---------------------------------------------------------------------------------------

std::size_t VirtualNetwork::accepted(std::size_t count) {
    if (count == 0 || !prng_.chance(options_.short_send_ppm)) return count;
    ++counts_.short_sends;
    return static_cast<std::size_t>(prng_.next() % count);
}

void VirtualNetwork::send(const SimSocket& from, const SocketAddress& to, ConstBytes bytes) {
    Route route{from.local(), to};
    if (route.source.is_wildcard()) {
        const SocketAddress own =
            to.is_loopback() ? SocketAddress::ipv4({127, 0, 0, 1}, 0) : address_of(from.host());
        route.source = own.with_port(route.source.port());
    }
    const std::uint64_t hash = hash_of(bytes);
    if (to.is_multicast()) {
        for (HostIndex host = 0; host < hosts_.size(); ++host) {
            if (std::ranges::any_of(bound(host, to.port()),
                                    [&](const SimSocket* socket) { return socket->accepts(to); })) {
                transmit(from.host(), host, route, bytes, hash);
            }
        }
        return;
    }
    const auto host = host_of(from.host(), to);
    const bool leaves_loopback = from.local().is_loopback() && host != from.host();
    if (host && !leaves_loopback) {
        transmit(from.host(), *host, route, bytes, hash);
    } else {
        drop(&NetworkCounts::unreachable, hash);
    }
}

void VirtualNetwork::transmit(HostIndex from, HostIndex to, const Route& route, ConstBytes bytes,
                              std::uint64_t hash) {
    Link& link = hosts_[from].links[to];
    const LinkOptions& fallback = from == to ? options_.loopback : options_.link;
    const LinkOptions& options = link.options ? *link.options : fallback;
    ++counts_.sent;
    timeline_.note(Event::datagram_sent, number_of(route.source), number_of(route.destination),
                   hash);
    if (link.is_blocked) return drop(&NetworkCounts::blocked, hash);
    if (is_lost(link, options) || arrivals_.size() >= kMaxInFlight) {
        if (on_loss_) on_loss_(to, bytes);
        return drop(&NetworkCounts::lost, hash);
    }
    const auto left_ns = pass_queue(link, options, bytes.size());
    if (!left_ns) return drop(&NetworkCounts::congested, hash);
    if (prng_.chance(options.stall_ppm)) {
        ++counts_.stalls;
        stall(from, to, prng_.between(options.stall_ns));
    }
    const auto next_arrival_ns = [&] {
        return std::max(*left_ns + prng_.between(options.delay_ns), link.stalled_until_ns);
    };
    if (prng_.chance(options.duplicate_ppm)) {
        ++counts_.duplicated;
        enqueue(next_arrival_ns(), from, to, route, bytes, hash);
    }
    if (prng_.chance(options.damaged_copy_ppm)) {
        damage_in_flight(enqueue(next_arrival_ns(), from, to, route, bytes, hash));
    }
    std::int64_t arrival_ns = next_arrival_ns();
    if (prng_.chance(options.reorder_ppm)) {
        ++counts_.reordered;
        arrival_ns += prng_.between(options.reorder_delay_ns);
    } else {
        arrival_ns = std::max(arrival_ns, link.last_arrival_ns);
        link.last_arrival_ns = arrival_ns;
    }
    Datagram& datagram = enqueue(arrival_ns, from, to, route, bytes, hash);
    if (prng_.chance(options.damage_ppm)) damage_in_flight(datagram);
}

bool VirtualNetwork::is_lost(Link& link, const LinkOptions& options) {
    if (options.burst_begin_ppm == 0) {
        link.is_in_burst = false;
    } else if (link.is_in_burst) {
        link.is_in_burst = !prng_.chance(options.burst_end_ppm);
    } else {
        link.is_in_burst = prng_.chance(options.burst_begin_ppm);
    }
    return prng_.chance(link.is_in_burst ? options.burst_loss_ppm : options.loss_ppm);
}

std::optional<std::int64_t> VirtualNetwork::pass_queue(Link& link, const LinkOptions& options,
                                                       std::size_t length) {
    const std::int64_t now_ns = timeline_.now_ns();
    if (options.bytes_per_second == 0) return now_ns;
    TERN_ASSERT(options.queue_length >= 0 && options.queue_length <= kMaxQueueLength,
                "a link's queue is 0 to 2^30 bytes long");
    const auto time_of = [&](std::int64_t bytes) {
        return bytes * kNsPerSecond / options.bytes_per_second;
    };
    const std::int64_t begin_ns = std::max(now_ns, link.queue_empty_ns);
    if (begin_ns - now_ns > time_of(options.queue_length)) return std::nullopt;
    link.queue_empty_ns = begin_ns + time_of(static_cast<std::int64_t>(length));
    return link.queue_empty_ns;
}

VirtualNetwork::Datagram& VirtualNetwork::enqueue(std::int64_t arrival_ns, HostIndex from,
                                                  HostIndex to, const Route& route,
                                                  ConstBytes bytes, std::uint64_t hash) {
    if (free_slots_.empty()) {
        free_slots_.push_back(static_cast<std::uint32_t>(datagrams_.size()));
        datagrams_.emplace_back();
    }
    const std::uint32_t slot = free_slots_.back();
    free_slots_.pop_back();
    datagrams_[slot] = {route, {from, timeline_.now_ns()}, to, hash, buffers_.copy_of(bytes)};
    arrivals_.push_back({arrival_ns, next_number_++, slot});
    std::ranges::push_heap(arrivals_, std::greater<>());
    return datagrams_[slot];
}

void VirtualNetwork::damage_in_flight(Datagram& datagram) {
    ++counts_.damaged;
    damage(datagram.bytes, prng_);
    datagram.origin.is_damaged = true;
    datagram.hash = hash_of(datagram.bytes);
}

// Arriving --------------------------------------------------------------------------------------

void VirtualNetwork::deliver() {
    while (!arrivals_.empty() && arrivals_.front().time_ns <= timeline_.now_ns()) {
        const std::uint32_t slot = arrivals_.front().slot;
        std::ranges::pop_heap(arrivals_, std::greater<>());
        arrivals_.pop_back();
        arrive(datagrams_[slot]);
        free_slots_.push_back(slot);
    }
}

void VirtualNetwork::arrive(Datagram& datagram) {
    const auto& [source, destination] = datagram.route;
    bool reached = false;
    for (SimSocket* socket : bound(datagram.to_host, destination.port())) {
        if (!socket->accepts(destination) || !socket->hears(source)) continue;
        reached = true;
        const bool is_only = !destination.is_multicast();
        if (socket->deliver(
                source, datagram.origin,
                is_only ? std::move(datagram.bytes) : buffers_.copy_of(datagram.bytes))) {
            ++counts_.delivered;
            timeline_.note(Event::datagram_delivered, number_of(destination), datagram.hash);
        } else {
            drop(&NetworkCounts::overflowed, datagram.hash);
        }
        if (is_only) break;
    }
    if (!reached) drop(&NetworkCounts::unreachable, datagram.hash);
    buffers_.give_back(std::move(datagram.bytes));
}

void VirtualNetwork::on_taken(const Origin& origin, HostIndex to) {
    const std::int64_t now_ns = timeline_.now_ns();
    if (origin.is_damaged || now_ns - origin.sent_ns > kLateNs) return;
    Link& link = hosts_[origin.host].links[to];
    const std::int64_t length_ns = now_ns - std::exchange(link.last_taken_ns, now_ns);
    if (length_ns >= kSilenceNs) link.silences.push_back({now_ns, length_ns});
}

Silence VirtualNetwork::silence(HostIndex from, HostIndex to, std::int64_t since_ns) const {
    const Link& link = hosts_[from].links[to];
    Silence found;
    const auto add = [&found](std::int64_t length_ns) {
        found.longest_ns = std::max(found.longest_ns, length_ns);
        found.total_ns += length_ns;
    };
    const std::int64_t present_ns = timeline_.now_ns() - link.last_taken_ns;
    if (present_ns >= kSilenceNs) add(present_ns);
    for (const Gap& gap : link.silences) {
        if (gap.end_ns >= since_ns) add(gap.length_ns);
    }
    return found;
}

void VirtualNetwork::drop(std::uint64_t NetworkCounts::*count, std::uint64_t hash) {
    ++(counts_.*count);
    timeline_.note(Event::datagram_dropped, hash);
}

}  // namespace tern::platform::sim
