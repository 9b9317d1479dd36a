#include "tern/platform/posix/thread.hpp"

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>

#include <ctime>
#include <string>
#include <system_error>

#include "tern/base/duration.hpp"
#include "tern/base/error.hpp"

namespace tern::platform::posix {

namespace {
constexpr std::size_t kMaxThreadNameLength = 15;
}

void name_thread(std::string_view name) noexcept {
    ::pthread_setname_np(::pthread_self(),
                         std::string(name.substr(0, kMaxThreadNameLength)).c_str());
}

void pin_thread(int cpu) {
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    int error = EINVAL;
    if (cpu >= 0 && cpu < CPU_SETSIZE) {
        CPU_SET(static_cast<std::size_t>(cpu), &cpus);
        error = ::pthread_setaffinity_np(::pthread_self(), sizeof(cpus), &cpus);
    }
    if (error != 0) {
        throw Error("cannot bind a thread to CPU " + std::to_string(cpu) + ": " +
                    std::generic_category().message(error));
    }
}

void drop_timer_slack() noexcept { ::prctl(PR_SET_TIMERSLACK, 1UL); }

int usable_cpus() noexcept {
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    return ::sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
}

void yield_thread() noexcept { ::sched_yield(); }

void park_thread(std::int64_t duration_ns) noexcept {
    timespec duration{};
    duration.tv_sec = duration_ns / kNanosPerSecond;
    duration.tv_nsec = duration_ns % kNanosPerSecond;
    ::nanosleep(&duration, nullptr);
}

}  // namespace tern::platform::posix
