#pragma once
// Randomness: session ids, term ids, jitter. In the simulator it comes from the seed.

#include <cstdint>

namespace tern::platform {

class Random {
  public:
    virtual ~Random() = default;
    [[nodiscard]] virtual std::uint64_t next_u64() noexcept = 0;
    [[nodiscard]] std::int32_t next_i32() noexcept {
        return static_cast<std::int32_t>(next_u64() >> 32);
    }
};

}  // namespace tern::platform
