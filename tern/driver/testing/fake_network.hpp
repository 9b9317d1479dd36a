#pragma once
// An in-memory network for unit tests: datagrams travel between sockets of one FakeNetwork by
// address, at once, in order; a test may drop them, look at them, or make sockets refuse to send.

#include <algorithm>
#include <cerrno>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tern/platform/network.hpp"

namespace tern::driver::testing {

struct SentDatagram {
    platform::SocketAddress from;
    platform::SocketAddress to;
    std::vector<std::byte> bytes;
};

class FakeNetwork;

class FakeSocket final : public platform::UdpSocket {
  public:
    FakeSocket(FakeNetwork& network, platform::SocketAddress address)
        : network_(network), address_(address) {}
    ~FakeSocket() override;

    platform::SendResult send(std::span<const platform::Train> trains) noexcept override;
    std::size_t receive(std::span<platform::Datagram> out) noexcept override {
        handed_out_.clear();
        std::size_t count = 0;
        for (; count < out.size() && !arrived.empty(); ++count) {
            handed_out_.push_back(std::move(arrived.front()));
            arrived.pop_front();
            out[count].bytes = handed_out_.back().bytes;
            out[count].source = handed_out_.back().from;
            out[count].receive_timestamp_ns = arrival_time_ns();
        }
        return count;
    }
    [[nodiscard]] bool connect(const platform::SocketAddress& to) noexcept override {
        peer = to;
        return true;
    }
    [[nodiscard]] platform::SocketAddress local_address() const override { return address_; }
    [[nodiscard]] std::uint32_t send_buffer_length() const override { return 1 << 20; }
    [[nodiscard]] std::uint32_t receive_buffer_length() const override { return 1 << 20; }

    std::deque<SentDatagram> arrived;
    platform::SocketAddress peer;  ///< when connected
    std::size_t send_calls = 0;

  private:
    [[nodiscard]] std::int64_t arrival_time_ns() const;

    FakeNetwork& network_;
    platform::SocketAddress address_;
    std::deque<SentDatagram> handed_out_;
};

class FakePoller final : public platform::SocketPoller {
  public:
    void add(platform::UdpSocket& socket, std::uint64_t token) override {
        sockets_.emplace_back(static_cast<FakeSocket*>(&socket), token);
    }
    void remove(platform::UdpSocket& socket) override {
        std::erase_if(sockets_, [&](const auto& entry) { return entry.first == &socket; });
    }
    std::size_t poll(std::span<std::uint64_t> tokens) noexcept override {
        std::size_t count = 0;
        for (const auto& [socket, token] : sockets_) {
            if (!socket->arrived.empty() && count < tokens.size()) tokens[count++] = token;
        }
        return count;
    }

  private:
    std::vector<std::pair<FakeSocket*, std::uint64_t>> sockets_;
};

class FakeNetwork final : public platform::Network {
  public:
    std::expected<std::unique_ptr<platform::UdpSocket>, platform::SocketFailure> open(
        const platform::UdpSocketOptions& options) override {
        platform::SocketAddress address = options.bind_address;
        if (address.port() == 0) address = address.with_port(next_port_++);
        if (address.is_wildcard()) {
            address = platform::SocketAddress::ipv4({127, 0, 0, 1}, address.port());
        }
        if (sockets.contains(address.to_string()))
            return std::unexpected(platform::SocketFailure{"address in use", EADDRINUSE});
        auto socket = std::make_unique<FakeSocket>(*this, address);
        socket->peer = options.peer;
        sockets[address.to_string()] = socket.get();
        return socket;
    }
    std::unique_ptr<platform::SocketPoller> make_poller() override {
        return std::make_unique<FakePoller>();
    }
    std::expected<platform::SocketAddress, std::string> resolve(std::string_view host,
                                                                std::uint16_t port, bool) override {
        if (const auto known = hosts.find(std::string(host)); known != hosts.end()) {
            return known->second.with_port(port);
        }
        if (host == "localhost") return platform::SocketAddress::ipv4({127, 0, 0, 1}, port);
        const std::string text = host.find(':') == std::string_view::npos
                                     ? std::string(host) + ":" + std::to_string(port)
                                     : "[" + std::string(host) + "]:" + std::to_string(port);
        return platform::SocketAddress::parse(text);
    }
    std::vector<platform::NetworkInterface> interfaces() override { return interface_list; }
    BufferLimits buffer_limits() override { return {}; }

    void deliver(SentDatagram datagram) {
        if (keep_sent) sent.push_back(datagram);
        if (drop && drop(datagram)) return;
        const auto found = sockets.find(datagram.to.to_string());
        if (found == sockets.end()) return;
        FakeSocket& to = *found->second;
        if (to.peer.empty() || to.peer == datagram.from) to.arrived.push_back(std::move(datagram));
    }

    std::map<std::string, FakeSocket*> sockets;  ///< by address
    std::map<std::string, platform::SocketAddress> hosts;
    std::vector<platform::NetworkInterface> interface_list;
    std::vector<SentDatagram> sent;
    bool keep_sent = true;
    std::function<bool(const SentDatagram&)> drop;  ///< true: lost on the way
    std::int64_t sendable_datagrams = INT64_MAX;    ///< then sockets are full
    std::int64_t arrival_time_ns = 0;               ///< the kernel's, of whatever is received
    int send_error = 0;                             ///< errno of every send, if not 0

  private:
    std::uint16_t next_port_ = 50'000;
};

inline std::int64_t FakeSocket::arrival_time_ns() const { return network_.arrival_time_ns; }

inline FakeSocket::~FakeSocket() { network_.sockets.erase(address_.to_string()); }

inline platform::SendResult FakeSocket::send(std::span<const platform::Train> trains) noexcept {
    ++send_calls;
    platform::SendResult result{.bytes = 0, .error = network_.send_error};
    if (result.error != 0) return result;
    for (const platform::Train& train : trains) {
        for (std::size_t at = 0; at < train.bytes.size(); at += train.segment_length) {
            if (network_.sendable_datagrams-- <= 0) return result;
            const auto piece = train.bytes.subspan(
                at, std::min<std::size_t>(train.segment_length, train.bytes.size() - at));
            network_.deliver({address_, *train.destination, {piece.begin(), piece.end()}});
            result.bytes += static_cast<std::int64_t>(piece.size());
        }
    }
    return result;
}

}  // namespace tern::driver::testing
