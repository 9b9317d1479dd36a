#pragma once
// The real platform: Linux.

#include "tern/platform/platform.hpp"

namespace tern::platform::posix {

/// The process's platform. Its parts live as long as the process and may be used from any thread.
[[nodiscard]] Platform make_platform();

}  // namespace tern::platform::posix
