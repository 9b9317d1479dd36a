// Every datagram that upstream's drivers sent in the captures: our decoders read what the listing
// beside each capture says, and our encoders write the same bytes.

#include <gtest/gtest.h>

#include <fmt/format.h>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "tern/wire/hex_test_support.hpp"
#include "tern/wire/resolution_frames.hpp"
#include "tern/wire/udp_frames.hpp"

namespace tern::wire {
namespace {

using testing::to_hex;
using Buffer = std::vector<std::byte>;

const std::filesystem::path kCaptures = TERN_SOURCE_DIR "/../shared/golden/pcap";

constexpr std::size_t kFileHeaderLength = 24;
constexpr std::size_t kRecordHeaderLength = 16;
constexpr std::size_t kEthernetLength = 14;
constexpr std::size_t kUdpHeaderLength = 8;

/// The UDP payloads of a capture of IPv4 over Ethernet.
std::vector<Buffer> datagrams_of(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(stream)), {});
    const ConstBytes all = as_bytes(text);
    std::vector<Buffer> datagrams;
    for (std::size_t at = kFileHeaderLength; at + kRecordHeaderLength < all.size();) {
        const auto length = load<std::uint32_t>(all.data() + at + 8);
        const ConstBytes packet = all.subspan(at + kRecordHeaderLength, length);
        const auto ip_length = (static_cast<std::size_t>(packet[kEthernetLength]) & 0x0F) * 4;
        const std::size_t udp = kEthernetLength + ip_length;
        const auto udp_length = (static_cast<std::size_t>(packet[udp + 4]) << 8) |
                                static_cast<std::size_t>(packet[udp + 5]);
        const ConstBytes payload =
            packet.subspan(udp + kUdpHeaderLength, udp_length - kUdpHeaderLength);
        datagrams.emplace_back(payload.begin(), payload.end());
        at += kRecordHeaderLength + length;
    }
    return datagrams;
}

struct Listed {
    std::string line;                  // "SETUP len=40 ver=0 ..."
    std::vector<std::string> entries;  // of RES
};

std::vector<Listed> listing_of(std::filesystem::path file) {
    std::ifstream stream(file.replace_extension(".txt"));
    const std::regex datagram(" +\\d+ +[0-9.]+ \\S+ > \\S+ \\(\\d+\\) (.*)");
    const std::regex entry(" +entry at \\d+: (.*) padding=\\w*");
    std::vector<Listed> listing;
    for (std::string line; std::getline(stream, line);) {
        if (line.starts_with("=== ") && !listing.empty()) break;  // the same again, as raw bytes
        std::smatch match;
        if (std::regex_match(line, match, datagram)) {
            listing.push_back({match[1].str(), {}});
        } else if (!listing.empty() && std::regex_match(line, match, entry)) {
            listing.back().entries.push_back(match[1].str());
        }
    }
    return listing;
}

std::string head(std::string_view name, const FrameHeader& header) {
    return fmt::format("{} len={} ver={} flags=0x{:02x}", name, header.frame_length, header.version,
                       header.flags);
}

std::string show(const FrameHeader& header, ConstBytes bytes) {
    switch (header.type) {
        case kSetupFrameType: {
            const auto f = *decode_setup(bytes);
            return fmt::format(
                "{} off={} session={} stream={} init={} active={} termlen={} mtu={} ttl={}",
                head("SETUP", f.header), f.term_offset, f.session_id, f.stream_id,
                f.initial_term_id, f.active_term_id, f.term_length, f.mtu_length, f.ttl);
        }
        case kStatusMessageFrameType: {
            const auto f = *decode_status_message(bytes);
            EXPECT_EQ(header.flags, f.flags);
            return fmt::format("{} session={} stream={} cterm={} coff={} window={} receiver={}{}",
                               head("SM", header), f.session_id, f.stream_id, f.consumption_term_id,
                               f.consumption_term_offset, f.receiver_window_length, f.receiver_id,
                               f.group_tag ? fmt::format(" gtag={}", *f.group_tag) : "");
        }
        case kNakFrameType: {
            const auto f = *decode_nak(bytes);
            return fmt::format("{} session={} stream={} term={} off={} length={}",
                               head("NAK", f.header), f.session_id, f.stream_id, f.term_id,
                               f.term_offset, f.length);
        }
        case kRttmFrameType: {
            const auto f = *decode_rttm(bytes);
            return fmt::format("{} session={} stream={} echo={} delta={} receiver={}",
                               head("RTTM", f.header), f.session_id, f.stream_id,
                               f.echo_timestamp_ns, f.reception_delta_ns, f.receiver_id);
        }
        case kErrorFrameType: {
            const auto f = *decode_error(bytes);
            // Without the flag the field means nothing: the drivers disagree about what they put.
            return fmt::format(
                "{} session={} stream={} receiver={} gtag={} code={} textlen={} text=b'{}'",
                head("ERR", header), f.session_id, f.stream_id, f.receiver_id,
                f.group_tag ? std::to_string(*f.group_tag) : "none", f.error_code, f.text.size(),
                f.text);
        }
        case kResponseSetupFrameType: {
            const auto f = *decode_response_setup(bytes);
            return fmt::format("{} session={} stream={} responseSession={}",
                               head("RSP_SETUP", f.header), f.session_id, f.stream_id,
                               f.response_session_id);
        }
        case kResolutionFrameType:
            return head("RES", header);
        default: {
            const auto f = load<DataHeader>(bytes.data());
            return fmt::format("{} off={} session={} stream={} term={} reserved={}",
                               head(header.type == kPadFrameType ? "PAD" : "DATA", header),
                               f.term_offset, f.session_id, f.stream_id, f.term_id,
                               f.reserved_value);
        }
    }
}

/// nullopt for frames that are not written by an encoder.
std::optional<std::string> encoded_again(const FrameHeader& header, ConstBytes bytes) {
    switch (header.type) {
        case kSetupFrameType:
            return to_hex(encode(*decode_setup(bytes)).bytes());
        case kStatusMessageFrameType:
            return to_hex(encode(*decode_status_message(bytes)).bytes());
        case kNakFrameType:
            return to_hex(encode(*decode_nak(bytes)).bytes());
        case kRttmFrameType:
            return to_hex(encode(*decode_rttm(bytes)).bytes());
        case kResponseSetupFrameType:
            return to_hex(encode(*decode_response_setup(bytes)).bytes());
        case kErrorFrameType: {
            Buffer into(ErrorFrame::kHeaderLength + kMaxErrorTextLength);
            const std::size_t length = encode_error(*decode_error(bytes), into);
            return to_hex(ConstBytes(into).first(length));
        }
        default:
            return std::nullopt;
    }
}

std::string show(const ResolutionEntry& e) {
    std::string address;
    for (const std::byte each : e.address) {
        address += fmt::format("{}{}", address.empty() ? "" : ".", static_cast<unsigned>(each));
    }
    return fmt::format("type={} flags=0x{:02x} port={} age={} addr={} name_length={} name=b'{}'",
                       e.is_ipv4() ? 1 : 2, e.self ? 0x80 : 0, e.udp_port, e.age_ms, address,
                       e.name.size(), e.name);
}

void check_resolution(const Buffer& bytes, const std::vector<std::string>& expected) {
    std::vector<std::string> entries;
    Buffer into(bytes.size());
    ResolutionWriter writer(into);
    ResolutionReader reader(bytes);
    while (const auto entry = reader.next()) {
        entries.push_back(show(*entry));
        EXPECT_TRUE(writer.append(*entry));
    }
    EXPECT_FALSE(reader.malformed());
    EXPECT_EQ(expected, entries);
    // The padding behind a name is unspecified, so what we wrote is read again instead.
    std::vector<std::string> again;
    ResolutionReader own(writer.finish());
    while (const auto entry = own.next()) again.push_back(show(*entry));
    EXPECT_EQ(expected, again);
    EXPECT_EQ(bytes.size(), writer.finish().size());
}

TEST(FramesGolden, EveryCapturedDatagram) {
    std::map<std::uint16_t, int> seen;
    for (const auto& file : std::filesystem::directory_iterator(kCaptures)) {
        if (file.path().extension() != ".pcap") continue;
        const auto datagrams = datagrams_of(file.path());
        const auto listing = listing_of(file.path());
        ASSERT_EQ(listing.size(), datagrams.size()) << file.path();
        for (std::size_t i = 0; i < datagrams.size(); ++i) {
            SCOPED_TRACE(file.path().filename().string() + " datagram " + std::to_string(i + 1));
            const auto header = decode_frame_header(datagrams[i]);
            ASSERT_TRUE(header);
            ++seen[header->type];
            std::string shown = show(*header, datagrams[i]);
            std::string expected = listing[i].line;
            std::string hex = to_hex(datagrams[i]);
            if (header->type == kErrorFrameType &&
                (header->flags & error_flags::kHasGroupTag) == 0) {
                expected = std::regex_replace(expected, std::regex("gtag=-?\\d+"), "gtag=none");
                hex.replace(48, 16, 16, 'f');
            }
            EXPECT_TRUE(expected.starts_with(shown)) << expected << "\n" << shown;
            EXPECT_EQ(hex, encoded_again(*header, datagrams[i]).value_or(hex));
            if (header->type == kResolutionFrameType) {
                check_resolution(datagrams[i], listing[i].entries);
            }
        }
    }
    EXPECT_EQ(9U, seen.size());
    EXPECT_EQ(202, seen[kResolutionFrameType]);
    EXPECT_EQ(294, seen[kStatusMessageFrameType]);
}

TEST(ResolutionFrames, TruncationIsMalformedAndNeverReadBeyond) {
    Buffer into(64);
    ResolutionWriter writer(into);
    const std::array<std::byte, 4> address{std::byte{10}, std::byte{0}, std::byte{0}, std::byte{1}};
    ASSERT_TRUE(writer.append({.self = true, .udp_port = 9, .address = address, .name = "alpha"}));
    const ConstBytes frame = writer.finish();
    constexpr std::size_t kNameEnd = 8 + 14 + 5;
    for (std::size_t length = 8; length < kNameEnd; ++length) {
        Buffer cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(length));
        store(cut.data(), static_cast<std::int32_t>(length));
        ResolutionReader reader(cut);
        EXPECT_FALSE(reader.next());
        EXPECT_EQ(length != 8, reader.malformed()) << length;
    }
    Buffer negative(frame.begin(), frame.end());
    store(negative.data() + 8 + 12, std::int16_t{-1});
    ResolutionReader reader(negative);
    EXPECT_FALSE(reader.next());
    EXPECT_TRUE(reader.malformed());
}

}  // namespace
}  // namespace tern::wire
