#include "tern/platform/posix/network.hpp"

#include <fmt/core.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>

#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

#include "tern/platform/posix/file_descriptor.hpp"
#include "tern/platform/posix/sockaddr.hpp"
#include "tern/platform/posix/socket_poller.hpp"
#include "tern/platform/posix/udp_socket.hpp"

namespace tern::platform::posix {

namespace {

std::uint8_t prefix_length_of(const SocketAddress& netmask) {
    int bits = 0;
    for (const std::uint8_t byte : netmask.bytes()) bits += std::popcount(byte);
    return static_cast<std::uint8_t>(bits);
}

std::uint32_t read_limit(const char* path) {
    unsigned limit = 0;
    if (std::FILE* file = std::fopen(path, "re")) {
        if (std::fscanf(file, "%u", &limit) != 1) limit = 0;
        std::fclose(file);
    }
    return limit;
}

std::uint32_t buffer_length(int fd, int option) {
    int length = 0;
    socklen_t size = sizeof(length);
    if (::getsockopt(fd, SOL_SOCKET, option, &length, &size) != 0) return 0;
    return static_cast<std::uint32_t>(length);
}

}  // namespace

std::expected<std::unique_ptr<UdpSocket>, SocketFailure> PosixNetwork::open(
    const UdpSocketOptions& options) {
    auto socket = PosixUdpSocket::open(options, offload_);
    if (!socket) return std::unexpected(std::move(socket.error()));
    return std::unique_ptr<UdpSocket>(std::move(*socket));
}

std::unique_ptr<SocketPoller> PosixNetwork::make_poller() {
    return std::make_unique<PosixSocketPoller>();
}

std::expected<SocketAddress, std::string> PosixNetwork::resolve(std::string_view host,
                                                                std::uint16_t port,
                                                                bool prefer_ipv6) {
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const std::string name(host);
    if (name.empty()) return std::unexpected("cannot resolve an empty host name");

    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_DGRAM;
    addrinfo* answers = nullptr;
    const int result = ::getaddrinfo(name.c_str(), nullptr, &hints, &answers);
    if (result != 0) {
        const std::string reason = result == EAI_SYSTEM ? std::generic_category().message(errno)
                                                        : std::string(::gai_strerror(result));
        return std::unexpected(fmt::format("cannot resolve host {}: {}", name, reason));
    }
    const auto preferred = prefer_ipv6 ? SocketAddress::Family::ipv6 : SocketAddress::Family::ipv4;
    SocketAddress chosen;
    for (const addrinfo* answer = answers; answer != nullptr; answer = answer->ai_next) {
        const SocketAddress address = from_system(answer->ai_addr);
        if (chosen.empty() || (chosen.family() != preferred && address.family() == preferred)) {
            chosen = address;
        }
    }
    ::freeaddrinfo(answers);
    if (chosen.empty()) return std::unexpected(fmt::format("host {} has no IP address", name));
    return chosen.with_port(port);
}

std::vector<NetworkInterface> PosixNetwork::interfaces() {
    std::vector<NetworkInterface> found;
    ifaddrs* entries = nullptr;
    if (::getifaddrs(&entries) != 0) return found;
    for (const ifaddrs* entry = entries; entry != nullptr; entry = entry->ifa_next) {
        const SocketAddress address = from_system(entry->ifa_addr);
        if (address.empty()) continue;
        NetworkInterface& added = found.emplace_back();
        added.name = entry->ifa_name;
        added.index = ::if_nametoindex(entry->ifa_name);
        added.address = address;
        added.prefix_length = prefix_length_of(from_system(entry->ifa_netmask));
        added.loopback = (entry->ifa_flags & IFF_LOOPBACK) != 0;
        added.multicast = (entry->ifa_flags & IFF_MULTICAST) != 0;
        added.up = (entry->ifa_flags & IFF_UP) != 0;
    }
    ::freeifaddrs(entries);
    return found;
}

Network::BufferLimits PosixNetwork::buffer_limits() {
    BufferLimits limits;
    const FileDescriptor fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (fd.valid()) {
        limits.default_send = buffer_length(fd.get(), SO_SNDBUF);
        limits.default_receive = buffer_length(fd.get(), SO_RCVBUF);
    }
    limits.max_send = read_limit("/proc/sys/net/core/wmem_max");
    limits.max_receive = read_limit("/proc/sys/net/core/rmem_max");
    return limits;
}

}  // namespace tern::platform::posix
