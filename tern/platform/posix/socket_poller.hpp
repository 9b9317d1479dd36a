#pragma once
// Readiness of many sockets by epoll, plus those that keep received datagrams themselves.
// Internal to posix/; users see tern/platform/network.hpp.

#include <vector>

#include "tern/platform/network.hpp"
#include "tern/platform/posix/file_descriptor.hpp"

namespace tern::platform::posix {

class PosixUdpSocket;

/// Level-triggered; a socket may be told twice in one poll. A socket is in one poller at most, and
/// leaves it when it is destroyed.
class PosixSocketPoller final : public SocketPoller {
  public:
    PosixSocketPoller();
    ~PosixSocketPoller() override;
    PosixSocketPoller(const PosixSocketPoller&) = delete;
    PosixSocketPoller& operator=(const PosixSocketPoller&) = delete;

    void add(UdpSocket& socket, std::uint64_t token) override;
    void remove(UdpSocket& socket) override;
    std::size_t poll(std::span<std::uint64_t> tokens) noexcept override;

  private:
    struct Entry {
        PosixUdpSocket* socket;
        std::uint64_t token;
    };
    FileDescriptor epoll_;
    std::vector<Entry> entries_;
    std::size_t first_ = 0;  // where poll() looks first, so that the last ones get their turn
};

}  // namespace tern::platform::posix
