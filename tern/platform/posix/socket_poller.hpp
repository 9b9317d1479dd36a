#pragma once
// Readiness of many sockets, plus those that keep received datagrams themselves.
// Internal to posix/; users see tern/platform/network.hpp.

#include <poll.h>

#include <vector>

#include "tern/platform/network.hpp"
#include "tern/platform/posix/file_descriptor.hpp"

namespace tern::platform::posix {

class PosixUdpSocket;

/// Up to this many sockets are asked with poll(2), more with epoll: an epoll set of few is dearer
/// to ask than its sockets are (docs/performance.md).
inline constexpr std::size_t kFewSockets = 16;

/// Level-triggered; a socket may be told twice in one poll. A socket is in one poller at most, and
/// leaves it when it is destroyed.
class PosixSocketPoller final : public SocketPoller {
  public:
    PosixSocketPoller() = default;
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
    static void watch(const FileDescriptor& epoll, const Entry& entry);
    std::size_t poll_few(std::span<std::uint64_t> tokens) noexcept;
    std::size_t poll_many(std::span<std::uint64_t> tokens) noexcept;

    FileDescriptor epoll_;  // open while there are more than kFewSockets
    std::vector<Entry> entries_;
    std::vector<pollfd> questions_;  // one for each entry
    std::size_t first_ = 0;  // where poll() looks first, so that the last ones get their turn
};

}  // namespace tern::platform::posix
