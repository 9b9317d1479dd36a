#pragma once
// Checksums of recorded frames and catalog records (ARC-9.5 of chapter 40).
//
// Off by default. Recording and replay are configured independently; nothing on disk tells which
// algorithm was used. Thread safety: pure functions.

#include <cstdint>
#include <string_view>

#include "tern/base/bytes.hpp"

namespace tern::archive {

enum class Checksum : std::uint8_t {
    none,
    crc32,   ///< IEEE, as zlib
    crc32c,  ///< Castagnoli, as iSCSI
};

/// "", "CRC-32", "CRC-32C" and upstream's class names. Throws ConfigurationError for others.
[[nodiscard]] Checksum parse_checksum(std::string_view name);

/// 0 for Checksum::none.
[[nodiscard]] std::int32_t compute_checksum(Checksum kind, ConstBytes bytes) noexcept;

}  // namespace tern::archive
