// The founding bug, never again, in virtual time: hundreds of shutdowns and restarts, with random
// delays between every two steps, none of which leaves anything to say.

#include "sim/scenarios/shutdown_cycle.hpp"

#include <gtest/gtest.h>

#include "sim/harness/node_and_client.hpp"
#include "sim/scenarios/scenario.hpp"
#include "tern/base/planted_fault.hpp"
#include "tern/platform/posix/platform.hpp"

namespace tern::sim {
namespace {

constexpr std::int64_t kSomeCyclesNs = 60'000'000'000;

std::string text_of(const std::vector<std::string>& findings) {
    std::string text;
    for (const auto& finding : findings) text += "  " + finding + "\n";
    return text;
}

Report play_cycles(std::uint64_t seed, std::int64_t duration_ns) {
    return play(*find_scenario("shutdown"), {.seed = seed, .duration_ns = duration_ns});
}

void expect_clean_cycles(std::uint64_t seed) {
    const Report report = play_cycles(seed, kSomeCyclesNs);
    EXPECT_TRUE(report.is_good()) << describe(*find_scenario("shutdown"), report);
}

class ShutdownCycles : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(ShutdownCycles, EndCleanAndRecoverWhatWasAcknowledged) { expect_clean_cycles(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Seeds, ShutdownCycles, ::testing::Range<std::uint64_t>(1, 21));

// TERN_SIM_SEEDS: how many.
TEST(ShutdownCyclesOfFreshSeeds, EndCleanAndRecoverWhatWasAcknowledged) {
    const platform::Platform machine = platform::posix::make_platform();
    const int count = std::stoi(machine.system.environment("TERN_SIM_SEEDS").value_or("5"));
    for (int i = 0; i < count; ++i) expect_clean_cycles(machine.random.next_u64() >> 1);
}

// No moment is left out: closed after one step, after two, and so on, until it is all over.
class CloseAtEveryStep : public ::testing::TestWithParam<Ending> {};

/// Later steps are far apart: most of what happens, happens soon.
constexpr int kLastStep = 600;
constexpr int next(int step) { return step + 1 + step / 50; }

/// The step after which a close leaves something to say; nullopt when there is none.
std::optional<int> first_step_with_findings(Ending ending, std::string& findings) {
    Run run({});
    NodeAndClient world(run, {});
    world.world().scheduler().options().max_idle_ns = 20'000'000;
    const auto play_cycle = [&](Ending how, std::optional<int> step) {
        ShutdownCycle cycle(
            world.stage(), world.node(), world.node_operator(), world.client(),
            {.max_delay_ns = 4'000'000'000, .max_commands = 5, .interrupted_after = step});
        return text_of(cycle.run(how));
    };
    findings = play_cycle(Ending::shutdown, std::nullopt);  // there is a snapshot to load
    if (!findings.empty()) return -1;
    for (int step = 0; step <= kLastStep; step = next(step)) {
        findings = play_cycle(ending, step);
        if (!findings.empty()) return step;
    }
    return std::nullopt;
}

TEST_P(CloseAtEveryStep, EndsClean) {
    std::string findings;
    const auto step = first_step_with_findings(GetParam(), findings);
    EXPECT_EQ(step, std::nullopt) << to_string(GetParam()) << "\n" << findings;
}

INSTANTIATE_TEST_SUITE_P(Of, CloseAtEveryStep,
                         ::testing::Values(Ending::close_during_start,
                                           Ending::close_during_snapshot,
                                           Ending::close_during_shutdown));

// Each fault alone makes the cycles above fail, soon.
#ifdef TERN_PLANTED_FAULTS
constexpr std::uint64_t kSeedsToFind = 20;

class PlantedFaults : public ::testing::TestWithParam<Fault> {};

TEST_P(PlantedFaults, AreFoundByTheShutdownCycles) {
    const PlantedFault planted(GetParam());
    for (std::uint64_t seed = 1; seed <= kSeedsToFind; ++seed) {
        const Report report = play_cycles(seed, 1);
        if (report.is_good()) continue;
        RecordProperty("seeds", static_cast<int>(seed));
        RecordProperty("finding", report.violations.front());
        return;
    }
    FAIL() << "not found with " << kSeedsToFind << " seeds";
}

INSTANTIATE_TEST_SUITE_P(
    Each, PlantedFaults,
    ::testing::Values(Fault::skip_archive_client_close, Fault::request_after_close_session,
                      Fault::close_aeron_before_archive_client,
                      Fault::skip_snapshot_archive_client_close, Fault::close_archive_before_module,
                      Fault::close_driver_before_archive, Fault::close_container_beside_module),
    [](const auto& test) { return std::string(to_string(test.param)); });

TEST(PlantedFault, AbandoningASessionThatIsBeingMadeIsFoundByClosingAtEveryStep) {
    const PlantedFault planted(Fault::abandon_session_being_made);
    std::string findings;
    EXPECT_TRUE(first_step_with_findings(Ending::close_during_snapshot, findings));
}

TEST(PlantedFault, LeavingReplaysRunningIsFoundByClosingAtEveryStep) {
    const PlantedFault planted(Fault::leave_replays_running);
    std::string findings;
    EXPECT_TRUE(first_step_with_findings(Ending::close_during_start, findings));
}
#endif

}  // namespace
}  // namespace tern::sim
