#pragma once
// Random numbers seeded once by the system; any thread. Not for secrets.

#include <atomic>

#include "tern/platform/random.hpp"

namespace tern::platform::posix {

class PosixRandom final : public Random {
  public:
    PosixRandom();
    [[nodiscard]] std::uint64_t next_u64() noexcept override;

  private:
    std::atomic<std::uint64_t> state_;
};

}  // namespace tern::platform::posix
