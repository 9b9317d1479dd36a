#pragma once
// UDP sockets of simulated processes, and the Network that opens them. Internal to sim/.

#include <deque>
#include <vector>

#include "tern/platform/clock.hpp"
#include "tern/platform/network.hpp"
#include "tern/platform/sim/network.hpp"
#include "tern/platform/sim/scheduler.hpp"

namespace tern::platform::sim {

class ProcessNetwork;
class SimPoller;

/// SO_SNDBUF and SO_RCVBUF of a socket that asks for nothing, and the most it can ask for.
inline constexpr std::uint32_t kDefaultSocketBuffer = 212'992;
inline constexpr std::uint32_t kMaxSocketBuffer = 16 * 1024 * 1024;

class SimSocket final : public UdpSocket {
  public:
    SimSocket(ProcessNetwork& process, VirtualNetwork& network, HostIndex host, const Clock& clock,
              const UdpSocketOptions& options);
    ~SimSocket() override;
    SimSocket(const SimSocket&) = delete;
    SimSocket& operator=(const SimSocket&) = delete;

    /// Leaves the network; sends go nowhere from here on.
    void close();

    // As the process sees it.
    SendResult send(std::span<const Train> trains) noexcept override;
    std::size_t receive(std::span<platform::Datagram> out) noexcept override;
    [[nodiscard]] bool connect(const SocketAddress& peer) noexcept override;
    [[nodiscard]] SocketAddress local_address() const override { return options_.bind_address; }
    [[nodiscard]] std::uint32_t send_buffer_length() const override;
    [[nodiscard]] std::uint32_t receive_buffer_length() const override;

    // As the network sees it.
    [[nodiscard]] HostIndex host() const noexcept { return host_; }
    [[nodiscard]] const SocketAddress& local() const noexcept { return options_.bind_address; }
    void set_local_port(std::uint16_t port);
    [[nodiscard]] bool reuses_address() const noexcept { return options_.reuse_address; }
    [[nodiscard]] bool accepts(const SocketAddress& destination) const;
    /// Connected sockets take from their peer only.
    [[nodiscard]] bool hears(const SocketAddress& source) const {
        return options_.peer.empty() || options_.peer == source;
    }
    /// False, and nothing taken, when the receive buffer is full.
    [[nodiscard]] bool deliver(const SocketAddress& source, const Origin& origin,
                               std::vector<std::byte>&& bytes);

    [[nodiscard]] bool is_readable() const noexcept { return !queue_.empty(); }

  private:
    friend class SimPoller;
    struct Received {
        SocketAddress source;
        Origin origin;
        std::vector<std::byte> bytes;
        std::int64_t timestamp_ns;
    };

    ProcessNetwork& process_;
    VirtualNetwork& network_;
    HostIndex host_;
    const Clock& clock_;
    UdpSocketOptions options_;
    bool open_ = true;
    std::deque<Received> queue_;
    std::size_t queued_bytes_ = 0;
    std::vector<Received> handed_out_;  // what the caller looks at until its next receive()
    SimPoller* poller_ = nullptr;
};

class SimPoller final : public SocketPoller {
  public:
    ~SimPoller() override;
    void add(UdpSocket& socket, std::uint64_t token) override;
    void remove(UdpSocket& socket) override;
    std::size_t poll(std::span<std::uint64_t> tokens) noexcept override;

  private:
    std::vector<std::pair<SimSocket*, std::uint64_t>> sockets_;  // in the order of add()
    std::size_t first_ = 0;
};

class ProcessNetwork final : public Network {
  public:
    ProcessNetwork(VirtualNetwork& network, HostIndex host, const Clock& clock,
                   Scheduler& scheduler)
        : network_(network), host_(host), clock_(clock), scheduler_(scheduler) {}

    /// Closes all sockets, for ever.
    void cut_off();
    void forget(SimSocket& socket) { std::erase(sockets_, &socket); }
    [[nodiscard]] std::size_t open_sockets() const noexcept { return sockets_.size(); }
    /// Before a call that sends or receives: others may run.
    void on_call() noexcept { scheduler_.on_platform_call(); }

    [[nodiscard]] std::expected<std::unique_ptr<UdpSocket>, SocketFailure> open(
        const UdpSocketOptions& options) override;
    [[nodiscard]] std::unique_ptr<SocketPoller> make_poller() override;
    [[nodiscard]] std::expected<SocketAddress, std::string> resolve(std::string_view host,
                                                                    std::uint16_t port,
                                                                    bool prefer_ipv6) override;
    [[nodiscard]] std::vector<NetworkInterface> interfaces() override;
    [[nodiscard]] BufferLimits buffer_limits() override;

  private:
    VirtualNetwork& network_;
    HostIndex host_;
    const Clock& clock_;
    Scheduler& scheduler_;
    std::vector<SimSocket*> sockets_;
    bool cut_off_ = false;
};

}  // namespace tern::platform::sim
