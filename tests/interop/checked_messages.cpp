#include "checked_messages.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <vector>

#include "tern/archive/checksum.hpp"

namespace tern::interop {
namespace {

constexpr std::size_t kTableLength = kMaxCheckedLength + 256;

const std::array<std::byte, kTableLength>& table() {
    static const auto bytes = [] {
        std::array<std::byte, kTableLength> pattern{};
        for (std::size_t i = 0; i < pattern.size(); ++i) {
            pattern[i] = static_cast<std::byte>((i * 7 + i / 256) & 0xFF);
        }
        return pattern;
    }();
    return bytes;
}

std::uint64_t head_of(std::int32_t seed, std::int64_t number) {
    return static_cast<std::uint64_t>(seed) << 32 | static_cast<std::uint64_t>(number);
}

std::size_t length_of(const CheckedMessages& messages, std::int64_t number) {
    const std::uint64_t mixed = (head_of(messages.seed, number) * 0x9E3779B97F4A7C15U) >> 33;
    switch (messages.sizes) {
        case Sizes::small:
            return 8 + mixed % 93;
        case Sizes::fragmented:
            return 1400 + mixed % (kMaxCheckedLength - 1400 + 1);
        case Sizes::mixed:
            break;
    }
    switch (number % 4) {
        case 0:
            return 8 + mixed % 93;
        case 1:
            return kOneFrame;
        case 2:
            return kOneFrame + 1;
        default:
            return 8 + mixed % (kMaxCheckedLength - 8 + 1);
    }
}

}  // namespace

std::string_view name_of(Sizes sizes) noexcept {
    constexpr std::array<std::string_view, 3> kNames = {"small", "fragmented", "mixed"};
    return kNames[static_cast<std::size_t>(sizes)];
}

ConstBytes CheckedMessages::write(Bytes buffer, std::int64_t number) const {
    const Bytes message = buffer.first(length_of(*this, number));
    const auto begin = static_cast<std::size_t>((seed * 31LL + number) & 0xFF);
    std::memcpy(message.data(), table().data() + begin, message.size());
    store(message.data(), head_of(seed, number));
    return message;
}

void StreamSummary::add(ConstBytes message) {
    const std::int64_t number = load<std::int64_t>(message.data()) & 0xFFFF'FFFF;
    if (first == -1) first = next = number;
    in_order = in_order && number >= next;
    skipped += number - next;
    next = number + 1;
    bytes += static_cast<std::int64_t>(message.size());
    const auto crc =
        static_cast<std::uint32_t>(compute_checksum(archive::Checksum::crc32, message));
    sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) * 31 + crc);
}

std::string StreamSummary::text() const {
    return fmt::format("{} {} {} {} {}{}", first, next, skipped, bytes, sum,
                       in_order ? "" : " out of order");
}

StreamSummary summary_of(const CheckedMessages& messages, std::int64_t first, std::int64_t next,
                         const std::set<std::int64_t>& left_out) {
    StreamSummary summary;
    std::vector<std::byte> buffer(kMaxCheckedLength);
    for (std::int64_t number = first; number < next; ++number) {
        if (!left_out.contains(number)) summary.add(messages.write(buffer, number));
    }
    return summary;
}

}  // namespace tern::interop
