#pragma once
// A scenario: a function that makes a world, lets it run for the run's duration with faults in it,
// and tells violations. To add one: the function in a file of its own, a line in scenario.cpp.
//
// docs/simulator.md shows how.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/harness/run.hpp"

namespace tern::sim {

struct Scenario {
    std::string_view name;
    std::string_view summary;
    std::string_view rooms;  ///< whose mistakes it is there to find, separated by spaces
    void (*play)(Run& run);
    [[nodiscard]] bool covers(std::string_view room) const noexcept {
        return rooms.find(room) != std::string_view::npos;
    }
};

[[nodiscard]] std::span<const Scenario> scenarios() noexcept;
/// nullptr: there is none of that name.
[[nodiscard]] const Scenario* find_scenario(std::string_view name) noexcept;

struct Report {
    std::uint64_t seed = 0;
    std::uint64_t hash = 0;  ///< of every event
    std::uint64_t event_count = 0;
    std::int64_t virtual_ns = 0;
    std::string drawn_options;
    std::vector<std::string> violations;
    std::vector<std::string> last_events;
    [[nodiscard]] bool is_good() const noexcept { return violations.empty(); }
};

/// One run. What the scenario throws is a violation as well.
[[nodiscard]] Report play(const Scenario& scenario, const RunOptions& options);

/// For people: what was wrong, with which options, after which events, and how to see it again.
[[nodiscard]] std::string describe(const Scenario& scenario, const Report& report);

}  // namespace tern::sim
