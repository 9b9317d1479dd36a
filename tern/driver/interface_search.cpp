#include "tern/driver/interface_search.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "tern/base/error.hpp"

namespace tern::driver {

using platform::NetworkInterface;
using platform::SocketAddress;

namespace {

template <typename T>
std::optional<T> number(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

struct InterfaceText {
    std::string_view host;  // address or, in braces, name
    std::uint16_t port = 0;
    std::optional<std::uint8_t> prefix;
    bool is_name = false;
};

[[noreturn]] void fail_to_parse(std::string_view text) {
    throw Error(fmt::format("could not parse interface='{}'", text));
}

InterfaceText parse(std::string_view text) {
    InterfaceText result;
    std::string_view rest;  // behind the host: "[:port][/prefix]"
    const char closing = text.front() == '{' ? '}' : text.front() == '[' ? ']' : '\0';
    if (closing != '\0') {
        const std::size_t end = text.find(closing);
        if (end == std::string_view::npos) fail_to_parse(text);
        result.is_name = closing == '}';
        result.host = text.substr(1, end - 1);
        if (!result.is_name) result.host = result.host.substr(0, result.host.find('%'));
        rest = text.substr(end + 1);
    } else {
        const std::size_t end = std::min(text.find_first_of(":/"), text.size());
        result.host = text.substr(0, end);
        rest = text.substr(end);
    }
    if (const std::size_t slash = rest.find('/'); slash != std::string_view::npos) {
        result.prefix = number<std::uint8_t>(rest.substr(slash + 1));
        if (!result.prefix || result.is_name) fail_to_parse(text);
        rest = rest.substr(0, slash);
    }
    if (!rest.empty()) {
        const auto port =
            rest.front() == ':' ? number<std::uint16_t>(rest.substr(1)) : std::nullopt;
        if (!port) fail_to_parse(text);
        result.port = *port;
    }
    if (result.host.empty()) fail_to_parse(text);
    return result;
}

bool equal_prefix(const SocketAddress& a, const SocketAddress& b, std::uint8_t bits) {
    for (std::size_t i = 0; i < a.bytes().size() && bits > 0; ++i) {
        const int taken = std::min<int>(bits, 8);
        const auto mask = static_cast<std::uint8_t>(0xFF << (8 - taken));
        if (((a.bytes()[i] ^ b.bytes()[i]) & mask) != 0) return false;
        bits = static_cast<std::uint8_t>(bits - taken);
    }
    return true;
}

InterfaceChoice by_name(const InterfaceText& wanted, SocketAddress::Family family,
                        const std::vector<NetworkInterface>& interfaces) {
    bool is_known = false;
    for (const NetworkInterface& each : interfaces) {
        if (each.name != wanted.host) continue;
        is_known = true;
        if (each.up && each.address.family() == family) {
            return {each.address.with_port(wanted.port), each.index};
        }
    }
    if (!is_known) throw Error(fmt::format("unknown interface {}", wanted.host));
    throw Error(fmt::format("no {} addresses found on interface {}",
                            family == SocketAddress::Family::ipv6 ? "INET6" : "INET", wanted.host));
}

/// Loopback only when nothing else matches; of the others the longest netmask.
const NetworkInterface* best_match(const SocketAddress& address, std::uint8_t prefix,
                                   const std::vector<NetworkInterface>& interfaces) {
    const NetworkInterface* best = nullptr;
    for (const NetworkInterface& each : interfaces) {
        if (!each.up || each.address.family() != address.family() ||
            (!each.loopback && !each.multicast) || !equal_prefix(each.address, address, prefix)) {
            continue;
        }
        const bool is_better =
            best == nullptr || (best->loopback && !each.loopback) ||
            (best->loopback == each.loopback && each.prefix_length > best->prefix_length);
        if (is_better) best = &each;
    }
    return best;
}

}  // namespace

InterfaceChoice find_interface(std::string_view text, const SocketAddress& remote,
                               const HostResolver& resolve, platform::Network& network) {
    const bool is_ipv6 = remote.family() == SocketAddress::Family::ipv6;
    const SocketAddress any = is_ipv6 ? SocketAddress::ipv6({}, 0) : SocketAddress::ipv4({}, 0);
    const auto interfaces = network.interfaces();
    InterfaceText wanted;
    SocketAddress address = any;
    if (text.empty()) {
        wanted.prefix = std::uint8_t{0};
    } else {
        wanted = parse(text);
        if (wanted.is_name) return by_name(wanted, any.family(), interfaces);
        const auto resolved = resolve(wanted.host, wanted.port, "interface");
        if (!resolved) throw Error(fmt::format("could not parse interface='{}'", text));
        address = *resolved;
    }
    if (!remote.is_multicast() && address.is_wildcard()) return {address, 0};
    const auto all_bits = static_cast<std::uint8_t>(is_ipv6 ? 128 : 32);
    const NetworkInterface* const found =
        best_match(address, std::min(wanted.prefix.value_or(all_bits), all_bits), interfaces);
    if (found == nullptr) {
        throw Error(fmt::format("could not find matching interface='{}'", text));
    }
    return {found->address.with_port(wanted.port), found->index};
}

}  // namespace tern::driver
