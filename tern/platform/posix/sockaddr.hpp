#pragma once
// SocketAddress to and from the system's form. Internal to posix/.

#include <netinet/in.h>
#include <sys/socket.h>

#include "tern/platform/socket_address.hpp"

namespace tern::platform::posix {

/// Large enough for the families we speak, and no larger: one per datagram of a batch.
union SystemAddress {
    sockaddr any;
    sockaddr_in ipv4;
    sockaddr_in6 ipv6;
};

/// Writes `address` and returns its length; 0 for the empty address.
socklen_t to_system(const SocketAddress& address, SystemAddress& system) noexcept;

/// The empty address when the family is neither IPv4 nor IPv6.
[[nodiscard]] SocketAddress from_system(const SystemAddress& system) noexcept;
[[nodiscard]] SocketAddress from_system(const sockaddr* address) noexcept;

}  // namespace tern::platform::posix
