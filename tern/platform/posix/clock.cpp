#include "tern/platform/posix/clock.hpp"

#include <ctime>

#include "tern/base/duration.hpp"

namespace tern::platform::posix {

namespace {

std::int64_t read_clock(clockid_t id) noexcept {
    timespec now{};
    ::clock_gettime(id, &now);
    return now.tv_sec * kNanosPerSecond + now.tv_nsec;
}

}  // namespace

std::int64_t PosixClock::nano_time() const noexcept { return read_clock(CLOCK_MONOTONIC); }
std::int64_t PosixClock::epoch_ns() const noexcept { return read_clock(CLOCK_REALTIME); }

}  // namespace tern::platform::posix
