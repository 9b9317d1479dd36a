#include "sim/scenarios/channels.hpp"

#include <gtest/gtest.h>

#include <random>

#include "sim/scenarios/scenario.hpp"
#include "tern/base/planted_fault.hpp"

namespace tern::sim {
namespace {

constexpr std::int64_t kShortNs = 20'000'000'000;
constexpr std::int64_t kMinuteNs = 60'000'000'000;

Report play_seed(std::uint64_t seed, std::int64_t duration_ns) {
    return play(*find_scenario("channels"), {.seed = seed, .duration_ns = duration_ns});
}

TEST(Channels, flow_in_runs_that_nobody_has_seen) {
    std::random_device device;
    for (int i = 0; i < 3; ++i) {
        const Report report = play_seed(device(), kShortNs);
        EXPECT_TRUE(report.is_good()) << describe(*find_scenario("channels"), report);
    }
}

TEST(Channels, are_the_same_for_the_same_seed) {
    EXPECT_EQ(play_seed(7, kShortNs).hash, play_seed(7, kShortNs).hash);
}

#ifdef TERN_PLANTED_FAULTS
class PlantedInChannels : public ::testing::TestWithParam<Fault> {};

TEST_P(PlantedInChannels, is_found) {
    const PlantedFault planted(GetParam());
    bool is_found = false;
    for (std::uint64_t seed = 1; seed <= 15 && !is_found; ++seed) {
        is_found = !play_seed(seed, kMinuteNs).is_good();
    }
    EXPECT_TRUE(is_found);
}

INSTANTIATE_TEST_SUITE_P(Quickly, PlantedInChannels,
                         ::testing::Values(Fault::manual_destination_unused,
                                           Fault::receive_destination_unread,
                                           Fault::removed_destination_keeps_socket,
                                           Fault::spies_not_waited_for, Fault::slow_untethered_kept,
                                           Fault::end_of_stream_too_early),
                         [](const auto& each) { return std::string(to_string(each.param)); });
#endif

}  // namespace
}  // namespace tern::sim
