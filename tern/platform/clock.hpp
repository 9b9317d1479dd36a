#pragma once
// Time, as an agent may know it. In the simulator it is virtual and moves only between duty cycles.

#include <cstdint>

namespace tern::platform {

class Clock {
  public:
    virtual ~Clock() = default;

    /// Monotonic, from an arbitrary origin. All deadlines are computed on this one.
    [[nodiscard]] virtual std::int64_t nano_time() const noexcept = 0;

    /// Wall clock, ns since 1970-01-01 UTC. May jump; for timestamps, never for deadlines.
    [[nodiscard]] virtual std::int64_t epoch_ns() const noexcept = 0;

    [[nodiscard]] std::int64_t epoch_ms() const noexcept { return epoch_ns() / 1'000'000; }
};

}  // namespace tern::platform
