// The founding bug, never again, in virtual time: hundreds of shutdowns and restarts, with random
// delays between every two steps, none of which leaves anything to say.

#include "sim/scenarios/shutdown_cycle.hpp"

#include <gtest/gtest.h>

#include "sim/harness/node_and_client.hpp"

namespace tern::sim {
namespace {

constexpr int kCyclesPerWorld = 15;

std::string text_of(const std::vector<std::string>& findings) {
    std::string text;
    for (const auto& finding : findings) text += "  " + finding + "\n";
    return text;
}

class ShutdownCycles : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(ShutdownCycles, EndCleanAndRecoverWhatWasAcknowledged) {
    const std::uint64_t seed = GetParam();
    NodeAndClient world(seed);
    ShutdownCycle cycle(world.stage(), world.node(), world.node_operator(), world.client(), {});
    for (int i = 0; i < kCyclesPerWorld; ++i) {
        const auto ending =
            static_cast<Ending>(world.stage().prng().between({0, kEndingCount - 1}));
        const auto findings = cycle.run(ending);
        ASSERT_TRUE(findings.empty())
            << "seed " << seed << ", cycle " << i << ", " << to_string(ending) << ", "
            << NodeAndClientOptions::draw(seed).to_string() << "\n"
            << text_of(findings);
    }
    EXPECT_GT(world.client().ledger().acknowledged_count(), 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ShutdownCycles, ::testing::Range<std::uint64_t>(1, 21));

std::uint64_t hash_of_run(std::uint64_t seed) {
    NodeAndClient world(seed);
    ShutdownCycle cycle(world.stage(), world.node(), world.node_operator(), world.client(), {});
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
