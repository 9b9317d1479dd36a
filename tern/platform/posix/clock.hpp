#pragma once
// CLOCK_MONOTONIC and CLOCK_REALTIME; any thread.

#include "tern/platform/clock.hpp"

namespace tern::platform::posix {

class PosixClock final : public Clock {
  public:
    [[nodiscard]] std::int64_t nano_time() const noexcept override;
    [[nodiscard]] std::int64_t epoch_ns() const noexcept override;
};

}  // namespace tern::platform::posix
