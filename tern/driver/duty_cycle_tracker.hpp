#pragma once
// Longest duty cycle of an agent, and how many were longer than a threshold (DRV-16.4).
//
// Thread safety: used by the agent's thread.

#include <cstdint>

#include "tern/memory/counter.hpp"

namespace tern::driver {

class DutyCycleTracker {
  public:
    DutyCycleTracker(memory::Counter max_ns, memory::Counter threshold_exceeded,
                     std::int64_t threshold_ns, std::int64_t now_ns)
        : max_ns_(max_ns),
          threshold_exceeded_(threshold_exceeded),
          threshold_ns_(threshold_ns),
          last_ns_(now_ns) {}

    /// At the start of each duty cycle; what lies between two calls is one cycle.
    void update(std::int64_t now_ns) noexcept {
        const std::int64_t cycle_ns = now_ns - last_ns_;
        last_ns_ = now_ns;
        max_ns_.propose_max(cycle_ns);
        if (cycle_ns > threshold_ns_) threshold_exceeded_.increment();
    }

  private:
    memory::Counter max_ns_;
    memory::Counter threshold_exceeded_;
    std::int64_t threshold_ns_;
    std::int64_t last_ns_;
};

}  // namespace tern::driver
