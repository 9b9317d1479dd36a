#pragma once
// Where a scenario plays: in virtual time in one thread, or on the machine. What a scenario needs
// of either: time that passes while everything else goes on.
//
// Thread safety: none; one stage, one thread.

#include <cstdint>
#include <functional>

#include "tern/platform/clock.hpp"
#include "tern/platform/sim/prng.hpp"

namespace tern::sim {

class Stage {
  public:
    explicit Stage(std::uint64_t seed) : prng_(seed) {}
    virtual ~Stage() = default;
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    [[nodiscard]] virtual platform::Clock& clock() = 0;
    /// Everything gets a chance to run; a little time passes.
    virtual void step() = 0;

    /// Steps until the condition holds (true) or `timeout_ns` have passed.
    bool await(const std::function<bool()>& condition, std::int64_t timeout_ns) {
        const std::int64_t deadline_ns = clock().nano_time() + timeout_ns;
        while (!condition()) {
            if (clock().nano_time() >= deadline_ns) return false;
            step();
        }
        return true;
    }
    void pass(std::int64_t duration_ns) {
        await([] { return false; }, duration_ns);
    }

    /// For the choices of the scenario.
    [[nodiscard]] platform::sim::Prng& prng() noexcept { return prng_; }

  private:
    platform::sim::Prng prng_;
};

}  // namespace tern::sim
