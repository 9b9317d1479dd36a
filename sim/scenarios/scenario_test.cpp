// What every scenario promises.

#include "sim/scenarios/scenario.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace tern::sim {
namespace {

class EveryScenario : public ::testing::TestWithParam<const Scenario*> {};

RunOptions short_run(std::uint64_t seed) { return {.seed = seed, .duration_ns = 5'000'000'000}; }

TEST_P(EveryScenario, IsTheSameForTheSameSeedAndAnotherForAnother) {
    std::set<std::uint64_t> hashes;
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        const Report first = play(*GetParam(), short_run(seed));
        EXPECT_TRUE(first.is_good()) << describe(*GetParam(), first);
        EXPECT_EQ(first.hash, play(*GetParam(), short_run(seed)).hash) << "seed " << seed;
        hashes.insert(first.hash);
    }
    EXPECT_EQ(hashes.size(), 3U);
}

TEST_P(EveryScenario, TellsItsStory) {
    int lines = 0;
    RunOptions options = short_run(1);
    options.trace = [&](std::string_view) { ++lines; };
    const Report report = play(*GetParam(), options);
    EXPECT_GT(lines, 3);
    EXPECT_THAT(describe(*GetParam(), report), testing::HasSubstr("drawn from the seed: faults"));
}

INSTANTIATE_TEST_SUITE_P(Of, EveryScenario, ::testing::ValuesIn([] {
                             std::vector<const Scenario*> all;
                             for (const Scenario& scenario : scenarios()) all.push_back(&scenario);
                             return all;
                         }()),
                         [](const auto& test) { return std::string(test.param->name); });

void play_badly(Run& run) {
    run.make_world(FaultSet()).add_host("alpha");
    run.tell("something happens");
    run.pass(1'000'000);
    run.await("what never comes", 2'000'000, [] { return false; });
}

TEST(AViolation, IsToldWithItsSeedItsOptionsAndWhatCameBefore) {
    const Scenario scenario{"bad", "fails", "none", play_badly};
    const Report report = play(scenario, {.seed = 42});
    ASSERT_FALSE(report.is_good());
    EXPECT_EQ(report.violations.front(), "waited 2 ms in vain for what never comes");
    EXPECT_THAT(
        describe(scenario, report),
        testing::AllOf(testing::HasSubstr("bad seed 42"), testing::HasSubstr("faults: none"),
                       testing::HasSubstr("something happens"),
                       testing::HasSubstr("tern sim --scenario bad --seed 42 --trace -")));
}

}  // namespace
}  // namespace tern::sim
