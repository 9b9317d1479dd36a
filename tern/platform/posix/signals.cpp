#include "tern/platform/posix/signals.hpp"

#include <poll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <system_error>

#include "tern/base/assert.hpp"
#include "tern/base/duration.hpp"
#include "tern/base/error.hpp"
#include "tern/platform/posix/clock.hpp"

namespace tern::platform::posix {

namespace {

std::atomic<ShutdownSignal*> installed{nullptr};

extern "C" void on_shutdown_signal(int /*number*/) {
    const int error = errno;
    if (ShutdownSignal* signal = installed.load(std::memory_order_acquire)) signal->raise();
    errno = error;
}

}  // namespace

ShutdownSignal::ShutdownSignal() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!event_.valid()) {
        throw Error("cannot make an eventfd: " + std::generic_category().message(errno));
    }
    ShutdownSignal* none = nullptr;
    TERN_ASSERT(installed.compare_exchange_strong(none, this), "one ShutdownSignal at a time");
    struct sigaction action {};
    action.sa_handler = on_shutdown_signal;
    action.sa_flags = SA_RESTART;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(SIGINT, &action, &interrupt_before_);
    ::sigaction(SIGTERM, &action, &terminate_before_);
    action.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &action, &pipe_before_);
}

ShutdownSignal::~ShutdownSignal() {
    ::sigaction(SIGPIPE, &pipe_before_, nullptr);
    ::sigaction(SIGTERM, &terminate_before_, nullptr);
    ::sigaction(SIGINT, &interrupt_before_, nullptr);
    installed.store(nullptr, std::memory_order_release);
}

ShutdownSignal& ShutdownSignal::of_process() {
    static ShutdownSignal* const signal = new ShutdownSignal;
    return *signal;
}

void ShutdownSignal::raise() noexcept {
    raised_.store(true, std::memory_order_release);
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(event_.get(), &one, sizeof(one));
}

bool ShutdownSignal::wait(std::int64_t timeout_ns) noexcept {
    const PosixClock clock;
    const std::int64_t deadline_ns = clock.nano_time() + timeout_ns;
    while (!is_raised()) {
        pollfd event{event_.get(), POLLIN, 0};
        timespec left{};
        if (timeout_ns >= 0) {
            const std::int64_t left_ns = deadline_ns - clock.nano_time();
            if (left_ns <= 0) break;
            left = {left_ns / kNanosPerSecond, left_ns % kNanosPerSecond};
        }
        ::ppoll(&event, 1, timeout_ns >= 0 ? &left : nullptr, nullptr);
    }
    return is_raised();
}

}  // namespace tern::platform::posix
