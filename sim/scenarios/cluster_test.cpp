// The cluster scenario: seeds that once failed, and fresh ones, in short.

#include "sim/scenarios/cluster.hpp"

#include <gtest/gtest.h>

#include "sim/scenarios/scenario.hpp"
#include "tern/platform/posix/platform.hpp"

namespace tern::sim {
namespace {

constexpr std::int64_t kShortNs = 5'000'000'000;

void expect_good(std::uint64_t seed, std::int64_t duration_ns = kShortNs) {
    const Scenario& scenario = *find_scenario("cluster");
    const Report report = play(scenario, {.seed = seed, .duration_ns = duration_ns});
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

}  // namespace
}  // namespace tern::sim
