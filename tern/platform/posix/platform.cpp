#include "tern/platform/posix/platform.hpp"

#include "tern/platform/posix/clock.hpp"
#include "tern/platform/posix/network.hpp"
#include "tern/platform/posix/random.hpp"
#include "tern/platform/posix/storage.hpp"
#include "tern/platform/posix/system.hpp"

namespace tern::platform::posix {

Platform make_platform() {
    static PosixClock clock;
    static PosixNetwork network;
    static PosixStorage storage;
    static PosixRandom random;
    static PosixSystem system;
    return {clock, network, storage, random, system};
}

}  // namespace tern::platform::posix
