#pragma once
// Versions of the archive's protocol (ARC-2.2 of chapter 40).

#include <cstdint>
#include <string>

#include "tern/base/version.hpp"

namespace tern::archive {

inline constexpr std::int32_t kProtocolVersion = pack_version(1, 12, 0);

/// Empty when a client of that version can be served; else the text to tell it.
[[nodiscard]] std::string check_client_version(std::int32_t version);

}  // namespace tern::archive
