#pragma once
// Schema and enumerations of the archive's protocol (ARC-2 and ARC-3 of chapter 40).
// to_string gives upstream's names.

#include <cstdint>
#include <string_view>

#include "tern/wire/sbe.hpp"

namespace tern::wire::archive {

inline constexpr Schema kSchema{.id = 101, .version = 13};

enum class ControlResponseCode : std::int32_t {
    ok = 0,
    error = 1,
    recording_unknown = 2,
    subscription_unknown = 3,
    null = kNullInt32,
};
[[nodiscard]] constexpr std::int32_t enum_count(ControlResponseCode) noexcept { return 4; }
[[nodiscard]] std::string_view to_string(ControlResponseCode value) noexcept;

/// local: the source is in the archive's own driver. Null acts as remote.
enum class SourceLocation : std::int32_t {
    local = 0,
    remote = 1,
    null = kNullInt32,
};
[[nodiscard]] constexpr std::int32_t enum_count(SourceLocation) noexcept { return 2; }
[[nodiscard]] std::string_view to_string(SourceLocation value) noexcept;

enum class RecordingSignal : std::int32_t {
    start = 0,
    stop = 1,
    extend = 2,
    replicate = 3,
    merge = 4,
    sync = 5,
    deleted = 6,
    replicate_end = 7,
    null = kNullInt32,
};
[[nodiscard]] constexpr std::int32_t enum_count(RecordingSignal) noexcept { return 8; }
[[nodiscard]] std::string_view to_string(RecordingSignal value) noexcept;

/// Of an entry of the catalog.
enum class RecordingState : std::int32_t {
    invalid = 0,
    valid = 1,
    deleted = 2,
    null = kNullInt32,
};
[[nodiscard]] constexpr std::int32_t enum_count(RecordingState) noexcept { return 3; }
[[nodiscard]] std::string_view to_string(RecordingState value) noexcept;

}  // namespace tern::wire::archive
