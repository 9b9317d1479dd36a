#include "tern/platform/posix/socket_poller.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "tern/base/assert.hpp"
#include "tern/base/error.hpp"
#include "tern/platform/posix/udp_socket.hpp"

namespace tern::platform::posix {

namespace {

constexpr std::size_t kMaxEventsPerPoll = 64;

[[noreturn]] void fail(const char* operation) {
    throw Error(std::string(operation) + ": " + std::generic_category().message(errno));
}

}  // namespace

PosixSocketPoller::PosixSocketPoller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!epoll_.valid()) fail("create a socket poller");
}

PosixSocketPoller::~PosixSocketPoller() {
    for (const Entry& entry : entries_) entry.socket->poller_ = nullptr;
}

void PosixSocketPoller::add(UdpSocket& socket, std::uint64_t token) {
    auto& added = dynamic_cast<PosixUdpSocket&>(socket);
    TERN_ASSERT(added.poller_ == nullptr, "a socket is in one poller at most");
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = token;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, added.fd(), &event) != 0) fail("poll a socket");
    entries_.push_back({&added, token});
    added.poller_ = this;
}

void PosixSocketPoller::remove(UdpSocket& socket) {
    const auto entry = std::ranges::find_if(
        entries_, [&](const Entry& candidate) { return candidate.socket == &socket; });
    if (entry == entries_.end()) return;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, entry->socket->fd(), nullptr);
    entry->socket->poller_ = nullptr;
    entries_.erase(entry);
}

std::size_t PosixSocketPoller::poll(std::span<std::uint64_t> tokens) noexcept {
    std::size_t count = 0;
    for (std::size_t i = 0; i < entries_.size() && count < tokens.size(); ++i) {
        const Entry& entry = entries_[(first_ + i) % entries_.size()];
        if (entry.socket->has_kept()) tokens[count++] = entry.token;
    }
    ++first_;

    std::array<epoll_event, kMaxEventsPerPoll> events;
    const std::size_t room = std::min(tokens.size() - count, events.size());
    if (room == 0) return count;
    const int ready = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(room), 0);
    for (int i = 0; i < ready; ++i) tokens[count++] = events[static_cast<std::size_t>(i)].data.u64;
    return count;
}

}  // namespace tern::platform::posix
