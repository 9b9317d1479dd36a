#pragma once
// What the local archive said no to, as an Error. Out of storage space is fatal: a member that
// cannot record must leave (CON-16.3).

#include <fmt/format.h>

#include <string_view>

#include "tern/archive/client/async_archive_client.hpp"
#include "tern/archive/error_codes.hpp"
#include "tern/base/error.hpp"

namespace tern::cluster {

/// A recording that ended by itself, with its publication, takes its subscription with it: asking
/// to stop it then is no failure (CON-7.2).
[[nodiscard]] inline bool is_stopped(const archive::Outcome& outcome) {
    using Status = archive::Outcome::Status;
    return outcome.ok() || outcome.status == Status::unknown ||
           (outcome.status == Status::error &&
            outcome.relevant_id == archive::error_code::kUnknownSubscription);
}

[[nodiscard]] inline Error archive_refusal(std::string_view what, const archive::Outcome& outcome) {
    const bool is_full = outcome.status == archive::Outcome::Status::error &&
                         outcome.relevant_id == archive::error_code::kStorageSpace;
    return Error(fmt::format("{}: {}", what, outcome.message), kGenericError,
                 is_full ? Severity::fatal : Severity::error);
}

}  // namespace tern::cluster
