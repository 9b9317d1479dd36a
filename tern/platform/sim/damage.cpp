#include "tern/platform/sim/damage.hpp"

#include <algorithm>
#include <cstdint>

#include "tern/base/bytes.hpp"

namespace tern::platform::sim {

namespace {

// The beginning of every frame: length, version, flags, type (TRN-1.2). Known here because the
// platform is below tern/wire, and cannot ask it.
constexpr std::size_t kVersionOffset = 4;
constexpr std::size_t kTypeOffset = 6;
constexpr std::size_t kFrameHeaderLength = 8;
constexpr std::size_t kDataHeaderLength = 32;
constexpr std::int64_t kMaxTermLength = std::int64_t{1} << 30;

constexpr Range kVersions{1, UINT8_MAX};         // 0 is the only one there is
constexpr Range kTypes{0x1000, UINT16_MAX - 1};  // those in use are below; 0xFFFF is for extensions
constexpr Range kGrowth{1, 100};
constexpr Range kNegativeLengths{INT32_MIN, -1};
constexpr Range kShortLengths{1, kFrameHeaderLength - 1};  // not 0: a heartbeat has it
constexpr Range kHugeLengths{kMaxTermLength + 1, INT32_MAX};

void fill(Bytes bytes, Prng& prng) {
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(prng.next());
}

void cut(std::vector<std::byte>& datagram, Prng& prng) {
    const bool in_header = prng.chance(kPpm / 2);
    const std::size_t bound =
        in_header ? std::min(datagram.size(), kDataHeaderLength) : datagram.size();
    datagram.resize(static_cast<std::size_t>(prng.next() % bound));
}

void grow(std::vector<std::byte>& datagram, Prng& prng) {
    const std::size_t length = datagram.size();
    datagram.resize(length + static_cast<std::size_t>(prng.between(kGrowth)));
    fill(Bytes(datagram).subspan(length), prng);
}

void spoil_version(std::vector<std::byte>& datagram, Prng& prng) {
    datagram[kVersionOffset] = static_cast<std::byte>(prng.between(kVersions));
}

void spoil_type(std::vector<std::byte>& datagram, Prng& prng) {
    store(datagram.data() + kTypeOffset, static_cast<std::uint16_t>(prng.between(kTypes)));
}

void spoil_length(std::vector<std::byte>& datagram, Prng& prng) {
    const std::uint64_t kind = prng.next() % 3;
    const Range& lengths = kind == 0 ? kNegativeLengths : kind == 1 ? kShortLengths : kHugeLengths;
    store(datagram.data(), static_cast<std::int32_t>(prng.between(lengths)));
}

void make_noise(std::vector<std::byte>& datagram, Prng& prng) {
    fill(datagram, prng);
    spoil_version(datagram, prng);
}

}  // namespace

void damage(std::vector<std::byte>& datagram, Prng& prng) {
    if (datagram.size() < kFrameHeaderLength) {  // of no peer, and there is no header to spoil
        datagram.resize(kFrameHeaderLength);
        return make_noise(datagram, prng);
    }
    switch (prng.next() % 6) {
        case 0:
            return cut(datagram, prng);
        case 1:
            return grow(datagram, prng);
        case 2:
            return spoil_version(datagram, prng);
        case 3:
            return spoil_type(datagram, prng);
        case 4:
            return spoil_length(datagram, prng);
        default:
            return make_noise(datagram, prng);
    }
}

}  // namespace tern::platform::sim
