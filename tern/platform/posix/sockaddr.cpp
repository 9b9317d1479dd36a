#include "tern/platform/posix/sockaddr.hpp"

#include <cstring>

namespace tern::platform::posix {

socklen_t to_system(const SocketAddress& address, SystemAddress& system) noexcept {
    switch (address.family()) {
        case SocketAddress::Family::ipv4:
            system.ipv4 = {};
            system.ipv4.sin_family = AF_INET;
            system.ipv4.sin_port = htons(address.port());
            std::memcpy(&system.ipv4.sin_addr, address.bytes().data(), sizeof(in_addr));
            return sizeof(sockaddr_in);
        case SocketAddress::Family::ipv6:
            system.ipv6 = {};
            system.ipv6.sin6_family = AF_INET6;
            system.ipv6.sin6_port = htons(address.port());
            system.ipv6.sin6_scope_id = address.scope_id();
            std::memcpy(&system.ipv6.sin6_addr, address.bytes().data(), sizeof(in6_addr));
            return sizeof(sockaddr_in6);
        case SocketAddress::Family::none:
            break;
    }
    return 0;
}

SocketAddress from_system(const SystemAddress& system) noexcept {
    if (system.any.sa_family == AF_INET) {
        std::array<std::uint8_t, 4> bytes;
        std::memcpy(bytes.data(), &system.ipv4.sin_addr, bytes.size());
        return SocketAddress::ipv4(bytes, ntohs(system.ipv4.sin_port));
    }
    if (system.any.sa_family == AF_INET6) {
        std::array<std::uint8_t, 16> bytes;
        std::memcpy(bytes.data(), &system.ipv6.sin6_addr, bytes.size());
        return SocketAddress::ipv6(bytes, ntohs(system.ipv6.sin6_port), system.ipv6.sin6_scope_id);
    }
    return {};
}

SocketAddress from_system(const sockaddr* address) noexcept {
    SystemAddress copy{};
    if (address == nullptr) return {};
    if (address->sa_family == AF_INET) std::memcpy(&copy.ipv4, address, sizeof(sockaddr_in));
    if (address->sa_family == AF_INET6) std::memcpy(&copy.ipv6, address, sizeof(sockaddr_in6));
    return from_system(copy);
}

}  // namespace tern::platform::posix
