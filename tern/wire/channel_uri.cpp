#include "tern/wire/channel_uri.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "tern/base/duration.hpp"
#include "tern/base/math.hpp"
#include "tern/wire/commands.hpp"
#include "tern/wire/error_codes.hpp"

namespace tern::wire {
namespace {

constexpr std::string_view kScheme = "aeron:";
constexpr std::string_view kTagPrefix = "tag:";
constexpr std::int64_t kPositionAlignment = 32;  // of frames in a term

// The order in which upstream's builder prints parameters (TRN-14.1).
constexpr std::array kCanonicalOrder{
    uri_key::kTags,
    uri_key::kEndpoint,
    uri_key::kInterface,
    uri_key::kControl,
    uri_key::kControlMode,
    uri_key::kMtu,
    uri_key::kTermLength,
    uri_key::kInitialTermId,
    uri_key::kTermId,
    uri_key::kTermOffset,
    uri_key::kSessionId,
    uri_key::kTtl,
    uri_key::kReliable,
    uri_key::kLinger,
    uri_key::kAlias,
    uri_key::kCongestionControl,
    uri_key::kFlowControl,
    uri_key::kGroupTag,
    uri_key::kSparse,
    uri_key::kEndOfStream,
    uri_key::kTether,
    uri_key::kGroup,
    uri_key::kRejoin,
    uri_key::kSpiesSimulateConnection,
    uri_key::kSocketSndbuf,
    uri_key::kSocketRcvbuf,
    uri_key::kReceiverWindow,
    uri_key::kMediaReceiveTimestampOffset,
    uri_key::kChannelReceiveTimestampOffset,
    uri_key::kChannelSendTimestampOffset,
    uri_key::kResponseEndpoint,
    uri_key::kResponseCorrelationId,
    uri_key::kNakDelay,
    uri_key::kUntetheredWindowLimitTimeout,
    uri_key::kUntetheredLingerTimeout,
    uri_key::kUntetheredRestingTimeout,
    uri_key::kMaxResend,
    uri_key::kStreamId,
    uri_key::kPublicationWindow,
};

[[nodiscard]] std::size_t canonical_rank(std::string_view key) noexcept {
    return static_cast<std::size_t>(std::ranges::find(kCanonicalOrder, key) -
                                    kCanonicalOrder.begin());
}

template <typename Int>
[[nodiscard]] std::optional<Int> parse_int(std::string_view text) noexcept {
    Int value{};
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || rest != end) return std::nullopt;
    return value;
}

[[nodiscard]] bool equals_ignoring_case(std::string_view text, std::string_view lower) noexcept {
    return std::ranges::equal(text, lower, [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
}

// "host:port" -> "port"; empty when there is none.
[[nodiscard]] std::string_view port_of(std::string_view endpoint) noexcept {
    const std::size_t colon = endpoint.rfind(':');
    if (colon == std::string_view::npos || endpoint.find(']', colon) != std::string_view::npos) {
        return {};
    }
    return endpoint.substr(colon + 1);
}

}  // namespace

ChannelUriError::ChannelUriError(const std::string& message)
    : ChannelUriError(message, static_cast<std::int32_t>(ErrorCode::invalid_channel)) {}

ChannelUriError::ChannelUriError(const std::string& message, std::int32_t code)
    : Error(message, code) {}

ChannelUri ChannelUri::parse(std::string_view channel) {
    if (channel.size() > kMaxChannelLength) {
        throw ChannelUriError(fmt::format("URI length ({}) exceeds max supported length ({}): {}",
                                          channel.size(), kMaxChannelLength,
                                          channel.substr(0, kMaxChannelLength)));
    }
    std::string_view rest = channel;
    const bool spy = rest.starts_with(kSpyPrefix);
    if (spy) rest.remove_prefix(kSpyPrefix.size());
    if (!rest.starts_with(kScheme)) {
        throw ChannelUriError(
            fmt::format("Aeron URIs must start with '{}', found: {}", kScheme, channel));
    }
    rest.remove_prefix(kScheme.size());
    const std::size_t query = rest.find('?');
    const std::string_view media = rest.substr(0, query);
    if (media != "udp" && media != "ipc") {
        throw ChannelUriError(fmt::format("unknown media: {} in: {}", media, channel));
    }
    ChannelUri uri(media == "udp" ? Media::udp : Media::ipc);
    uri.spy_ = spy;
    if (query != std::string_view::npos) uri.parse_parameters(rest.substr(query + 1), channel);
    return uri;
}

void ChannelUri::parse_parameters(std::string_view text, std::string_view channel) {
    while (!text.empty()) {
        const std::size_t end = text.find('|');
        const std::string_view parameter = text.substr(0, end);
        const std::size_t equals = parameter.find('=');
        if (equals == 0 || parameter.empty()) {
            throw ChannelUriError(fmt::format("empty key not allowed in: {}", channel));
        }
        if (equals == std::string_view::npos) {
            throw ChannelUriError(
                fmt::format("invalid end of key '{}', expected '=' in: {}", parameter, channel));
        }
        put(parameter.substr(0, equals), parameter.substr(equals + 1));
        if (end == std::string_view::npos) return;
        text.remove_prefix(end + 1);
    }
}

ChannelUri& ChannelUri::set_spy(bool spy) noexcept {
    spy_ = spy;
    return *this;
}

ChannelUri& ChannelUri::set_media(Media media) noexcept {
    media_ = media;
    return *this;
}

bool ChannelUri::contains(std::string_view key) const noexcept { return get(key).has_value(); }

std::optional<std::string_view> ChannelUri::get(std::string_view key) const noexcept {
    const auto found = std::ranges::find(parameters_, key, &Parameter::first);
    if (found == parameters_.end()) return std::nullopt;
    return found->second;
}

std::string_view ChannelUri::get_or(std::string_view key,
                                    std::string_view fallback) const noexcept {
    return get(key).value_or(fallback);
}

void ChannelUri::bad_value(std::string_view key, std::string_view expected) const {
    throw ChannelUriError(fmt::format("could not parse {}={}, expected {}, in: {}", key,
                                      get_or(key, ""), expected, to_string()),
                          kGenericError);
}

std::optional<std::int64_t> ChannelUri::get_size(std::string_view key) const {
    const auto text = get(key);
    if (!text) return std::nullopt;
    const auto value = parse_size(*text);
    if (!value) bad_value(key, "a number of bytes like 65536, 64k, 1m");
    return value;
}

std::optional<std::int64_t> ChannelUri::get_duration_ns(std::string_view key) const {
    const auto text = get(key);
    if (!text) return std::nullopt;
    const auto value = parse_duration_ns(*text);
    if (!value) bad_value(key, "a duration like 5s, 100ms, 50us, 7ns");
    return value;
}

std::optional<bool> ChannelUri::get_bool(std::string_view key) const {
    const auto text = get(key);
    if (!text) return std::nullopt;
    const bool value = equals_ignoring_case(*text, "true");
    if (!value && !equals_ignoring_case(*text, "false")) bad_value(key, "true or false");
    return value;
}

std::optional<std::int32_t> ChannelUri::get_int32(std::string_view key) const {
    const auto text = get(key);
    if (!text) return std::nullopt;
    const auto value = parse_int<std::int32_t>(*text);
    if (!value) bad_value(key, "an integer of 32 bits");
    return value;
}

std::optional<std::int64_t> ChannelUri::get_int64(std::string_view key) const {
    const auto text = get(key);
    if (!text) return std::nullopt;
    const auto value = parse_int<std::int64_t>(*text);
    if (!value) bad_value(key, "an integer of 64 bits");
    return value;
}

ChannelUri& ChannelUri::put(std::string_view key, std::string_view value) {
    const auto found = std::ranges::find(parameters_, key, &Parameter::first);
    if (found != parameters_.end()) {
        found->second.assign(value);
    } else {
        parameters_.emplace_back(key, value);
    }
    return *this;
}

ChannelUri& ChannelUri::put_int(std::string_view key, std::int64_t value) {
    return put(key, std::to_string(value));
}

ChannelUri& ChannelUri::put_size(std::string_view key, std::int64_t value) {
    return put(key, format_size(value));
}

ChannelUri& ChannelUri::put_duration_ns(std::string_view key, std::int64_t value) {
    return put(key, format_duration_ns(value));
}

ChannelUri& ChannelUri::put_bool(std::string_view key, bool value) {
    return put(key, value ? "true" : "false");
}

ChannelUri& ChannelUri::put_if_absent(std::string_view key, std::string_view value) {
    return contains(key) ? *this : put(key, value);
}

ChannelUri& ChannelUri::remove(std::string_view key) noexcept {
    std::erase_if(parameters_, [key](const Parameter& each) { return each.first == key; });
    return *this;
}

ChannelUri& ChannelUri::put_initial_position(std::int64_t position, std::int32_t initial_term_id,
                                             std::int32_t term_length) {
    if (position < 0 || position % kPositionAlignment != 0) {
        throw ChannelUriError(fmt::format("invalid position: {}", position));
    }
    const auto term_count = static_cast<std::int32_t>(position / term_length);
    put_int(uri_key::kInitialTermId, initial_term_id);
    put_int(uri_key::kTermId, wrapping_add(initial_term_id, term_count));
    put_int(uri_key::kTermOffset, position % term_length);
    return put_size(uri_key::kTermLength, term_length);
}

std::optional<std::int32_t> ChannelUri::session_id() const {
    if (get_or(uri_key::kSessionId, "").starts_with(kTagPrefix)) return std::nullopt;
    return get_int32(uri_key::kSessionId);
}

std::optional<std::int64_t> ChannelUri::session_id_tag() const {
    return tag_of(get_or(uri_key::kSessionId, ""));
}

std::optional<std::int64_t> ChannelUri::channel_tag() const {
    const std::string_view text = get_or(uri_key::kTags, "");
    const std::string_view tag = text.substr(0, text.find(','));
    if (tag.empty()) return std::nullopt;
    const auto value = parse_int<std::int64_t>(tag);
    if (!value) {
        throw ChannelUriError(
            fmt::format("could not parse channel tag string: {} in: {}", tag, to_string()));
    }
    return value;
}

std::optional<std::int64_t> ChannelUri::entity_tag() const {
    const std::string_view text = get_or(uri_key::kTags, "");
    const std::size_t comma = text.find(',');
    if (comma == std::string_view::npos) return std::nullopt;
    const std::string_view tag = text.substr(comma + 1);
    const auto value = parse_int<std::int64_t>(tag);
    if (!value) {
        throw ChannelUriError(fmt::format("Entity tag invalid: {} in: {}", tag, to_string()),
                              kGenericError);
    }
    return value;
}

bool ChannelUri::has_control_mode(std::string_view mode) const noexcept {
    return get_or(uri_key::kControlMode, "") == mode;
}

ChannelUri& ChannelUri::replace_endpoint_wildcard_port(std::string_view resolved) {
    const std::string_view port = port_of(resolved);
    const auto number = parse_int<std::uint16_t>(port);
    if (!number) {
        throw ChannelUriError(fmt::format("No port specified on resolvedEndpoint={}", resolved));
    }
    if (*number == 0) {
        throw ChannelUriError(
            fmt::format("Wildcard port specified on resolvedEndpoint={}", resolved));
    }
    const auto endpoint = get(uri_key::kEndpoint);
    if (!endpoint) return put(uri_key::kEndpoint, resolved);
    if (!endpoint->ends_with(":0")) return *this;
    std::string value(endpoint->substr(0, endpoint->size() - 1));
    value.append(port);
    return put(uri_key::kEndpoint, value);
}

ChannelUri ChannelUri::destination(std::string_view endpoint) const {
    ChannelUri destination(media_);
    destination.put(uri_key::kEndpoint, endpoint);
    if (const auto interface = get(uri_key::kInterface)) {
        destination.put(uri_key::kInterface, *interface);
    }
    return destination;
}

std::string ChannelUri::to_string() const {
    std::vector<const Parameter*> ordered;
    ordered.reserve(parameters_.size());
    for (const Parameter& each : parameters_) ordered.push_back(&each);
    std::ranges::stable_sort(ordered, {},
                             [](const Parameter* each) { return canonical_rank(each->first); });

    std::string text(spy_ ? kSpyPrefix : "");
    text.append(kScheme).append(is_udp() ? "udp" : "ipc");
    char separator = '?';
    for (const Parameter* each : ordered) {
        text.append(1, separator).append(each->first).append(1, '=').append(each->second);
        separator = '|';
    }
    return text;
}

bool operator==(const ChannelUri& a, const ChannelUri& b) {
    return a.media_ == b.media_ && a.spy_ == b.spy_ &&
           a.parameters_.size() == b.parameters_.size() &&
           std::ranges::is_permutation(a.parameters_, b.parameters_);
}

std::string add_session_id(std::string_view channel, std::int32_t session_id) {
    return ChannelUri::parse(channel).put_int(uri_key::kSessionId, session_id).to_string();
}

std::string add_alias_if_absent(std::string_view channel, std::string_view alias) {
    if (alias.empty()) return std::string(channel);
    return ChannelUri::parse(channel).put_if_absent(uri_key::kAlias, alias).to_string();
}

std::string transform_alias(std::string_view channel,
                            FunctionRef<std::string(std::string_view alias)> transform) {
    ChannelUri uri = ChannelUri::parse(channel);
    const std::string alias = transform(uri.get_or(uri_key::kAlias, ""));
    alias.empty() ? uri.remove(uri_key::kAlias) : uri.put(uri_key::kAlias, alias);
    return uri.to_string();
}

std::optional<std::int64_t> tag_of(std::string_view value) {
    if (!value.starts_with(kTagPrefix)) return std::nullopt;
    const auto tag = parse_int<std::int64_t>(value.substr(kTagPrefix.size()));
    if (!tag) throw ChannelUriError(fmt::format("not an integer after 'tag:': {}", value));
    return tag;
}

std::optional<std::string> replace_port_with_wildcard(std::string_view endpoint) {
    const std::string_view port = port_of(endpoint);
    if (port.empty()) return std::nullopt;
    return std::string(endpoint.substr(0, endpoint.size() - port.size())).append("0");
}

std::string recording_subscription_key(std::int32_t stream_id, const ChannelUri& channel) {
    std::string key = fmt::format("{}:{}?", stream_id, channel.is_udp() ? "udp" : "ipc");
    for (const std::string_view name : {uri_key::kEndpoint, uri_key::kInterface, uri_key::kControl,
                                        uri_key::kSessionId, uri_key::kTags}) {
        if (const auto value = channel.get(name)) {
            key.append(name).append(1, '=').append(*value).append(1, '|');
        }
    }
    key.pop_back();
    return key;
}

}  // namespace tern::wire
