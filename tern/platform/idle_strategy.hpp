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

/// By upstream's names: "backoff" (spin, yield, park 1 us doubling to 1 ms), "spin", "busy_spin",
/// "yield", "sleep-ns" (park 1 us), "noop", and the Java class names as aliases; "aeron:" options
/// per DRV-3.2. Throws ConfigurationError for others.
[[nodiscard]] std::unique_ptr<IdleStrategy> make_idle_strategy(std::string_view name,
                                                               std::string_view options = "");

}  // namespace tern::platform
