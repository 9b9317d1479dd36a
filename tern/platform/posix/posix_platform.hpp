#pragma once
// The real platform: Linux clocks, sockets, files.

#include "tern/platform/platform.hpp"

namespace tern::platform::posix {

/// The process's one posix platform; lives until the process ends. Thread safe.
[[nodiscard]] Platform& platform();

}  // namespace tern::platform::posix
