#pragma once
// Schema and enumerations of the cluster's protocol (CLF-1 of chapter 50).
// to_string gives upstream's names.

#include <cstdint>
#include <string_view>

#include "tern/wire/sbe.hpp"

namespace tern::wire::cluster {

inline constexpr Schema kSchema{.id = 111, .version = 16};

enum class EventCode : std::int32_t {
    ok = 0,
    error = 1,
    redirect = 2,
    authentication_rejected = 3,
    closed = 4,
    null = kNullInt32,
};
[[nodiscard]] constexpr std::int32_t enum_count(EventCode) noexcept { return 5; }
[[nodiscard]] std::string_view to_string(EventCode value) noexcept;

/// Null: the session is not closing.
enum class CloseReason : std::int32_t {
    client_action = 0,
    service_action = 1,
    timeout = 2,
    null = kNullInt32,
};
[[nodiscard]] constexpr std::int32_t enum_count(CloseReason) noexcept { return 3; }
[[nodiscard]] std::string_view to_string(CloseReason value) noexcept;

enum class ClusterAction : std::int32_t {
    suspend = 0,
    resume = 1,
    snapshot = 2,
    null = kNullInt32,
};
[[nodiscard]] constexpr std::int32_t enum_count(ClusterAction) noexcept { return 3; }
[[nodiscard]] std::string_view to_string(ClusterAction value) noexcept;

enum class SnapshotMark : std::int32_t {
    begin = 0,
    section = 1,
    end = 2,
    null = kNullInt32,
};
[[nodiscard]] constexpr std::int32_t enum_count(SnapshotMark) noexcept { return 3; }
[[nodiscard]] std::string_view to_string(SnapshotMark value) noexcept;

/// Of legacy membership events.
enum class ChangeType : std::int32_t {
    join = 0,
    quit = 1,
    null = kNullInt32,
};
[[nodiscard]] constexpr std::int32_t enum_count(ChangeType) noexcept { return 2; }
[[nodiscard]] std::string_view to_string(ChangeType value) noexcept;

/// Null reads as millis.
enum class ClusterTimeUnit : std::int32_t {
    millis = 0,
    micros = 1,
    nanos = 2,
    null = kNullInt32,
};
[[nodiscard]] constexpr std::int32_t enum_count(ClusterTimeUnit) noexcept { return 3; }
[[nodiscard]] std::string_view to_string(ClusterTimeUnit value) noexcept;

enum class AdminRequestType : std::int32_t {
    snapshot = 0,
    null = kNullInt32,
};
[[nodiscard]] constexpr std::int32_t enum_count(AdminRequestType) noexcept { return 1; }
[[nodiscard]] std::string_view to_string(AdminRequestType value) noexcept;

enum class AdminResponseCode : std::int32_t {
    ok = 0,
    error = 1,
    unauthorised_access = 2,
    null = kNullInt32,
};
[[nodiscard]] constexpr std::int32_t enum_count(AdminResponseCode) noexcept { return 3; }
[[nodiscard]] std::string_view to_string(AdminResponseCode value) noexcept;

}  // namespace tern::wire::cluster
