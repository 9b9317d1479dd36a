#include "tern/driver/loss_network.hpp"

#include <algorithm>
#include <utility>

namespace tern::driver {

namespace {

class LossSocket final : public platform::UdpSocket {
  public:
    LossSocket(std::unique_ptr<platform::UdpSocket> real,
               std::vector<std::unique_ptr<LossRule>> rules)
        : real_(std::move(real)), rules_(std::move(rules)) {}

    [[nodiscard]] platform::UdpSocket& real() noexcept { return *real_; }

    platform::SendResult send(std::span<const platform::Train> trains) noexcept override {
        return real_->send(trains);
    }
    std::size_t receive(std::span<platform::Datagram> out) noexcept override {
        const auto received = out.first(real_->receive(out));
        const auto lost = std::ranges::remove_if(
            received, [this](const platform::Datagram& datagram) { return loses(datagram.bytes); });
        return received.size() - lost.size();
    }
    [[nodiscard]] bool connect(const platform::SocketAddress& peer) noexcept override {
        return real_->connect(peer);
    }
    [[nodiscard]] platform::SocketAddress local_address() const override {
        return real_->local_address();
    }
    [[nodiscard]] std::uint32_t send_buffer_length() const override {
        return real_->send_buffer_length();
    }
    [[nodiscard]] std::uint32_t receive_buffer_length() const override {
        return real_->receive_buffer_length();
    }

  private:
    [[nodiscard]] bool loses(ConstBytes datagram) const {
        return std::ranges::any_of(rules_, [&](const auto& rule) { return rule->loses(datagram); });
    }

    std::unique_ptr<platform::UdpSocket> real_;
    std::vector<std::unique_ptr<LossRule>> rules_;
};

class LossPoller final : public platform::SocketPoller {
  public:
    explicit LossPoller(std::unique_ptr<platform::SocketPoller> real) : real_(std::move(real)) {}
    void add(platform::UdpSocket& socket, std::uint64_t token) override {
        real_->add(static_cast<LossSocket&>(socket).real(), token);
    }
    void remove(platform::UdpSocket& socket) override {
        real_->remove(static_cast<LossSocket&>(socket).real());
    }
    std::size_t poll(std::span<std::uint64_t> tokens) noexcept override {
        return real_->poll(tokens);
    }

  private:
    std::unique_ptr<platform::SocketPoller> real_;
};

}  // namespace

LossNetwork::LossNetwork(platform::Network& real, LossConfig config)
    : real_(real), config_(std::move(config)) {
    static_cast<void>(make_loss_rules(config_));  // refuses now what it would refuse later
}

std::expected<std::unique_ptr<platform::UdpSocket>, platform::SocketFailure> LossNetwork::open(
    const platform::UdpSocketOptions& options) {
    auto socket = real_.open(options);
    if (!socket) return socket;
    return std::make_unique<LossSocket>(std::move(*socket), make_loss_rules(config_));
}

std::unique_ptr<platform::SocketPoller> LossNetwork::make_poller() {
    return std::make_unique<LossPoller>(real_.make_poller());
}

}  // namespace tern::driver
