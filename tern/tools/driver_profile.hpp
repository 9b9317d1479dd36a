#pragma once
// Ways to run a media driver that set several of its properties at once (tern.driver.profile).
//
//     default      upstream's defaults: threads back off to parks of up to 1 ms when they are idle
//     low-jitter   nobody parks for long, term buffers are reserved at once: burns CPU so that a
//                  message that comes after a pause is not late (docs/performance.md)
//
// Thread safety: none; used at start-up.

#include <string>
#include <string_view>

#include "tern/base/properties.hpp"

namespace tern::tools {

inline constexpr std::string_view kProfileProperty = "tern.driver.profile";

/// Sets what the profile that the properties name has to say; returns it as "name=value, ..." for
/// people, empty for the default. What it sets depends on how many CPUs the process may use: with
/// four and more the driver's agents spin on threads of their own, with fewer they share one that
/// parks for 10 us at most. Throws ConfigurationError, one line, when there is no such profile, or
/// when one of its properties is set to something else as well.
std::string apply_driver_profile(Properties& properties, int cpus);

}  // namespace tern::tools
