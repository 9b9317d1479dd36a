#include "tern/driver/udp_channel.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>

#include "tern/base/error.hpp"
#include "tern/driver/interface_search.hpp"
#include "tern/driver/name_resolver.hpp"
#include "tern/wire/channel_uri.hpp"
#include "tern/wire/error_codes.hpp"

namespace tern::driver {

using platform::SocketAddress;
namespace uri_key = wire::uri_key;

namespace {

[[noreturn]] void fail(const std::string& message, wire::ErrorCode code) {
    throw Error(message, static_cast<std::int32_t>(code));
}

HostAndPort parse_host_and_port(std::string_view text, std::string_view parameter,
                                std::string_view uri) {
    const auto parts = split_host_and_port(text);
    if (parts) return *parts;
    fail(fmt::format("{}: {}={}, URI: {}", parts.error(), parameter, text, uri),
         wire::ErrorCode::generic_error);
}

SocketAddress resolve_parameter(std::string_view value, std::string_view parameter,
                                const HostResolver& resolve, std::string_view uri) {
    const HostAndPort parsed = parse_host_and_port(value, parameter, uri);
    const auto address = resolve(parsed.host, parsed.port, parameter);
    if (!address) {
        fail(fmt::format("Unable to resolve host=({}): {}\nUnresolved - {}={}, name-and-port={}\n"
                         "URI: {}",
                         parsed.host, address.error(), parameter, value, value, uri),
             wire::ErrorCode::unknown_host);
    }
    return *address;
}

SocketAddress any_like(const SocketAddress& address) {
    return address.family() == SocketAddress::Family::ipv6 ? SocketAddress::ipv6({}, 0)
                                                           : SocketAddress::ipv4({}, 0);
}

/// Multicast: receivers answer to the group whose last byte is one more (no carry).
SocketAddress control_group_of(const SocketAddress& group) {
    auto bytes = group.bytes();
    if (group.family() == SocketAddress::Family::ipv6) {
        ++bytes[15];
        return SocketAddress::ipv6(bytes, group.port(), group.scope_id());
    }
    ++bytes[3];
    return SocketAddress::ipv4({bytes[0], bytes[1], bytes[2], bytes[3]}, group.port());
}

bool has_odd_last_byte(const SocketAddress& group) {
    const std::size_t last = group.family() == SocketAddress::Family::ipv6 ? 15 : 3;
    return (group.bytes()[last] & 1) != 0;
}

ControlMode control_mode_of(const wire::ChannelUri& uri) {
    if (uri.has_control_mode(wire::control_mode::kManual)) return ControlMode::manual;
    if (uri.has_control_mode(wire::control_mode::kDynamic)) return ControlMode::dynamic;
    if (uri.has_control_mode(wire::control_mode::kResponse)) return ControlMode::response;
    return ControlMode::none;
}

template <typename T>
T size_of(const wire::ChannelUri& uri, std::string_view key) {
    const std::int64_t value = uri.get_size(key).value_or(0);
    if (value > INT32_MAX) {
        fail(fmt::format("could not parse {}={} in URI", key, value),
             wire::ErrorCode::generic_error);
    }
    return static_cast<T>(value);
}

/// `ats`: upstream's transport security, a commercial addition that neither has (DSR-19).
void refuse_transport_security(const wire::ChannelUri& uri, std::string_view text) {
    const std::string_view wanted = uri.get_or("ats", "false");
    if (wanted.starts_with("true")) {
        fail(fmt::format("ATS is not enabled and thus ats=true not allowed: channel={}", text),
             wire::ErrorCode::generic_error);
    }
    if (!wanted.starts_with("false")) {
        fail(fmt::format("could not parse ats={} as bool from URI", wanted),
             wire::ErrorCode::generic_error);
    }
}

/// What makes channels different that must not share an endpoint unless they are tagged.
std::string unique_suffix(std::optional<std::int64_t> tag) {
    static std::atomic<std::uint64_t> next{0};
    return tag ? fmt::format("#{}", *tag) : fmt::format("-{}", next.fetch_add(1));
}

}  // namespace

UdpChannel UdpChannel::parse(std::string_view uri_text, const HostResolver& resolve,
                             platform::Network& network, bool is_destination) {
    const wire::ChannelUri uri = wire::ChannelUri::parse(uri_text);
    if (!uri.is_udp()) {
        fail("UDP channels must use UDP URIs", wire::ErrorCode::invalid_channel);
    }
    UdpChannel channel;
    channel.uri_ = uri_text;
    channel.control_mode_ = control_mode_of(uri);
    channel.endpoint_ = uri.get_or(uri_key::kEndpoint, "");
    channel.control_ = uri.get_or(uri_key::kControl, "");
    channel.cc_ = uri.get_or(uri_key::kCongestionControl, "");
    channel.tag_ = uri.channel_tag();
    channel.so_sndbuf_ = size_of<std::uint32_t>(uri, uri_key::kSocketSndbuf);
    channel.so_rcvbuf_ = size_of<std::uint32_t>(uri, uri_key::kSocketRcvbuf);
    channel.rcv_wnd_ = size_of<std::int32_t>(uri, uri_key::kReceiverWindow);
    channel.nak_delay_ = uri.get_duration_ns(uri_key::kNakDelay);
    channel.timestamps_ = TimestampOffsets::parse(uri);
    refuse_transport_security(uri, channel.uri_);
    channel.group_tag_ = uri.get_int64(uri_key::kGroupTag);
    channel.ttl_ = static_cast<std::uint8_t>(
        std::clamp(uri.get_int32(uri_key::kTtl).value_or(0), std::int32_t{0}, std::int32_t{255}));

    if (channel.is_dynamic() && channel.control_.empty()) {
        fail("explicit control expected with dynamic control mode",
             wire::ErrorCode::invalid_channel);
    }
    if (channel.endpoint_.empty() && channel.control_.empty() && !channel.tag_ &&
        !channel.is_manual() && !channel.is_response()) {
        fail("URIs for UDP must specify endpoint, control, tags, or control-mode=manual/response",
             wire::ErrorCode::invalid_channel);
    }
    channel.resolve_addresses(uri.get_or(uri_key::kInterface, ""), resolve, network);
    channel.set_canonical_form(is_destination);
    return channel;
}

void UdpChannel::resolve_addresses(std::string_view interface_text, const HostResolver& resolve,
                                   platform::Network& network) {
    SocketAddress endpoint;
    SocketAddress control;
    if (!endpoint_.empty()) {
        endpoint = resolve_parameter(endpoint_, uri_key::kEndpoint, resolve, uri_);
    }
    is_multicast_ = endpoint.is_multicast();
    if (!control_.empty() && !is_multicast_) {
        control = resolve_parameter(control_, uri_key::kControl, resolve, uri_);
    }
    if (is_multicast_) {
        if (!has_odd_last_byte(endpoint)) {
            fail("Multicast data address must be odd", wire::ErrorCode::generic_error);
        }
        remote_data_ = endpoint;
        remote_control_ = control_group_of(endpoint);
        const InterfaceChoice chosen = find_interface(interface_text, endpoint, resolve, network);
        local_ = chosen.address;
        interface_index_ = chosen.index;
        return;
    }
    remote_data_ = !endpoint.empty() ? endpoint : any_like(control);
    remote_control_ = remote_data_;
    if (!control.empty()) {
        local_ = control;
    } else if (!interface_text.empty()) {
        local_ = find_interface(interface_text, remote_data_, resolve, network).address;
    } else {
        local_ = any_like(remote_data_);
    }
}

void UdpChannel::set_canonical_form(bool is_destination) {
    const bool by_name = !is_multicast_;
    const std::string local = by_name && !control_.empty() ? control_ : local_.to_string();
    const std::string remote = by_name && !endpoint_.empty() ? endpoint_ : remote_data_.to_string();
    canonical_form_ = fmt::format("UDP-{}-{}", local, remote);
    const bool has_wildcard = (endpoint_.empty() && control_.empty()) ||
                              (!endpoint_.empty() && remote_data_.port() == 0) ||
                              (!control_.empty() && local_.port() == 0);
    if (by_name && !is_destination && has_wildcard) canonical_form_ += unique_suffix(tag_);
}

}  // namespace tern::driver
