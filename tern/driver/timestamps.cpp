#include "tern/driver/timestamps.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdlib>

#include "tern/base/error.hpp"
#include "tern/wire/data_header.hpp"

namespace tern::driver {

namespace {

namespace key = wire::uri_key;

constexpr std::int32_t kTimestampLength = 8;

TimestampOffset parse_offset(const wire::ChannelUri& uri, std::string_view name) {
    const auto text = uri.get(name);
    if (!text) return kNoTimestamp;
    if (*text == "reserved") return kReservedValueTimestamp;
    std::string_view digits = *text;
    const bool is_hex = digits.starts_with("0x") || digits.starts_with("0X");
    if (is_hex) digits.remove_prefix(2);
    TimestampOffset offset = 0;
    const char* const end = digits.data() + digits.size();
    const auto [rest, error] = std::from_chars(digits.data(), end, offset, is_hex ? 16 : 10);
    if (error != std::errc{} || rest != end) {
        throw Error(fmt::format("Invalid {}: {}", name, *text));
    }
    return offset < 0 ? kNoTimestamp : offset;
}

struct Named {
    std::string_view name;
    TimestampOffset offset;
};

void check_apart(const Named& a, const Named& b) {
    if (a.offset == kNoTimestamp || b.offset == kNoTimestamp) return;
    const std::int64_t distance = std::int64_t{a.offset} - b.offset;
    if (std::abs(distance) < kTimestampLength) {
        throw Error(fmt::format("{} and {} overlap", a.name, b.name));
    }
}

std::string_view describe(TimestampOffset offset) {
    if (offset == kNoTimestamp) return "(not specified)";
    return offset == kReservedValueTimestamp ? "(reserved)" : "";
}

}  // namespace

TimestampOffsets TimestampOffsets::parse(const wire::ChannelUri& uri) {
    const std::array<Named, 3> named = {
        Named{key::kMediaReceiveTimestampOffset,
              parse_offset(uri, key::kMediaReceiveTimestampOffset)},
        Named{key::kChannelReceiveTimestampOffset,
              parse_offset(uri, key::kChannelReceiveTimestampOffset)},
        Named{key::kChannelSendTimestampOffset,
              parse_offset(uri, key::kChannelSendTimestampOffset)}};
    check_apart(named[0], named[1]);
    check_apart(named[0], named[2]);
    check_apart(named[1], named[2]);
    return {.media_receive = named[0].offset,
            .channel_receive = named[1].offset,
            .channel_send = named[2].offset};
}

void check_timestamps_agree(std::string_view name, TimestampOffset existing,
                            std::string_view existing_channel, TimestampOffset requested,
                            std::string_view channel) {
    if (existing == requested) return;
    throw Error(fmt::format(
        "option conflicts with existing subscription: {}={} {} existingChannel={} channel={}", name,
        requested, describe(requested), existing_channel, channel));
}

void stamp(Bytes datagram, TimestampOffset offset, std::int64_t epoch_ns) noexcept {
    if (offset == kNoTimestamp || datagram.size() < sizeof(wire::DataHeader)) return;
    const auto header = load<wire::DataHeader>(datagram.data());
    if (header.type != wire::kDataFrameType || header.frame_length <= 0 ||
        (header.flags & wire::data_flags::kBegin) == 0) {
        return;
    }
    std::int64_t at = offsetof(wire::DataHeader, reserved_value);
    if (offset != kReservedValueTimestamp) {
        at = std::int64_t{wire::kDataHeaderLength} + offset;
        if (at + kTimestampLength > std::ssize(datagram) ||
            at + kTimestampLength > header.frame_length) {
            return;
        }
    }
    store(datagram.data() + at, epoch_ns);
}

}  // namespace tern::driver
