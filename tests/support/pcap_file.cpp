#include "tests/support/pcap_file.hpp"

#include <array>

namespace tern::support {
namespace {

constexpr std::size_t kIpHeaderLength = 20;
constexpr std::size_t kUdpHeaderLength = 8;

struct FileHeader {
    std::uint32_t magic = 0xA1B2C3D4;  // times in us, in our byte order
    std::uint16_t major = 2;
    std::uint16_t minor = 4;
    std::uint32_t reserved[2] = {0, 0};
    std::uint32_t snapshot_length = 65535;
    std::uint32_t link_type = 101;
};

struct PacketHeader {
    std::uint32_t seconds;
    std::uint32_t microseconds;
    std::uint32_t captured_length;
    std::uint32_t length;
};

using Headers = std::array<std::uint8_t, kIpHeaderLength + kUdpHeaderLength>;

void put_u16(Headers& headers, std::size_t offset, std::size_t value) {
    headers[offset] = static_cast<std::uint8_t>(value >> 8);
    headers[offset + 1] = static_cast<std::uint8_t>(value);
}

/// IPv4 and UDP, without checksums.
Headers headers_of(const platform::SocketAddress& from, const platform::SocketAddress& to,
                   std::size_t length) {
    Headers headers{};
    headers[0] = 0x45;
    put_u16(headers, 2, kIpHeaderLength + kUdpHeaderLength + length);
    headers[8] = 64;  // time to live
    headers[9] = 17;  // UDP
    std::copy_n(from.bytes().begin(), 4, headers.begin() + 12);
    std::copy_n(to.bytes().begin(), 4, headers.begin() + 16);
    put_u16(headers, kIpHeaderLength, from.port());
    put_u16(headers, kIpHeaderLength + 2, to.port());
    put_u16(headers, kIpHeaderLength + 4, kUdpHeaderLength + length);
    return headers;
}

void put(std::ofstream& file, const void* bytes, std::size_t length) {
    file.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(length));
}

}  // namespace

PcapFile::PcapFile(const std::string& path) : file_(path, std::ios::binary) {
    const FileHeader header;
    put(file_, &header, sizeof(header));
}

void PcapFile::write(const platform::SocketAddress& from, const platform::SocketAddress& to,
                     ConstBytes datagram) {
    const Headers headers = headers_of(from, to, datagram.size());
    const auto length = static_cast<std::uint32_t>(headers.size() + datagram.size());
    const PacketHeader packet{time_us_ / 1'000'000, time_us_ % 1'000'000, length, length};
    ++time_us_;
    put(file_, &packet, sizeof(packet));
    put(file_, headers.data(), headers.size());
    put(file_, datagram.data(), datagram.size());
}

}  // namespace tern::support
