#include "tern/wire/uri_parameter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>

#include "tern/base/duration.hpp"
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
    mtu,
    term_length,
    term_offset,
    integer,
    natural,
    duration,
    timestamp_offset,
    response_correlation_id,
    stream_id,
};

struct Parameter {
    std::string_view key;
    Kind kind;
};

// Those that are not here are texts.
constexpr std::array kParameters{
    Parameter{uri_key::kControlMode, Kind::control_mode},
    Parameter{uri_key::kMtu, Kind::mtu},
    Parameter{uri_key::kTermLength, Kind::term_length},
    Parameter{uri_key::kInitialTermId, Kind::integer},
    Parameter{uri_key::kTermId, Kind::integer},
    Parameter{uri_key::kTermOffset, Kind::term_offset},
    Parameter{uri_key::kSessionId, Kind::session_id},
    Parameter{uri_key::kTtl, Kind::ttl},
    Parameter{uri_key::kReliable, Kind::boolean},
    Parameter{uri_key::kLinger, Kind::duration},
    Parameter{uri_key::kGroupTag, Kind::group_tag},
    Parameter{uri_key::kSparse, Kind::boolean},
    Parameter{uri_key::kEndOfStream, Kind::boolean},
    Parameter{uri_key::kTether, Kind::boolean},
    Parameter{uri_key::kGroup, Kind::boolean},
    Parameter{uri_key::kRejoin, Kind::boolean},
    Parameter{uri_key::kSpiesSimulateConnection, Kind::boolean},
    Parameter{uri_key::kSocketSndbuf, Kind::size},
    Parameter{uri_key::kSocketRcvbuf, Kind::size},
    Parameter{uri_key::kReceiverWindow, Kind::size},
    Parameter{uri_key::kMediaReceiveTimestampOffset, Kind::timestamp_offset},
    Parameter{uri_key::kChannelReceiveTimestampOffset, Kind::timestamp_offset},
    Parameter{uri_key::kChannelSendTimestampOffset, Kind::timestamp_offset},
    Parameter{uri_key::kResponseCorrelationId, Kind::response_correlation_id},
    Parameter{uri_key::kNakDelay, Kind::duration},
    Parameter{uri_key::kUntetheredWindowLimitTimeout, Kind::duration},
    Parameter{uri_key::kUntetheredLingerTimeout, Kind::duration},
    Parameter{uri_key::kUntetheredRestingTimeout, Kind::duration},
    Parameter{uri_key::kMaxResend, Kind::natural},
    Parameter{uri_key::kStreamId, Kind::stream_id},
    Parameter{uri_key::kPublicationWindow, Kind::size},
};

constexpr std::int64_t kInt32Min = std::numeric_limits<std::int32_t>::min();
constexpr std::int64_t kInt32Max = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kInt64Min = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kInt64Max = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kFrameAlignment = 32;
constexpr std::int64_t kMinMtu = 32;
constexpr std::int64_t kMaxMtu = 65504;
constexpr std::int64_t kMinTermLength = 64 << 10;
constexpr std::int64_t kMaxTermLength = 1 << 30;

[[nodiscard]] Kind kind_of(std::string_view key) noexcept {
    const auto* const found = std::ranges::find(kParameters, key, &Parameter::key);
    return found == kParameters.end() ? Kind::text : found->kind;
}

void require(bool condition, const std::string& message) {
    if (!condition) throw ChannelUriError(message);
}

[[nodiscard]] std::int64_t integer(std::string_view value, std::int64_t min, std::int64_t max,
                                   const std::string& message) {
    std::int64_t number = 0;
    const char* end = value.data() + value.size();
    const auto [rest, error] = std::from_chars(value.data(), end, number);
    require(error == std::errc{} && rest == end && number >= min && number <= max, message);
    return number;
}

[[nodiscard]] std::string integer_text(std::string_view value, std::int64_t min, std::int64_t max,
                                       const std::string& message) {
    return std::to_string(integer(value, min, max, message));
}

[[nodiscard]] std::int64_t size(std::string_view key, std::string_view value) {
    const auto number = parse_size(value);
    require(number.has_value() && *number <= kInt32Max,
            fmt::format("could not parse {}={}, expected a number of bytes like 65536, 64k, 1m",
                        key, value));
    return *number;
}

[[nodiscard]] std::string ttl(std::string_view value) {
    static_cast<void>(integer(value, kInt32Min, kInt32Max, "'ttl' must be a value integer"));
    return integer_text(value, 0, 255, fmt::format("TTL not in range 0-255: {}", value));
}

[[nodiscard]] std::string control_mode_text(std::string_view value) {
    require(value == control_mode::kManual || value == control_mode::kDynamic ||
                value == control_mode::kResponse,
            fmt::format("invalid control mode: {}", value));
    return std::string(value);
}

[[nodiscard]] std::string session_id(std::string_view value) {
    constexpr std::string_view kTag = "tag:";
    const std::string message = "'session-id' must be a valid integer";
    if (!value.starts_with(kTag)) return integer_text(value, kInt32Min, kInt32Max, message);
    return std::string(kTag) +
           integer_text(value.substr(kTag.size()), kInt64Min, kInt64Max, message);
}

[[nodiscard]] std::string boolean(std::string_view value) {
    const bool is_true = std::ranges::equal(value, std::string_view("true"), [](char a, char b) {
        return a == b || a == b - 'a' + 'A';
    });
    return is_true ? "true" : "false";
}

[[nodiscard]] std::string mtu(std::string_view value) {
    const std::int64_t length = size(uri_key::kMtu, value);
    require(length >= kMinMtu && length <= kMaxMtu,
            fmt::format("MTU not in range {}-{}: {}", kMinMtu, kMaxMtu, length));
    require(length % kFrameAlignment == 0,
            fmt::format("MTU not a multiple of FRAME_ALIGNMENT: mtu={}", length));
    return format_size(length);
}

[[nodiscard]] std::string term_length(std::string_view value) {
    const std::int64_t length = size(uri_key::kTermLength, value);
    require(
        length >= kMinTermLength,
        fmt::format("Term length less than min length of {}: length={}", kMinTermLength, length));
    require(
        length <= kMaxTermLength,
        fmt::format("Term length more than max length of {}: length={}", kMaxTermLength, length));
    require(std::has_single_bit(static_cast<std::uint64_t>(length)),
            fmt::format("Term length not a power of 2: length={}", length));
    return format_size(length);
}

[[nodiscard]] std::string term_offset(std::string_view value) {
    const std::int64_t offset =
        integer(value, 0, kMaxTermLength, fmt::format("term offset not in range 0-1g: {}", value));
    require(offset % kFrameAlignment == 0,
            fmt::format("term offset not multiple of FRAME_ALIGNMENT: {}", offset));
    return std::to_string(offset);
}

[[nodiscard]] std::string duration(std::string_view key, std::string_view value) {
    require(!value.starts_with('-'), fmt::format("{} value cannot be negative: {}", key, value));
    const auto duration_ns = parse_duration_ns(value);
    require(duration_ns.has_value(),
            fmt::format("could not parse {}={}, expected a duration like 5s, 100ms, 50us, 7ns", key,
                        value));
    return format_duration_ns(*duration_ns);
}

[[nodiscard]] std::string word_or_integer(std::string_view key, std::string_view value,
                                          std::string_view word, std::int64_t min, std::int64_t max,
                                          std::string_view range) {
    if (value == word) return std::string(value);
    return integer_text(
        value, min, max,
        fmt::format("{} must be a number{} or the value '{}' found: {}", key, range, word, value));
}

}  // namespace

std::string checked_uri_value(std::string_view key, std::string_view value) {
    const auto not_a_number = [key] { return fmt::format("'{}' must be a valid integer", key); };
    switch (kind_of(key)) {
        case Kind::text:
            return std::string(value);
        case Kind::control_mode:
            return control_mode_text(value);
        case Kind::session_id:
            return session_id(value);
        case Kind::ttl:
            return ttl(value);
        case Kind::group_tag:
            return integer_text(value, kInt64Min, kInt64Max, "'gtag' must be a valid long value");
        case Kind::boolean:
            return boolean(value);
        case Kind::size:
            return format_size(size(key, value));
        case Kind::mtu:
            return mtu(value);
        case Kind::term_length:
            return term_length(value);
        case Kind::term_offset:
            return term_offset(value);
        case Kind::integer:
            return integer_text(value, kInt32Min, kInt32Max, not_a_number());
        case Kind::natural:
            return integer_text(value, 0, kInt32Max,
                                fmt::format("'{}' must be a positive integer: {}", key, value));
        case Kind::duration:
            return duration(key, value);
        case Kind::timestamp_offset:
            return word_or_integer(key, value, "reserved", kInt32Min, kInt32Max, "");
        case Kind::response_correlation_id:
            return word_or_integer(key, value, "prototype", -1, kInt64Max,
                                   " greater than or equal to -1,");
        case Kind::stream_id:
            return integer_text(value, kInt32Min, kInt32Max, "stream-id must be a number");
    }
    return std::string(value);
}

}  // namespace tern::wire
