#pragma once
// What the local archive said no to, as an Error. Out of storage space is fatal: a member that
// cannot record must leave (CON-16.3).

#include <fmt/format.h>

#include <cstdint>
#include <string_view>

#include "tern/archive/client/async_archive_client.hpp"
#include "tern/base/error.hpp"

namespace tern::cluster {

/// Archive error code (chapter 40): no room for another recording.
inline constexpr std::int64_t kArchiveStorageSpace = 11;

[[nodiscard]] inline Error archive_refusal(std::string_view what, const archive::Outcome& outcome) {
    const bool is_full = outcome.status == archive::Outcome::Status::error &&
                         outcome.relevant_id == kArchiveStorageSpace;
    return Error(fmt::format("{}: {}", what, outcome.message), kGenericError,
                 is_full ? Severity::fatal : Severity::error);
}

}  // namespace tern::cluster
