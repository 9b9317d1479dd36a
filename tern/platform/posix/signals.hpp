#pragma once
// SIGINT and SIGTERM as a request to close gracefully.

#include <atomic>
#include <csignal>
#include <cstdint>

#include "tern/platform/posix/file_descriptor.hpp"

namespace tern::platform::posix {

/// While one lives, SIGINT and SIGTERM do not end the process but raise this flag; the destructor
/// restores what was before. SIGPIPE is ignored meanwhile: a closed pipe is an error where it is
/// written to. One per process at a time (asserted). All members are safe from any thread.
class ShutdownSignal {
  public:
    ShutdownSignal();
    ~ShutdownSignal();
    ShutdownSignal(const ShutdownSignal&) = delete;
    ShutdownSignal& operator=(const ShutdownSignal&) = delete;

    /// One that is never destroyed, for main programs: a signal that comes when all is closed and
    /// the process is about to exit must not change its exit code.
    [[nodiscard]] static ShutdownSignal& of_process();

    [[nodiscard]] bool is_raised() const noexcept {
        return raised_.load(std::memory_order_acquire);
    }
    /// As if the signal had come. Also safe in a signal handler.
    void raise() noexcept;
    /// Waits until raised; at most `timeout_ns`, negative meaning forever. Returns is_raised().
    bool wait(std::int64_t timeout_ns = -1) noexcept;

  private:
    std::atomic<bool> raised_{false};
    FileDescriptor event_;  // eventfd: readable once raised
    struct sigaction interrupt_before_ {};
    struct sigaction terminate_before_ {};
    struct sigaction pipe_before_ {};
};

}  // namespace tern::platform::posix
