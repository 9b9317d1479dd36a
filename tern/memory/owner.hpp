#pragma once
// Whether the process that a file names as its owner still lives, when it went without a word.
//
// Upstream looks at the age of the owner's last sign of life only, and so refuses a restart after
// kill -9 for the whole liveness timeout. A process id that names no process is nearly a proof of
// death, but not quite: the owner may live where this process cannot see it, in another container
// or on another machine that shares the directory. Owners show life once a second; one that cannot
// be seen and has been silent for twice that is gone.
//
// Thread safety: pure functions.

#include <algorithm>
#include <cstdint>
#include <string>

#include "tern/base/error.hpp"
#include "tern/platform/system.hpp"

namespace tern::memory {

/// How long an owner that cannot be seen is believed to live after its last sign of life.
inline constexpr std::int64_t kUnseenOwnerTimeoutMs = 2'000;

/// Somebody owns the file or directory, or seems to.
class OwnerActiveError : public Error {
  public:
    OwnerActiveError(const std::string& message, std::int64_t pid) : Error(message), pid_(pid) {}
    /// Of the process named in the file.
    [[nodiscard]] std::int64_t pid() const noexcept { return pid_; }

  private:
    std::int64_t pid_;
};

/// A process other than this one has the id. (This one's, of a container that was started again,
/// is that of the one before.)
[[nodiscard]] inline bool is_owner_seen(const platform::System& system, std::int64_t pid) {
    return pid > 0 && pid != system.process_id() && system.process_alive(pid);
}

/// How old the owner's last sign of life has to be for the owner to be gone.
[[nodiscard]] inline std::int64_t owner_timeout_ms(const platform::System& system, std::int64_t pid,
                                                   std::int64_t timeout_ms) {
    return is_owner_seen(system, pid) ? timeout_ms : std::min(timeout_ms, kUnseenOwnerTimeoutMs);
}

}  // namespace tern::memory
