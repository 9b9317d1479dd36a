// The cluster scenario: fixed seeds, and fresh ones, in short, and planted faults that it finds.

#include "sim/scenarios/cluster.hpp"

#include <gtest/gtest.h>

#include "sim/scenarios/scenario.hpp"
#include "tern/base/planted_fault.hpp"
#include "tern/platform/posix/platform.hpp"

namespace tern::sim {
namespace {

constexpr std::int64_t kShortNs = 5'000'000'000;

void expect_good(std::uint64_t seed) {
    const Scenario& scenario = *find_scenario("cluster");
    const Report report = play(scenario, {.seed = seed, .duration_ns = kShortNs});
    EXPECT_TRUE(report.is_good()) << describe(scenario, report);
}

class ClusterSeeds : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(ClusterSeeds, AreGood) { expect_good(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Some, ClusterSeeds, ::testing::Range<std::uint64_t>(1, 3));

TEST(ClusterOfFreshSeeds, IsGood) {
    const platform::Platform machine = platform::posix::make_platform();
    for (int i = 0; i < 1; ++i) expect_good(machine.random.next_u64() >> 1);
}

TEST(ClusterRun, IsTheSameForTheSameSeedAndAnotherForAnother) {
    const Scenario& scenario = *find_scenario("cluster");
    const auto hash = [&](std::uint64_t seed) {
        return play(scenario, {.seed = seed, .duration_ns = 1'000'000'000}).hash;
    };
    const std::uint64_t first = hash(1);
    EXPECT_EQ(first, hash(1));
    EXPECT_NE(first, hash(2));
}

#ifdef TERN_PLANTED_FAULTS
class ClusterPlantedFaults : public ::testing::TestWithParam<Fault> {};

TEST_P(ClusterPlantedFaults, AreFoundSoon) {
    constexpr std::uint64_t kSeeds = 10;
    const PlantedFault planted(GetParam());
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        const Report report =
            play(*find_scenario("cluster"), {.seed = seed, .duration_ns = 4 * kShortNs});
        if (!report.is_good()) return;
    }
    FAIL() << "not found with " << kSeeds << " seeds";
}

INSTANTIATE_TEST_SUITE_P(
    Each, ClusterPlantedFaults,
    ::testing::Values(Fault::commit_before_recorded, Fault::service_snapshot_misses_sessions,
                      Fault::module_snapshot_misses_sessions, Fault::snapshot_misses_timers,
                      Fault::term_led_twice, Fault::closed_session_accepted,
                      Fault::replayed_timer_fires_again, Fault::replayed_service_message_sent_again,
                      Fault::keep_alive_ignored, Fault::session_never_times_out),
    [](const auto& test) { return std::string(to_string(test.param)); });
#endif

}  // namespace
}  // namespace tern::sim
