#include "tern/archive/checksum.hpp"

#include <fmt/format.h>
#include <isa-l/crc.h>
#include <zlib.h>

#include "tern/base/error.hpp"

namespace tern::archive {

Checksum parse_checksum(std::string_view name) {
    if (name.empty()) return Checksum::none;
    if (name == "CRC-32" || name == "io.aeron.archive.checksum.Crc32" ||
        name == "org.agrona.checksum.Crc32") {
        return Checksum::crc32;
    }
    if (name == "CRC-32C" || name == "io.aeron.archive.checksum.Crc32c" ||
        name == "org.agrona.checksum.Crc32c") {
        return Checksum::crc32c;
    }
    throw ConfigurationError(
        fmt::format("unknown checksum '{}': expected CRC-32, CRC-32C or nothing", name));
}

std::int32_t compute_checksum(Checksum kind, ConstBytes bytes) noexcept {
    switch (kind) {
        case Checksum::none:
            return 0;
        case Checksum::crc32:
            return static_cast<std::int32_t>(
                crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
        case Checksum::crc32c: {
            // The library neither inverts before nor after, and takes a mutable pointer that it
            // only reads. Frames and records are far below its int length.
            auto* data = reinterpret_cast<unsigned char*>(const_cast<std::byte*>(bytes.data()));
            return static_cast<std::int32_t>(
                ~crc32_iscsi(data, static_cast<int>(bytes.size()), 0xFFFF'FFFFU));
        }
    }
    return 0;
}

}  // namespace tern::archive
