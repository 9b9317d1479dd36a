#pragma once
// What the driver's refusals mean to the archive.

#include "tern/client/errors.hpp"
#include "tern/wire/error_codes.hpp"

namespace tern::archive {

/// The driver could not, but may be able to a moment later.
[[nodiscard]] inline bool is_temporary(const client::RegistrationException& refusal) {
    return wire::error_code_of(refusal.code()) == wire::ErrorCode::resource_temporarily_unavailable;
}

}  // namespace tern::archive
