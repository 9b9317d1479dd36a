#pragma once
// How a failure is told: to the client whose command failed, and in the distinct error log
// (DRV-6.2, DRV-6.3).
//
// Thread safety: none needed.

#include <cstdint>
#include <exception>
#include <string>

#include "tern/base/error.hpp"
#include "tern/wire/error_codes.hpp"

namespace tern::driver {

struct ErrorReport {
    wire::ErrorCode code;  ///< of ON_ERROR
    std::string text;      ///< "(errcode) description", a line break, the message; bounded
};

[[nodiscard]] ErrorReport report_of(const std::exception& error);

/// An Error with a code of TRN-8.
[[nodiscard]] Error control_error(wire::ErrorCode code, const std::string& message);

}  // namespace tern::driver
