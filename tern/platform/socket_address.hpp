#pragma once
// An IPv4 or IPv6 address with a port: a value, compared and hashed by its bytes.

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>

namespace tern::platform {

class SocketAddress {
  public:
    enum class Family : std::uint8_t { none, ipv4, ipv6 };

    SocketAddress() = default;

    /// `bytes` in network order, 4 of them; `port` in host order.
    [[nodiscard]] static SocketAddress ipv4(std::array<std::uint8_t, 4> bytes, std::uint16_t port);
    /// `bytes` in network order, 16 of them; `scope_id` as the interface index, 0 for none.
    [[nodiscard]] static SocketAddress ipv6(std::array<std::uint8_t, 16> bytes, std::uint16_t port,
                                            std::uint32_t scope_id = 0);
    /// "1.2.3.4:5", "[::1]:5". Numeric only; names go through Network::resolve.
    [[nodiscard]] static std::expected<SocketAddress, std::string> parse(std::string_view text);

    [[nodiscard]] Family family() const noexcept { return family_; }
    [[nodiscard]] bool empty() const noexcept { return family_ == Family::none; }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::uint32_t scope_id() const noexcept { return scope_id_; }
    /// Network order; the first 4 (IPv4) or all 16 (IPv6) are meaningful, the rest zero.
    [[nodiscard]] const std::array<std::uint8_t, 16>& bytes() const noexcept { return bytes_; }

    [[nodiscard]] SocketAddress with_port(std::uint16_t port) const noexcept;
    [[nodiscard]] bool is_multicast() const noexcept;
    [[nodiscard]] bool is_wildcard() const noexcept;  ///< 0.0.0.0 or ::
    [[nodiscard]] bool is_loopback() const noexcept;

    /// "1.2.3.4:5" or "[::1]:5".
    [[nodiscard]] std::string to_string() const;
    /// "1.2.3.4" or "::1".
    [[nodiscard]] std::string host() const;

    friend bool operator==(const SocketAddress&, const SocketAddress&) = default;

  private:
    std::array<std::uint8_t, 16> bytes_{};
    std::uint32_t scope_id_ = 0;
    std::uint16_t port_ = 0;
    Family family_ = Family::none;
};

}  // namespace tern::platform

template <>
struct std::hash<tern::platform::SocketAddress> {
    std::size_t operator()(const tern::platform::SocketAddress& address) const noexcept;
};
