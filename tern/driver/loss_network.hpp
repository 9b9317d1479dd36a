#pragma once
// A network of which some datagrams do not arrive: what makes loss rules of a whole driver's
// sockets (DSR-18.2).
//
// Thread safety: as of Network.

#include "tern/driver/loss_rules.hpp"
#include "tern/platform/network.hpp"

namespace tern::driver {

class LossNetwork final : public platform::Network {
  public:
    /// `real` outlives this. Throws ConfigurationError.
    LossNetwork(platform::Network& real, LossConfig config);

    std::expected<std::unique_ptr<platform::UdpSocket>, platform::SocketFailure> open(
        const platform::UdpSocketOptions& options) override;
    std::unique_ptr<platform::SocketPoller> make_poller() override;
    std::expected<platform::SocketAddress, std::string> resolve(std::string_view host,
                                                                std::uint16_t port,
                                                                bool prefer_ipv6) override {
        return real_.resolve(host, port, prefer_ipv6);
    }
    std::vector<platform::NetworkInterface> interfaces() override { return real_.interfaces(); }
    BufferLimits buffer_limits() override { return real_.buffer_limits(); }

  private:
    platform::Network& real_;
    const LossConfig config_;
};

}  // namespace tern::driver
