#pragma once
// One run of a scenario: a world made from a seed, what happened in it, and what was wrong.
//
// Everything that a scenario chooses comes from options() and prng(), both of which come from the
// seed. What it finds wrong it tells with violation(); the run ends with the first.
//
// Thread safety: none.

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/harness/fault_options.hpp"
#include "tern/base/error.hpp"
#include "tern/platform/sim/world.hpp"

namespace tern::sim {

namespace virtual_world = platform::sim;

/// Lines of a run's story that are kept, to be told with a violation.
inline constexpr std::size_t kLastEvents = 40;

struct RunOptions {
    std::uint64_t seed = 1;
    std::int64_t duration_ns = 60'000'000'000;  ///< virtual; a scenario's end comes on top
    /// Sees every line of the story; empty: only the last ones are kept.
    std::function<void(std::string_view)> trace{};
    bool is_tracing_events = false;  ///< every event of the timeline goes to `trace` as well
};

/// Thrown on the scenario's own stack when there is nothing left to run for.
class RunEnded : public Error {
  public:
    RunEnded() : Error("the run has ended with a violation") {}
};

class Run {
  public:
    explicit Run(RunOptions options);
    ~Run();
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    [[nodiscard]] std::uint64_t seed() const noexcept { return options_.seed; }
    [[nodiscard]] std::int64_t duration_ns() const noexcept { return options_.duration_ns; }
    /// For the scenario's own choices.
    [[nodiscard]] virtual_world::Prng& prng() noexcept { return prng_; }

    /// Draws the faults of this run from those that the scenario can live with, and makes the world
    /// with them. Once.
    virtual_world::World& make_world(FaultSet possible);
    [[nodiscard]] virtual_world::World& world() noexcept { return *world_; }
    [[nodiscard]] const FaultOptions& faults() const noexcept { return faults_; }
    /// An option that the scenario itself has drawn, for the report.
    void note_option(std::string text);

    [[nodiscard]] std::int64_t now_ns() const noexcept;  ///< since the beginning
    /// A line of the story.
    void tell(std::string text);
    /// From anywhere, also from within a turn.
    void violation(std::string text);
    [[nodiscard]] bool is_violated() const noexcept { return !violations_.empty(); }

    // For the scenario's own stack. All throw RunEnded once there is a violation.

    void step();  ///< one round of the scheduler
    void pass(std::int64_t duration_ns);
    /// What does not come true in time is a violation that names it.
    void await(std::string_view what, std::int64_t timeout_ns, const std::function<bool()>& is_so);

    // The report.

    [[nodiscard]] const std::vector<std::string>& violations() const noexcept {
        return violations_;
    }
    [[nodiscard]] const std::deque<std::string>& last_events() const noexcept { return events_; }
    [[nodiscard]] const std::string& drawn_options() const noexcept { return drawn_; }

  private:
    void trace_timeline();

    RunOptions options_;
    virtual_world::Prng prng_;
    FaultOptions faults_;
    std::unique_ptr<virtual_world::World> world_;
    std::string drawn_;
    std::deque<std::string> events_;
    std::vector<std::string> violations_;
};

}  // namespace tern::sim
