#pragma once
// A UDP channel URI with its addresses resolved: what endpoints bind, join and send to, and the
// canonical form by which endpoints are shared (DSR-10).
//
// Parsing resolves host names and enumerates interfaces, so it may take as long as the system's
// resolver does: conductor only, never sender or receiver. A channel is an immutable value.

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tern/driver/timestamps.hpp"
#include "tern/platform/network.hpp"

namespace tern::driver {

enum class ControlMode : std::uint8_t { none, dynamic, manual, response };

/// Resolves "host" of the named parameter (endpoint, control, interface); the text of a failure
/// names what could not be resolved.
using HostResolver = std::function<std::expected<platform::SocketAddress, std::string>(
    std::string_view host, std::uint16_t port, std::string_view parameter)>;

class UdpChannel {
  public:
    /// Throws Error, in upstream's words, when the URI is not a usable UDP channel.
    /// `is_destination`: a destination of a multi-destination publication or subscription; such
    /// channels are never made unique.
    [[nodiscard]] static UdpChannel parse(std::string_view uri, const HostResolver& resolve,
                                          platform::Network& network, bool is_destination = false);

    [[nodiscard]] const std::string& uri() const noexcept { return uri_; }  ///< as given
    /// Equal for channels that share an endpoint; unique for those that must not (wildcard ports).
    [[nodiscard]] const std::string& canonical_form() const noexcept { return canonical_form_; }

    [[nodiscard]] ControlMode control_mode() const noexcept { return control_mode_; }
    [[nodiscard]] bool is_multicast() const noexcept { return is_multicast_; }
    [[nodiscard]] bool is_manual() const noexcept { return control_mode_ == ControlMode::manual; }
    [[nodiscard]] bool is_dynamic() const noexcept { return control_mode_ == ControlMode::dynamic; }
    [[nodiscard]] bool is_response() const noexcept {
        return control_mode_ == ControlMode::response;
    }
    /// Control mode dynamic or manual.
    [[nodiscard]] bool is_multi_destination() const noexcept { return is_manual() || is_dynamic(); }
    /// Multicast or multi-destination.
    [[nodiscard]] bool has_group_semantics() const noexcept {
        return is_multicast_ || is_multi_destination();
    }
    [[nodiscard]] bool has_explicit_endpoint() const noexcept { return !endpoint_.empty(); }
    /// `control` is given and the endpoint is not multicast.
    [[nodiscard]] bool has_explicit_control() const noexcept {
        return !control_.empty() && !is_multicast_;
    }

    [[nodiscard]] const std::string& endpoint() const noexcept { return endpoint_; }  ///< literal
    [[nodiscard]] const std::string& control() const noexcept { return control_; }    ///< literal

    // Addresses of DSR-10.1.
    [[nodiscard]] const platform::SocketAddress& remote_data() const noexcept {
        return remote_data_;
    }
    [[nodiscard]] const platform::SocketAddress& remote_control() const noexcept {
        return remote_control_;
    }
    /// Local data and control address are one: with explicit control the control address, else
    /// the interface or the wildcard.
    [[nodiscard]] const platform::SocketAddress& local() const noexcept { return local_; }
    [[nodiscard]] std::uint32_t interface_index() const noexcept { return interface_index_; }

    [[nodiscard]] std::uint8_t ttl() const noexcept { return ttl_; }  ///< 0: not given
    [[nodiscard]] std::uint32_t send_buffer_length() const noexcept { return so_sndbuf_; }
    [[nodiscard]] std::uint32_t receive_buffer_length() const noexcept { return so_rcvbuf_; }
    [[nodiscard]] std::int32_t receiver_window_length() const noexcept { return rcv_wnd_; }
    [[nodiscard]] std::optional<std::int64_t> nak_delay_ns() const noexcept { return nak_delay_; }
    [[nodiscard]] const std::string& congestion_control() const noexcept { return cc_; }  ///< `cc`
    [[nodiscard]] std::optional<std::int64_t> group_tag() const noexcept { return group_tag_; }
    [[nodiscard]] const TimestampOffsets& timestamps() const noexcept { return timestamps_; }
    [[nodiscard]] std::optional<std::int64_t> tag() const noexcept { return tag_; }  ///< channel's

  private:
    UdpChannel() = default;

    void resolve_addresses(std::string_view interface_text, const HostResolver& resolve,
                           platform::Network& network);
    void set_canonical_form(bool is_destination);

    std::string uri_;
    std::string canonical_form_;
    std::string endpoint_;
    std::string control_;
    std::string cc_;
    platform::SocketAddress remote_data_;
    platform::SocketAddress remote_control_;
    platform::SocketAddress local_;
    std::uint32_t interface_index_ = 0;
    std::uint32_t so_sndbuf_ = 0;
    std::uint32_t so_rcvbuf_ = 0;
    std::int32_t rcv_wnd_ = 0;
    TimestampOffsets timestamps_;
    std::optional<std::int64_t> nak_delay_;
    std::optional<std::int64_t> group_tag_;
    std::optional<std::int64_t> tag_;
    std::uint8_t ttl_ = 0;
    ControlMode control_mode_ = ControlMode::none;
    bool is_multicast_ = false;
};

}  // namespace tern::driver
