#include "tern/platform/socket_address.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <net/if.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace tern::platform {

namespace {

constexpr std::array<std::uint8_t, 16> kIpv6Loopback{0, 0, 0, 0, 0, 0, 0, 0,
                                                     0, 0, 0, 0, 0, 0, 0, 1};

std::unexpected<std::string> malformed(std::string_view text, std::string_view expectation) {
    return std::unexpected(fmt::format("malformed address \"{}\": {}", text, expectation));
}

std::expected<std::uint16_t, std::string> parse_port(std::string_view text,
                                                     std::string_view digits) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) {
        return malformed(text, "expected a port from 0 to 65535");
    }
    return port;
}

/// A number, or the name of an interface of this machine; 0 when it is neither.
std::uint32_t parse_scope(const std::string& scope) {
    std::uint32_t id = 0;
    const auto [end, error] = std::from_chars(scope.data(), scope.data() + scope.size(), id);
    if (error == std::errc{} && end == scope.data() + scope.size()) return id;
    return ::if_nametoindex(scope.c_str());
}

}  // namespace

SocketAddress SocketAddress::ipv4(std::array<std::uint8_t, 4> bytes, std::uint16_t port) {
    SocketAddress address;
    std::ranges::copy(bytes, address.bytes_.begin());
    address.port_ = port;
    address.family_ = Family::ipv4;
    return address;
}

SocketAddress SocketAddress::ipv6(std::array<std::uint8_t, 16> bytes, std::uint16_t port,
                                  std::uint32_t scope_id) {
    SocketAddress address;
    address.bytes_ = bytes;
    address.scope_id_ = scope_id;
    address.port_ = port;
    address.family_ = Family::ipv6;
    return address;
}

std::expected<SocketAddress, std::string> SocketAddress::parse(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return malformed(text, "expected host:port");
    const auto port = parse_port(text, text.substr(colon + 1));
    if (!port) return std::unexpected(port.error());
    std::string host(text.substr(0, colon));

    if (!host.starts_with('[')) {
        std::array<std::uint8_t, 4> bytes{};
        if (::inet_pton(AF_INET, host.c_str(), bytes.data()) != 1) {
            return malformed(text, "expected a numeric address");
        }
        return ipv4(bytes, *port);
    }
    if (!host.ends_with(']')) return malformed(text, "expected [address]:port");
    host = host.substr(1, host.size() - 2);
    std::uint32_t scope_id = 0;
    if (const auto percent = host.find('%'); percent != std::string::npos) {
        scope_id = parse_scope(host.substr(percent + 1));
        if (scope_id == 0) return malformed(text, "no such interface");
        host.resize(percent);
    }
    std::array<std::uint8_t, 16> bytes{};
    if (::inet_pton(AF_INET6, host.c_str(), bytes.data()) != 1) {
        return malformed(text, "expected a numeric address");
    }
    return ipv6(bytes, *port, scope_id);
}

SocketAddress SocketAddress::with_port(std::uint16_t port) const noexcept {
    SocketAddress address = *this;
    address.port_ = port;
    return address;
}

bool SocketAddress::is_multicast() const noexcept {
    switch (family_) {
        case Family::ipv4:
            return (bytes_[0] & 0xF0) == 0xE0;
        case Family::ipv6:
            return bytes_[0] == 0xFF;
        case Family::none:
            break;
    }
    return false;
}

bool SocketAddress::is_wildcard() const noexcept {
    return family_ != Family::none &&
           std::ranges::all_of(bytes_, [](std::uint8_t byte) { return byte == 0; });
}

bool SocketAddress::is_loopback() const noexcept {
    switch (family_) {
        case Family::ipv4:
            return bytes_[0] == 127;
        case Family::ipv6:
            return bytes_ == kIpv6Loopback;
        case Family::none:
            break;
    }
    return false;
}

std::string SocketAddress::host() const {
    if (family_ == Family::none) return "";
    char text[INET6_ADDRSTRLEN] = {};
    ::inet_ntop(family_ == Family::ipv4 ? AF_INET : AF_INET6, bytes_.data(), text, sizeof(text));
    return text;
}

std::string SocketAddress::to_string() const {
    switch (family_) {
        case Family::ipv4:
            return fmt::format("{}:{}", host(), port_);
        case Family::ipv6:
            return fmt::format("[{}]:{}", host(), port_);
        case Family::none:
            break;
    }
    return "";
}

}  // namespace tern::platform

std::size_t std::hash<tern::platform::SocketAddress>::operator()(
    const tern::platform::SocketAddress& address) const noexcept {
    // Two words of address and one of the rest, mixed as splitmix64 mixes.
    std::uint64_t words[2];
    std::memcpy(words, address.bytes().data(), sizeof(words));
    std::uint64_t mixed = (std::uint64_t{address.scope_id()} << 32) |
                          (std::uint64_t{address.port()} << 8) |
                          static_cast<std::uint64_t>(address.family());
    for (const std::uint64_t word : words) {
        mixed = (mixed ^ word) * 0xBF58476D1CE4E5B9U;
        mixed ^= mixed >> 31;
    }
    return mixed;
}
