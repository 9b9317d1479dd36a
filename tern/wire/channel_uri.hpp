#pragma once
// Channel URIs: `[aeron-spy:]aeron:udp|ipc[?key=value|key=value...]` (TRN-14).
//
// Parsing takes what either upstream driver takes (a bare "aeron:udp", "aeron:ipc?", a trailing
// '|', an empty value; of a repeated key the last value counts) and refuses the rest with a
// ChannelUriError (code INVALID_CHANNEL) that names the channel. Unknown keys are kept. Typed
// getters return nullopt for an absent key and throw for a value that they cannot read; ranges
// are the business of who uses the value.
//
// Thread safety: none; a value.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tern/base/error.hpp"
#include "tern/base/function_ref.hpp"

namespace tern::wire {

inline constexpr std::string_view kSpyPrefix = "aeron-spy:";
inline constexpr std::string_view kIpcChannel = "aeron:ipc";

/// The keys of TRN-14.3.
namespace uri_key {
inline constexpr std::string_view kTags = "tags";
inline constexpr std::string_view kEndpoint = "endpoint";
inline constexpr std::string_view kInterface = "interface";
inline constexpr std::string_view kControl = "control";
inline constexpr std::string_view kControlMode = "control-mode";
inline constexpr std::string_view kMtu = "mtu";
inline constexpr std::string_view kTermLength = "term-length";
inline constexpr std::string_view kInitialTermId = "init-term-id";
inline constexpr std::string_view kTermId = "term-id";
inline constexpr std::string_view kTermOffset = "term-offset";
inline constexpr std::string_view kSessionId = "session-id";
inline constexpr std::string_view kTtl = "ttl";
inline constexpr std::string_view kReliable = "reliable";
inline constexpr std::string_view kLinger = "linger";
inline constexpr std::string_view kAlias = "alias";
inline constexpr std::string_view kCongestionControl = "cc";
inline constexpr std::string_view kFlowControl = "fc";
inline constexpr std::string_view kGroupTag = "gtag";
inline constexpr std::string_view kSparse = "sparse";
inline constexpr std::string_view kEndOfStream = "eos";
inline constexpr std::string_view kTether = "tether";
inline constexpr std::string_view kGroup = "group";
inline constexpr std::string_view kRejoin = "rejoin";
inline constexpr std::string_view kSpiesSimulateConnection = "ssc";
inline constexpr std::string_view kSocketSndbuf = "so-sndbuf";
inline constexpr std::string_view kSocketRcvbuf = "so-rcvbuf";
inline constexpr std::string_view kReceiverWindow = "rcv-wnd";
inline constexpr std::string_view kMediaReceiveTimestampOffset = "media-rcv-ts-offset";
inline constexpr std::string_view kChannelReceiveTimestampOffset = "channel-rcv-ts-offset";
inline constexpr std::string_view kChannelSendTimestampOffset = "channel-snd-ts-offset";
inline constexpr std::string_view kResponseEndpoint = "response-endpoint";
inline constexpr std::string_view kResponseCorrelationId = "response-correlation-id";
inline constexpr std::string_view kNakDelay = "nak-delay";
inline constexpr std::string_view kUntetheredWindowLimitTimeout = "untethered-window-limit-timeout";
inline constexpr std::string_view kUntetheredLingerTimeout = "untethered-linger-timeout";
inline constexpr std::string_view kUntetheredRestingTimeout = "untethered-resting-timeout";
inline constexpr std::string_view kMaxResend = "max-resend";
inline constexpr std::string_view kStreamId = "stream-id";
inline constexpr std::string_view kPublicationWindow = "pub-wnd";
}  // namespace uri_key

namespace control_mode {
inline constexpr std::string_view kManual = "manual";
inline constexpr std::string_view kDynamic = "dynamic";
inline constexpr std::string_view kResponse = "response";
}  // namespace control_mode

enum class Media : std::uint8_t { udp, ipc };

class ChannelUriError : public Error {
  public:
    explicit ChannelUriError(const std::string& message);  ///< code INVALID_CHANNEL
    /// Values that cannot be read have the generic code, as upstream's drivers answer (DRV-6.4).
    ChannelUriError(const std::string& message, std::int32_t code);
};

class ChannelUri {
  public:
    explicit ChannelUri(Media media) : media_(media) {}

    [[nodiscard]] static ChannelUri parse(std::string_view channel);

    [[nodiscard]] Media media() const noexcept { return media_; }
    [[nodiscard]] bool is_ipc() const noexcept { return media_ == Media::ipc; }
    [[nodiscard]] bool is_udp() const noexcept { return media_ == Media::udp; }
    [[nodiscard]] bool is_spy() const noexcept { return spy_; }
    ChannelUri& set_spy(bool spy) noexcept;
    ChannelUri& set_media(Media media) noexcept;

    [[nodiscard]] bool contains(std::string_view key) const noexcept;
    /// Calls visit(std::string_view key, std::string_view value) for each parameter.
    template <typename Visit>
    void for_each(Visit&& visit) const {
        for (const auto& [key, value] : parameters_) visit(key, value);
    }
    /// Points into this URI until it is changed.
    [[nodiscard]] std::optional<std::string_view> get(std::string_view key) const noexcept;
    [[nodiscard]] std::string_view get_or(std::string_view key,
                                          std::string_view fallback) const noexcept;
    [[nodiscard]] std::optional<std::int64_t> get_size(std::string_view key) const;
    [[nodiscard]] std::optional<std::int64_t> get_duration_ns(std::string_view key) const;
    [[nodiscard]] std::optional<bool> get_bool(std::string_view key) const;
    [[nodiscard]] std::optional<std::int32_t> get_int32(std::string_view key) const;
    [[nodiscard]] std::optional<std::int64_t> get_int64(std::string_view key) const;

    // Setters replace the key's value or add the key.
    ChannelUri& put(std::string_view key, std::string_view value);
    ChannelUri& put_int(std::string_view key, std::int64_t value);          ///< plain decimal
    ChannelUri& put_size(std::string_view key, std::int64_t value);         ///< "64k"
    ChannelUri& put_duration_ns(std::string_view key, std::int64_t value);  ///< "5s"
    ChannelUri& put_bool(std::string_view key, bool value);
    ChannelUri& put_if_absent(std::string_view key, std::string_view value);
    ChannelUri& remove(std::string_view key) noexcept;
    /// init-term-id, term-id and term-offset of a position, and term-length. Throws for a position
    /// that is negative or within a frame.
    ChannelUri& put_initial_position(std::int64_t position, std::int32_t initial_term_id,
                                     std::int32_t term_length);

    /// `session-id` as a number; nullopt when absent or `tag:N`.
    [[nodiscard]] std::optional<std::int32_t> session_id() const;
    /// N of `session-id=tag:N`.
    [[nodiscard]] std::optional<std::int64_t> session_id_tag() const;
    [[nodiscard]] std::optional<std::int64_t> channel_tag() const;  ///< C of `tags=C,E`
    [[nodiscard]] std::optional<std::int64_t> entity_tag() const;   ///< E of `tags=C,E`
    [[nodiscard]] bool has_control_mode(std::string_view mode) const noexcept;

    /// Puts the port of `resolved` (host:port) in place of a port 0 of `endpoint`, or all of it
    /// where there is no endpoint. Nothing happens when the endpoint has a port. Throws when
    /// `resolved` has no port, or port 0.
    ChannelUri& replace_endpoint_wildcard_port(std::string_view resolved);
    /// A destination for this channel: its media and interface, and the endpoint.
    [[nodiscard]] ChannelUri destination(std::string_view endpoint) const;

    /// The canonical text: known keys in the order of upstream's builder, then the others.
    [[nodiscard]] std::string to_string() const;

    /// Same media, prefix and parameters, in any order.
    friend bool operator==(const ChannelUri& a, const ChannelUri& b);

  private:
    using Parameter = std::pair<std::string, std::string>;

    void parse_parameters(std::string_view text, std::string_view channel);
    [[noreturn]] void bad_value(std::string_view key, std::string_view expected) const;

    std::vector<Parameter> parameters_;  // keys are distinct
    Media media_;
    bool spy_ = false;
};

/// N of "tag:N"; nullopt for what does not begin with "tag:". Throws when N is not a number.
[[nodiscard]] std::optional<std::int64_t> tag_of(std::string_view value);
/// "host:0" for "host:4567"; nullopt for what has no port.
[[nodiscard]] std::optional<std::string> replace_port_with_wildcard(std::string_view endpoint);

/// `channel` with `session-id` set; other parameters keep their values.
[[nodiscard]] std::string add_session_id(std::string_view channel, std::int32_t session_id);
/// `channel` with the alias, unless it has one or the alias is empty.
[[nodiscard]] std::string add_alias_if_absent(std::string_view channel, std::string_view alias);
/// `channel` with its alias (empty when it has none) replaced by what transform says of it; an
/// empty result removes the alias.
[[nodiscard]] std::string transform_alias(
    std::string_view channel, FunctionRef<std::string(std::string_view alias)> transform);

/// What an archive keeps of a channel: no spy prefix, only the parameters that say where the
/// stream is, their values checked and reprinted (ARC-14.1 of chapter 40).
[[nodiscard]] ChannelUri strip_channel(const ChannelUri& channel);

/// Identifies a recording subscription: "1001:udp?endpoint=localhost:3333" (ARC-14.6).
[[nodiscard]] std::string recording_subscription_key(std::int32_t stream_id,
                                                     const ChannelUri& channel);

}  // namespace tern::wire
