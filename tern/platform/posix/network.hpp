#pragma once
// UDP of the system; stateless, any thread.

#include "tern/platform/network.hpp"

namespace tern::platform::posix {

/// Which offloads a socket tries; each falls back by itself where the kernel lacks it.
struct Offload {
    bool segmentation = true;  ///< UDP_SEGMENT: one system call and one walk per train
    bool coalescing = true;    ///< UDP_GRO: trains arrive in one piece and are split here
};

class PosixNetwork final : public Network {
  public:
    explicit PosixNetwork(Offload offload = {}) : offload_(offload) {}

    [[nodiscard]] std::expected<std::unique_ptr<UdpSocket>, SocketFailure> open(
        const UdpSocketOptions& options) override;
    [[nodiscard]] std::unique_ptr<SocketPoller> make_poller() override;
    [[nodiscard]] std::expected<SocketAddress, std::string> resolve(std::string_view host,
                                                                    std::uint16_t port,
                                                                    bool prefer_ipv6) override;
    [[nodiscard]] std::vector<NetworkInterface> interfaces() override;
    [[nodiscard]] BufferLimits buffer_limits() override;

  private:
    Offload offload_;
};

}  // namespace tern::platform::posix
