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

PosixSocketPoller::~PosixSocketPoller() {
    for (const Entry& entry : entries_) entry.socket->poller_ = nullptr;
}

void PosixSocketPoller::add(UdpSocket& socket, std::uint64_t token) {
    auto& added = dynamic_cast<PosixUdpSocket&>(socket);
    TERN_ASSERT(added.poller_ == nullptr, "a socket is in one poller at most");
    if (entries_.size() == kFewSockets) {
        FileDescriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
        if (!epoll.valid()) fail("create a socket poller");
        for (const Entry& entry : entries_) watch(epoll, entry);
        epoll_ = std::move(epoll);
    }
    const Entry entry{&added, token};
    if (epoll_.valid()) watch(epoll_, entry);
    entries_.push_back(entry);
    questions_.push_back({.fd = added.fd(), .events = POLLIN, .revents = 0});
    added.poller_ = this;
}

void PosixSocketPoller::remove(UdpSocket& socket) {
    const auto entry = std::ranges::find_if(
        entries_, [&](const Entry& candidate) { return candidate.socket == &socket; });
    if (entry == entries_.end()) return;
    if (epoll_.valid()) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, entry->socket->fd(), nullptr);
    entry->socket->poller_ = nullptr;
    questions_.erase(questions_.begin() + (entry - entries_.begin()));
    entries_.erase(entry);
    if (epoll_.valid() && entries_.size() <= kFewSockets) epoll_.reset();
}

void PosixSocketPoller::watch(const FileDescriptor& epoll, const Entry& entry) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = entry.token;
    if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, entry.socket->fd(), &event) != 0) {
        fail("poll a socket");
    }
}

std::size_t PosixSocketPoller::poll(std::span<std::uint64_t> tokens) noexcept {
    std::size_t count = 0;
    for (std::size_t i = 0; i < entries_.size() && count < tokens.size(); ++i) {
        const Entry& entry = entries_[(first_ + i) % entries_.size()];
        if (entry.socket->has_kept()) tokens[count++] = entry.token;
    }
    ++first_;
    const auto room = tokens.subspan(count);
    if (entries_.empty() || room.empty()) return count;
    return count + (epoll_.valid() ? poll_many(room) : poll_few(room));
}

std::size_t PosixSocketPoller::poll_few(std::span<std::uint64_t> tokens) noexcept {
    if (::poll(questions_.data(), questions_.size(), 0) <= 0) return 0;
    std::size_t count = 0;
    for (std::size_t i = 0; i < questions_.size() && count < tokens.size(); ++i) {
        const std::size_t index = (first_ + i) % questions_.size();
        if (questions_[index].revents != 0) tokens[count++] = entries_[index].token;
    }
    return count;
}

std::size_t PosixSocketPoller::poll_many(std::span<std::uint64_t> tokens) noexcept {
    std::array<epoll_event, kMaxEventsPerPoll> events;
    const std::size_t room = std::min(tokens.size(), events.size());
    const int ready = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(room), 0);
    std::size_t count = 0;
    for (int i = 0; i < ready; ++i) tokens[count++] = events[static_cast<std::size_t>(i)].data.u64;
    return count;
}

}  // namespace tern::platform::posix
