#pragma once
// The seam: everything that an agent knows of the outside world (design section 4).
//
// `posix::make_platform()` is the real one, `sim::Process::platform()` a simulated one. A Platform
// holds references; it is cheap to copy and must not outlive what it refers to.

#include "tern/platform/clock.hpp"
#include "tern/platform/network.hpp"
#include "tern/platform/random.hpp"
#include "tern/platform/storage.hpp"
#include "tern/platform/system.hpp"

namespace tern::platform {

struct Platform {
    Clock& clock;
    Network& network;
    Storage& storage;
    Random& random;
    System& system;
};

}  // namespace tern::platform
