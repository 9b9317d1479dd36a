#include "sim/scenarios/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/scenarios/archive.hpp"
#include "sim/scenarios/channels.hpp"
#include "sim/scenarios/cluster.hpp"
#include "sim/scenarios/loss.hpp"
#include "sim/scenarios/shutdown_cycle.hpp"
#include "sim/scenarios/streams.hpp"

namespace tern::sim {
namespace {

constexpr std::array kScenarios{
    Scenario{"cluster", "a node with the kv service, its clients on other hosts, and an operator",
             "cluster node", play_cluster},
    Scenario{"shutdown", "a node is started and ends, in every way, and leaves nothing to say",
             "archive cluster node", play_shutdown},
    Scenario{"streams", "publishers and subscribers on three hosts with a media driver each",
             "driver client logbuffer memory", play_streams},
    Scenario{"channels", "streams over channels of every kind, whose destinations come and go",
             "driver client logbuffer", play_channels},
    Scenario{"loss", "streams over links that lose, reorder and repeat, and what recovery costs",
             "driver", play_loss},
    Scenario{"archive", "an archive, and users of it on three hosts", "archive", play_archive},
};

}  // namespace

std::span<const Scenario> scenarios() noexcept { return kScenarios; }

const Scenario* find_scenario(std::string_view name) noexcept {
    const auto found = std::ranges::find(kScenarios, name, &Scenario::name);
    return found == kScenarios.end() ? nullptr : &*found;
}

Report play(const Scenario& scenario, const RunOptions& options) {
    Run run(options);
    try {
        scenario.play(run);
    } catch (const RunEnded&) {
        // its violation says why
    } catch (const std::exception& error) {
        run.violation(std::string("the scenario failed: ") + error.what());
    }
    Report report;
    report.seed = options.seed;
    report.hash = run.world().timeline().hash();
    report.event_count = run.world().timeline().event_count();
    report.virtual_ns = run.now_ns();
    report.drawn_options = run.drawn_options();
    report.violations = run.violations();
    report.last_events = {run.last_events().begin(), run.last_events().end()};
    return report;
}

std::string describe(const Scenario& scenario, const Report& report) {
    std::string text = fmt::format("{} seed {}: {} violation(s)\n", scenario.name, report.seed,
                                   report.violations.size());
    for (const auto& violation : report.violations) text += "  " + violation + "\n";
    text += "drawn from the seed: " + report.drawn_options + "\nlast events (virtual ms):\n";
    for (const auto& event : report.last_events) text += "  " + event + "\n";
    return text +
           fmt::format("again, with the whole story: tern sim --scenario {} --seed {} --trace -\n",
                       scenario.name, report.seed);
}

}  // namespace tern::sim
