#include "sim/scenarios/loss.hpp"

#include <gtest/gtest.h>

#include <random>

#include "sim/scenarios/scenario.hpp"
#include "tern/base/planted_fault.hpp"

namespace tern::sim {
namespace {

constexpr std::int64_t kShortNs = 20'000'000'000;

Report play_seed(std::uint64_t seed) {
    return play(*find_scenario("loss"), {.seed = seed, .duration_ns = kShortNs});
}

TEST(Loss, costs_nothing_but_what_was_lost_in_runs_that_nobody_has_seen) {
    std::random_device device;
    for (int i = 0; i < 5; ++i) {
        const Report report = play_seed(device());
        EXPECT_TRUE(report.is_good()) << describe(*find_scenario("loss"), report);
    }
}

#ifdef TERN_PLANTED_FAULTS
class PlantedInLoss : public ::testing::TestWithParam<Fault> {};

TEST_P(PlantedInLoss, is_found) {
    const PlantedFault planted(GetParam());
    bool is_found = false;
    for (std::uint64_t seed = 1; seed <= 20 && !is_found; ++seed) {
        is_found = !play_seed(seed).is_good();
    }
    EXPECT_TRUE(is_found);
}

INSTANTIATE_TEST_SUITE_P(Quickly, PlantedInLoss,
                         ::testing::Values(Fault::all_sent_again, Fault::gap_never_filled,
                                           Fault::reliable_gap_padded),
                         [](const auto& each) { return std::string(to_string(each.param)); });
#endif

}  // namespace
}  // namespace tern::sim
