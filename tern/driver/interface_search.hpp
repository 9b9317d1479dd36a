#pragma once
// Which local address the `interface` parameter means (DSR-10.3).
//
// Thread safety: conductor only; it may resolve names.

#include <cstdint>
#include <string_view>

#include "tern/driver/udp_channel.hpp"
#include "tern/platform/network.hpp"

namespace tern::driver {

struct InterfaceChoice {
    platform::SocketAddress address;  ///< with the port of the parameter, or 0
    std::uint32_t index = 0;          ///< 0: none in particular
};

/// `text`: "addr[:port][/prefix]", "[v6][:port][/prefix]", "{name}[:port]", or empty for any. The
/// choice suits `remote`: its family, and multicast if it is. Throws Error when nothing matches.
[[nodiscard]] InterfaceChoice find_interface(std::string_view text,
                                             const platform::SocketAddress& remote,
                                             const HostResolver& resolve,
                                             platform::Network& network);

}  // namespace tern::driver
