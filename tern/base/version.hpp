#pragma once
// Versions that cross boundaries.

#include <cstdint>
#include <string_view>

namespace tern {

/// Semantic version packed as upstream packs it: major<<16 | minor<<8 | patch (TRN-0).
[[nodiscard]] constexpr std::int32_t pack_version(int major, int minor, int patch) noexcept {
    return (major << 16) | (minor << 8) | patch;
}

/// The version of upstream that this build is compatible with; shown in counter labels.
inline constexpr std::string_view kCompatibleVersion = "1.52.2";
inline constexpr std::int32_t kCompatibleVersionPacked = pack_version(1, 52, 2);
inline constexpr std::string_view kCommit = "tern";  ///< stands where upstream puts a git commit

}  // namespace tern
