#pragma once
// What a media driver says of itself in its files, and what is left in them of clients that are
// gone.
//
// Thread safety: none.

#include <string>
#include <vector>

#include "tern/memory/system_counters.hpp"
#include "tern/platform/platform.hpp"

namespace tern::sim {

/// One line for each error in the log of the driver that owns this directory. `host`: of a process
/// of its host.
[[nodiscard]] std::vector<std::string> driver_errors(platform::Platform host,
                                                     const std::string& aeron_directory);

[[nodiscard]] std::int64_t system_counter(platform::Platform host,
                                          const std::string& aeron_directory,
                                          memory::SystemCounter counter);

/// One line for each counter that is not the driver's own, each log file, and each file that a
/// driver has no reason to have. Empty once all clients have closed and their streams have ended.
[[nodiscard]] std::vector<std::string> left_in_driver(platform::Platform host,
                                                      const std::string& aeron_directory);

}  // namespace tern::sim
