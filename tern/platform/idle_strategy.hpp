#pragma once
// What a thread does between duty cycles that found nothing to do (DRV-3.2).

#include <memory>
#include <string>
#include <string_view>

namespace tern::platform {

class IdleStrategy {
  public:
    virtual ~IdleStrategy() = default;
    /// After a duty cycle: returns at once when work_count > 0, else spins, yields or parks.
    virtual void idle(int work_count) = 0;
    virtual void reset() = 0;
};

/// By upstream's names: "backoff" (spin, yield, park 1 us doubling to 1 ms; on machines with few
/// CPUs, unless options are given, yield and park 1 us in turn instead of spinning), "spin"
/// ("busy_spin"),
/// "yield", "sleep-ns" (park 1 us), "sleep-ms" (park 1 ms), "noop"; with the C driver's prefix
/// "aeron_idle_strategy_" and the Java class names as aliases. Options, when not empty: of backoff
/// "spins-yields-minPark-maxPark" such as "10-20-1us-1ms", of the sleeping ones the duration.
/// Throws ConfigurationError for anything else.
[[nodiscard]] std::unique_ptr<IdleStrategy> make_idle_strategy(std::string_view name,
                                                               std::string_view options = "");

}  // namespace tern::platform
