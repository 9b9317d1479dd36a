#include "sim/scenarios/streams.hpp"

#include <gtest/gtest.h>

#include <random>

#include "sim/scenarios/scenario.hpp"
#include "tern/base/planted_fault.hpp"

namespace tern::sim {
namespace {

constexpr std::int64_t kShortNs = 20'000'000'000;
constexpr std::int64_t kMinuteNs = 60'000'000'000;

Report play_seed(std::uint64_t seed, std::int64_t duration_ns) {
    return play(*find_scenario("streams"), {.seed = seed, .duration_ns = duration_ns});
}

void expect_good(std::uint64_t seed, std::int64_t duration_ns) {
    const Report report = play_seed(seed, duration_ns);
    EXPECT_TRUE(report.is_good()) << describe(*find_scenario("streams"), report);
}

TEST(Streams, flow_in_runs_that_nobody_has_seen) {
    std::random_device device;
    for (int i = 0; i < 3; ++i) expect_good(device(), kShortNs);
}

TEST(Streams, are_the_same_for_the_same_seed) {
    EXPECT_EQ(play_seed(7, kShortNs).hash, play_seed(7, kShortNs).hash);
}

#ifdef TERN_PLANTED_FAULTS
class PlantedInStreams : public ::testing::TestWithParam<Fault> {};

TEST_P(PlantedInStreams, is_found) {
    const PlantedFault planted(GetParam());
    bool is_found = false;
    for (std::uint64_t seed = 1; seed <= 15 && !is_found; ++seed) {
        is_found = !play_seed(seed, kMinuteNs).is_good();
    }
    EXPECT_TRUE(is_found);
}

INSTANTIATE_TEST_SUITE_P(
    Quickly, PlantedInStreams,
    ::testing::Values(Fault::reliable_gap_padded, Fault::tail_loss_unnoticed,
                      Fault::unread_bytes_acknowledged, Fault::heartbeat_keeps_nothing_alive,
                      Fault::image_ends_while_read, Fault::image_term_not_cleaned,
                      Fault::truncated_datagram_taken, Fault::ipc_ignores_slowest_subscriber,
                      Fault::ipc_ends_before_drained, Fault::subscriber_position_left,
                      Fault::aborted_fragment_lost),
    [](const auto& each) { return std::string(to_string(each.param)); });
#endif

}  // namespace
}  // namespace tern::sim
