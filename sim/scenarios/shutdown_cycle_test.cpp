// The founding bug, never again, in virtual time: hundreds of shutdowns and restarts, with random
// delays between every two steps, none of which leaves anything to say.

#include "sim/scenarios/shutdown_cycle.hpp"

#include <gtest/gtest.h>

#include "sim/harness/node_and_client.hpp"
#include "tern/base/planted_fault.hpp"
#include "tern/platform/posix/platform.hpp"

namespace tern::sim {
namespace {

constexpr int kCyclesPerWorld = 15;

std::string text_of(const std::vector<std::string>& findings) {
    std::string text;
    for (const auto& finding : findings) text += "  " + finding + "\n";
    return text;
}

Ending draw_ending(NodeAndClient& world) {
    return static_cast<Ending>(world.stage().prng().between({0, kEndingCount - 1}));
}

ShutdownCycle make_cycle(NodeAndClient& world) {
    CycleOptions options;
    options.cut_client_off = [&world](bool is_cut) { world.cut_client_off(is_cut); };
    return {world.stage(), world.node(), world.node_operator(), world.client(), options};
}

void expect_clean_cycles(std::uint64_t seed) {
    NodeAndClient world(seed);
    ShutdownCycle cycle = make_cycle(world);
    for (int i = 0; i < kCyclesPerWorld; ++i) {
        const Ending ending = draw_ending(world);
        const auto findings = cycle.run(ending);
        ASSERT_TRUE(findings.empty())
            << "seed " << seed << ", cycle " << i << ", " << to_string(ending) << ", "
            << NodeAndClientOptions::draw(seed).to_string() << "\n"
            << text_of(findings);
    }
    EXPECT_GT(world.client().ledger().acknowledged_count(), 0);
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
    NodeAndClientOptions options;
    options.world.schedule.max_idle_ns = 20'000'000;
    NodeAndClient world(1, options);
    findings = text_of(make_cycle(world).run(Ending::shutdown));  // there is a snapshot to load
    if (!findings.empty()) return -1;
    for (int step = 0; step <= kLastStep; step = next(step)) {
        ShutdownCycle cycle(
            world.stage(), world.node(), world.node_operator(), world.client(),
            {.max_delay_ns = 4'000'000'000, .max_commands = 5, .interrupted_after = step});
        findings = text_of(cycle.run(ending));
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
constexpr int kCyclesToFind = 20;

class PlantedFaults : public ::testing::TestWithParam<Fault> {};

TEST_P(PlantedFaults, AreFoundByTheShutdownCycles) {
    const PlantedFault planted(GetParam());
    for (int i = 0; i < kCyclesToFind; ++i) {
        NodeAndClient world(static_cast<std::uint64_t>(i) + 1);
        ShutdownCycle cycle = make_cycle(world);
        const auto findings = cycle.run(draw_ending(world));
        if (findings.empty()) continue;
        RecordProperty("cycles", i + 1);
        RecordProperty("finding", findings.front());
        return;
    }
    FAIL() << "not found in " << kCyclesToFind << " cycles";
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

std::uint64_t hash_of_run(std::uint64_t seed) {
    NodeAndClient world(seed);
    ShutdownCycle cycle = make_cycle(world);
    EXPECT_EQ(cycle.run(Ending::shutdown), std::vector<std::string>{});
    EXPECT_EQ(cycle.run(Ending::close), std::vector<std::string>{});
    return world.world().timeline().hash();
}

TEST(ShutdownCycleRun, IsTheSameForTheSameSeedAndAnotherForAnother) {
    const std::uint64_t first = hash_of_run(1);
    EXPECT_EQ(first, hash_of_run(1));
    EXPECT_NE(first, hash_of_run(2));
}

}  // namespace
}  // namespace tern::sim
