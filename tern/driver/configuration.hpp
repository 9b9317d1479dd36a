#pragma once
// From properties, environment and machine to a DriverContext (DRV-4).

#include <string>

#include "tern/base/properties.hpp"
#include "tern/driver/context.hpp"
#include "tern/platform/platform.hpp"

namespace tern::driver {

/// /dev/shm/aeron-<user> on Linux, else the temporary directory (DRV-2.1).
[[nodiscard]] std::string default_aeron_directory(const platform::Platform& platform);

/// Reads every option of DRV-4.3 that this driver has. Throws ConfigurationError, naming the
/// setting, on a value that cannot be understood or is out of range. Names that nobody asked for
/// can be had from Properties::unused() afterwards.
[[nodiscard]] DriverContext driver_context_from(const Properties& properties,
                                                const platform::Platform& platform);

/// The context as "name=value" lines, for operators.
[[nodiscard]] std::string describe(const DriverContext& context);

}  // namespace tern::driver
