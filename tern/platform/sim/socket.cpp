#include "tern/platform/sim/socket.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "tern/base/assert.hpp"

namespace tern::platform::sim {

namespace {

std::uint32_t effective(std::uint32_t requested) {
    return requested == 0 ? kDefaultSocketBuffer : std::min(requested, kMaxSocketBuffer);
}

}  // namespace

// SimSocket -------------------------------------------------------------------------------------

SimSocket::SimSocket(ProcessNetwork& process, VirtualNetwork& network, HostIndex host,
                     const Clock& clock, const UdpSocketOptions& options)
    : process_(process), network_(network), host_(host), clock_(clock), options_(options) {}

SimSocket::~SimSocket() {
    if (poller_ != nullptr) poller_->remove(*this);
    process_.forget(*this);
    close();
}

void SimSocket::close() {
    if (!open_) return;
    open_ = false;
    network_.unbind(*this);
    queue_.clear();
    queued_bytes_ = 0;
}

SendResult SimSocket::send(std::span<const Train> trains) noexcept {
    process_.on_call();
    SendResult result;
    std::size_t count = 0;
    for (const Train& train : trains) {
        TERN_ASSERT(train.segment_length > 0 || train.bytes.empty(),
                    "a train has a segment length");
        if (train.bytes.empty()) continue;
        count += (train.bytes.size() + train.segment_length - 1) / train.segment_length;
    }
    std::size_t room = open_ ? network_.accepted(count) : count;
    for (const Train& train : trains) {
        for (ConstBytes rest = train.bytes; !rest.empty(); --room) {
            if (room == 0) return result;
            const ConstBytes bytes =
                rest.first(std::min<std::size_t>(train.segment_length, rest.size()));
            if (bytes.size() > kMaxDatagramLength) {
                result.error = EMSGSIZE;
                return result;
            }
            if (train.destination->port() == 0) {
                result.error = EINVAL;
                return result;
            }
            if (open_) network_.send(*this, *train.destination, bytes);
            result.bytes += std::ssize(bytes);
            rest = rest.subspan(bytes.size());
        }
    }
    return result;
}

std::size_t SimSocket::receive(std::span<platform::Datagram> out) noexcept {
    process_.on_call();
    for (Received& received : handed_out_) network_.buffers().give_back(std::move(received.bytes));
    handed_out_.clear();
    while (!queue_.empty() && handed_out_.size() < out.size()) {
        queued_bytes_ -= queue_.front().bytes.size();
        handed_out_.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    for (std::size_t i = 0; i < handed_out_.size(); ++i) {
        Received& received = handed_out_[i];
        network_.on_taken(received.origin, host_);
        out[i] = {received.bytes, received.source, received.timestamp_ns};
    }
    return handed_out_.size();
}

bool SimSocket::connect(const SocketAddress& peer) noexcept {
    options_.peer = peer;
    return true;
}

std::uint32_t SimSocket::send_buffer_length() const {
    return effective(options_.send_buffer_length);
}

std::uint32_t SimSocket::receive_buffer_length() const {
    return effective(options_.receive_buffer_length);
}

void SimSocket::set_local_port(std::uint16_t port) {
    options_.bind_address = options_.bind_address.with_port(port);
}

/// The port is the same already.
bool SimSocket::accepts(const SocketAddress& destination) const {
    if (destination.is_multicast()) {
        return destination.bytes() == options_.multicast_group.bytes();
    }
    return local().is_wildcard() || local() == destination;
}

bool SimSocket::deliver(const SocketAddress& source, const Origin& origin,
                        std::vector<std::byte>&& bytes) {
    if (queued_bytes_ + bytes.size() > receive_buffer_length()) return false;
    queued_bytes_ += bytes.size();
    queue_.push_back(
        {source, origin, std::move(bytes), options_.receive_timestamps ? clock_.epoch_ns() : 0});
    return true;
}

// SimPoller -------------------------------------------------------------------------------------

SimPoller::~SimPoller() {
    for (auto& [socket, token] : sockets_) socket->poller_ = nullptr;
}

void SimPoller::add(UdpSocket& socket, std::uint64_t token) {
    auto& added = dynamic_cast<SimSocket&>(socket);
    TERN_ASSERT(added.poller_ == nullptr, "a socket is in one poller at most");
    added.poller_ = this;
    sockets_.emplace_back(&added, token);
}

void SimPoller::remove(UdpSocket& socket) {
    std::erase_if(sockets_, [&](const auto& entry) {
        if (entry.first != &socket) return false;
        entry.first->poller_ = nullptr;
        return true;
    });
}

std::size_t SimPoller::poll(std::span<std::uint64_t> tokens) noexcept {
    std::size_t count = 0;
    for (std::size_t i = 0; i < sockets_.size() && count < tokens.size(); ++i) {
        const auto& [socket, token] = sockets_[(first_ + i) % sockets_.size()];
        if (socket->is_readable()) tokens[count++] = token;
    }
    ++first_;
    return count;
}

// ProcessNetwork --------------------------------------------------------------------------------

void ProcessNetwork::cut_off() {
    cut_off_ = true;
    for (SimSocket* socket : sockets_) socket->close();
}

std::expected<std::unique_ptr<UdpSocket>, SocketFailure> ProcessNetwork::open(
    const UdpSocketOptions& options) {
    const SocketAddress& address = options.bind_address;
    const auto failure = [&](std::string_view reason, int error_number) {
        return std::unexpected(SocketFailure{
            fmt::format("bind UDP socket to {}: {}", address.to_string(), reason), error_number});
    };
    if (cut_off_) return failure("the process was killed", EIO);
    if (address.family() != SocketAddress::Family::ipv4) {
        return failure("the simulated network is IPv4 only", EAFNOSUPPORT);
    }
    const SocketAddress own = VirtualNetwork::address_of(host_).with_port(address.port());
    if (!address.is_wildcard() && !address.is_loopback() && address != own) {
        return failure("Cannot assign requested address", EADDRNOTAVAIL);
    }
    auto socket = std::make_unique<SimSocket>(*this, network_, host_, clock_, options);
    if (!network_.bind(*socket)) return failure("Address already in use", EADDRINUSE);
    sockets_.push_back(socket.get());
    return socket;
}

std::unique_ptr<SocketPoller> ProcessNetwork::make_poller() {
    return std::make_unique<SimPoller>();
}

std::expected<SocketAddress, std::string> ProcessNetwork::resolve(std::string_view host,
                                                                  std::uint16_t port,
                                                                  bool /*prefer_ipv6*/) {
    const auto address = network_.resolve(host);
    if (!address) return std::unexpected(fmt::format("cannot resolve host {}", host));
    return address->with_port(port);
}

std::vector<NetworkInterface> ProcessNetwork::interfaces() {
    NetworkInterface loopback;
    loopback.name = "lo";
    loopback.index = 1;
    loopback.address = SocketAddress::ipv4({127, 0, 0, 1}, 0);
    loopback.prefix_length = 8;
    loopback.loopback = true;
    loopback.up = true;
    NetworkInterface wire;
    wire.name = "eth0";
    wire.index = 2;
    wire.address = VirtualNetwork::address_of(host_);
    wire.prefix_length = 24;
    wire.multicast = true;
    wire.up = true;
    return {loopback, wire};
}

Network::BufferLimits ProcessNetwork::buffer_limits() {
    return {kDefaultSocketBuffer, kDefaultSocketBuffer, kMaxSocketBuffer, kMaxSocketBuffer};
}

}  // namespace tern::platform::sim
