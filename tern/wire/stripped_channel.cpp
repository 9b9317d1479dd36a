// strip_channel() of channel_uri.hpp: what an archive keeps of a channel (ARC-14.1).

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "tern/wire/channel_uri.hpp"

namespace tern::wire {
namespace {

enum class Kind : std::uint8_t {
    text,
    control_mode,
    session_id,
    ttl,
    group_tag,
    boolean,
    size,
    offset,
    response_correlation_id,
    stream_id,
};

struct Kept {
    std::string_view key;
    Kind kind;
};

constexpr std::array kKept{
    Kept{uri_key::kTags, Kind::text},
    Kept{uri_key::kEndpoint, Kind::text},
    Kept{uri_key::kInterface, Kind::text},
    Kept{uri_key::kControl, Kind::text},
    Kept{uri_key::kControlMode, Kind::control_mode},
    Kept{uri_key::kSessionId, Kind::session_id},
    Kept{uri_key::kTtl, Kind::ttl},
    Kept{uri_key::kAlias, Kind::text},
    Kept{uri_key::kCongestionControl, Kind::text},
    Kept{uri_key::kFlowControl, Kind::text},
    Kept{uri_key::kGroupTag, Kind::group_tag},
    Kept{uri_key::kTether, Kind::boolean},
    Kept{uri_key::kGroup, Kind::boolean},
    Kept{uri_key::kRejoin, Kind::boolean},
    Kept{uri_key::kSocketSndbuf, Kind::size},
    Kept{uri_key::kSocketRcvbuf, Kind::size},
    Kept{uri_key::kReceiverWindow, Kind::size},
    Kept{uri_key::kMediaReceiveTimestampOffset, Kind::offset},
    Kept{uri_key::kChannelReceiveTimestampOffset, Kind::offset},
    Kept{uri_key::kChannelSendTimestampOffset, Kind::offset},
    Kept{uri_key::kResponseEndpoint, Kind::text},
    Kept{uri_key::kResponseCorrelationId, Kind::response_correlation_id},
    Kept{uri_key::kStreamId, Kind::stream_id},
};

constexpr std::int64_t kInt32Min = std::numeric_limits<std::int32_t>::min();
constexpr std::int64_t kInt32Max = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kInt64Min = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kInt64Max = std::numeric_limits<std::int64_t>::max();

// The value reprinted, or an error with `message`.
std::string checked_integer(std::string_view value, std::int64_t min, std::int64_t max,
                            const std::string& message) {
    std::int64_t number = 0;
    const char* end = value.data() + value.size();
    const auto [rest, error] = std::from_chars(value.data(), end, number);
    if (error != std::errc{} || rest != end || number < min || number > max) {
        throw ChannelUriError(message);
    }
    return std::to_string(number);
}

std::string checked_ttl(std::string_view value) {
    checked_integer(value, kInt32Min, kInt32Max, "'ttl' must be a value integer");
    return checked_integer(value, 0, 255, fmt::format("TTL not in range 0-255: {}", value));
}

std::string checked_control_mode(std::string_view value) {
    if (value != control_mode::kManual && value != control_mode::kDynamic &&
        value != control_mode::kResponse) {
        throw ChannelUriError(fmt::format("invalid control mode: {}", value));
    }
    return std::string(value);
}

std::string checked_session_id(std::string_view value) {
    constexpr std::string_view kTag = "tag:";
    constexpr std::string_view kMessage = "'session-id' must be a valid integer";
    if (value.starts_with(kTag)) {
        return std::string(kTag) + checked_integer(value.substr(kTag.size()), kInt64Min, kInt64Max,
                                                   std::string(kMessage));
    }
    return checked_integer(value, kInt32Min, kInt32Max, std::string(kMessage));
}

std::string as_boolean(std::string_view value) {
    const bool is_true = std::ranges::equal(value, std::string_view("true"), [](char a, char b) {
        return a == b || a == b - 'a' + 'A';
    });
    return is_true ? "true" : "false";
}

void keep(ChannelUri& stripped, const ChannelUri& channel, const Kept& kept,
          std::string_view value) {
    const std::string_view key = kept.key;
    const auto not_a_number = [key] { return fmt::format("'{}' must be a valid integer", key); };
    switch (kept.kind) {
        case Kind::text:
            stripped.put(key, value);
            return;
        case Kind::control_mode:
            stripped.put(key, checked_control_mode(value));
            return;
        case Kind::session_id:
            stripped.put(key, checked_session_id(value));
            return;
        case Kind::ttl:
            stripped.put(key, checked_ttl(value));
            return;
        case Kind::group_tag:
            stripped.put(key, checked_integer(value, kInt64Min, kInt64Max,
                                              "'gtag' must be a valid long value"));
            return;
        case Kind::boolean:
            stripped.put(key, as_boolean(value));
            return;
        case Kind::size:
            stripped.put_size(key, *channel.get_size(key));
            return;
        case Kind::offset:
            stripped.put(key, value == "reserved"
                                  ? std::string(value)
                                  : checked_integer(value, kInt32Min, kInt32Max, not_a_number()));
            return;
        case Kind::response_correlation_id:
            stripped.put(key, value == "prototype"
                                  ? std::string(value)
                                  : checked_integer(value, -1, kInt64Max, not_a_number()));
            return;
        case Kind::stream_id:
            stripped.put(
                key, checked_integer(value, kInt32Min, kInt32Max, "stream-id must be a number"));
            return;
    }
}

}  // namespace

ChannelUri strip_channel(const ChannelUri& channel) {
    ChannelUri stripped(channel.media());
    for (const Kept& kept : kKept) {
        if (const auto value = channel.get(kept.key)) keep(stripped, channel, kept, *value);
    }
    return stripped;
}

}  // namespace tern::wire
