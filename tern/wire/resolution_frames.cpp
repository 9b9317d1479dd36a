#include "tern/wire/resolution_frames.hpp"

#include <algorithm>
#include <cstring>

#include "tern/base/assert.hpp"
#include "tern/base/math.hpp"

namespace tern::wire {
namespace {

constexpr std::uint8_t kNameToIpv4 = 1;
constexpr std::uint8_t kNameToIpv6 = 2;
constexpr std::uint8_t kSelfFlag = 0x80;
constexpr std::size_t kIpv4Length = 4;
constexpr std::size_t kIpv6Length = 16;
constexpr std::size_t kFlagsOffset = 1;
constexpr std::size_t kPortOffset = 2;
constexpr std::size_t kAgeOffset = 4;
constexpr std::size_t kAddressOffset = 8;
constexpr std::size_t kNameLengthField = 2;
constexpr std::size_t kEntryAlignment = 8;

}  // namespace

bool ResolutionEntry::is_ipv4() const noexcept { return address.size() == kIpv4Length; }

bool ResolutionEntry::is_any_address() const noexcept {
    return std::ranges::all_of(address, [](std::byte each) { return each == std::byte{0}; });
}

ResolutionReader::ResolutionReader(ConstBytes datagram) noexcept {
    const auto header = decode_frame_header(datagram);
    malformed_ = !header || header->type != kResolutionFrameType;
    if (malformed_) return;
    const auto frame_length = static_cast<std::size_t>(std::max(header->frame_length, 0));
    malformed_ = frame_length < kFrameHeaderLength || frame_length > datagram.size();
    if (!malformed_)
        rest_ = datagram.subspan(kFrameHeaderLength, frame_length - kFrameHeaderLength);
}

std::optional<ResolutionEntry> ResolutionReader::next() noexcept {
    if (rest_.empty() || malformed_) return std::nullopt;
    const ConstBytes bytes = rest_;
    rest_ = {};
    malformed_ = true;  // until the entry turns out to be good

    const auto type = static_cast<std::uint8_t>(bytes.front());
    if (type != kNameToIpv4 && type != kNameToIpv6) return std::nullopt;
    const std::size_t address_length = type == kNameToIpv4 ? kIpv4Length : kIpv6Length;
    const std::size_t name_offset = kAddressOffset + address_length + kNameLengthField;
    if (bytes.size() < name_offset) return std::nullopt;
    const auto name_length = load<std::int16_t>(bytes.data() + name_offset - kNameLengthField);
    if (name_length < 0) return std::nullopt;
    const auto name_size = static_cast<std::size_t>(name_length);
    if (name_size > kMaxResolverNameLength || name_size > bytes.size() - name_offset) {
        return std::nullopt;
    }

    malformed_ = false;
    rest_ =
        bytes.subspan(std::min(align_up(name_offset + name_size, kEntryAlignment), bytes.size()));
    const auto flags = static_cast<std::uint8_t>(bytes[kFlagsOffset]);
    return ResolutionEntry{
        .self = (flags & kSelfFlag) != 0,
        .udp_port = load<std::uint16_t>(bytes.data() + kPortOffset),
        .age_ms = std::max(load<std::int32_t>(bytes.data() + kAgeOffset), 0),
        .address = bytes.subspan(kAddressOffset, address_length),
        .name = as_text(bytes.subspan(name_offset, name_size)),
    };
}

ResolutionWriter::ResolutionWriter(Bytes into) noexcept : into_(into) {
    TERN_ASSERT(into.size() >= kFrameHeaderLength, "room for the header of a RES frame");
}

bool ResolutionWriter::append(const ResolutionEntry& entry) noexcept {
    const std::size_t address_length = entry.address.size();
    if (address_length != kIpv4Length && address_length != kIpv6Length) return false;
    if (entry.name.empty() || entry.name.size() > kMaxResolverNameLength) return false;
    const std::size_t name_offset = kAddressOffset + address_length + kNameLengthField;
    const std::size_t length = align_up(name_offset + entry.name.size(), kEntryAlignment);
    if (length > into_.size() - length_) return false;

    std::byte* at = into_.data() + length_;
    std::memset(at, 0, length);
    store(at, entry.is_ipv4() ? kNameToIpv4 : kNameToIpv6);
    store(at + kFlagsOffset, entry.self ? kSelfFlag : std::uint8_t{0});
    store(at + kPortOffset, entry.udp_port);
    store(at + kAgeOffset, entry.age_ms);
    std::memcpy(at + kAddressOffset, entry.address.data(), address_length);
    store(at + name_offset - kNameLengthField, static_cast<std::int16_t>(entry.name.size()));
    std::memcpy(at + name_offset, entry.name.data(), entry.name.size());
    length_ += length;
    return true;
}

ConstBytes ResolutionWriter::finish() noexcept {
    store(into_.data(),
          FrameHeader{static_cast<std::int32_t>(length_), kFrameVersion, 0, kResolutionFrameType});
    return into_.first(length_);
}

}  // namespace tern::wire
