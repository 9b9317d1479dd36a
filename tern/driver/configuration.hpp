#pragma once
// From properties, environment and machine to a DriverContext (DRV-4), and back to text.
//
// Every name of DRV-4.3 is honoured (settings.hpp) or refused with one line that says why
// (unsupported_settings.cpp): none is ignored.
//
// Thread safety: none; used at start-up.

#include <string>
#include <vector>

#include "tern/base/properties.hpp"
#include "tern/driver/context.hpp"
#include "tern/platform/platform.hpp"

namespace tern::driver {

/// /dev/shm/aeron-<user> on Linux, else the temporary directory (DRV-2.1).
[[nodiscard]] std::string default_aeron_directory(const platform::Platform& platform);

/// Throws ConfigurationError, naming the setting, on a value that cannot be understood or is out
/// of range, and on a setting of upstream's for something that this driver does not have.
[[nodiscard]] DriverContext driver_context_from(const Properties& properties,
                                                const platform::Platform& platform);

/// Throws ConfigurationError on a setting of upstream's that this driver cannot honour.
void refuse_unsupported_settings(const Properties& properties);

/// After everything was read: settings named aeron.* that nobody asked for and that belong to no
/// other component (archive, cluster, client, samples), as they were given.
[[nodiscard]] std::vector<std::string> unknown_driver_settings(const Properties& properties);

/// The context as "name=value" lines, for operators.
[[nodiscard]] std::string describe(const DriverContext& context);

}  // namespace tern::driver
