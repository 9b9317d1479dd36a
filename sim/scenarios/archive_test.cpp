// The archive scenario: fixed seeds and fresh ones, in short, and planted faults that it finds.

#include "sim/scenarios/archive.hpp"

#include <gtest/gtest.h>

#include "sim/scenarios/scenario.hpp"
#include "tern/base/planted_fault.hpp"
#include "tern/platform/posix/platform.hpp"

namespace tern::sim {
namespace {

constexpr std::int64_t kShortNs = 3'000'000'000;

Report play_short(std::uint64_t seed) {
    return play(*find_scenario("archive"), {.seed = seed, .duration_ns = kShortNs});
}

void expect_good(std::uint64_t seed) {
    const Report report = play_short(seed);
    EXPECT_TRUE(report.is_good()) << describe(*find_scenario("archive"), report);
}

class ArchiveSeeds : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(ArchiveSeeds, AreGood) { expect_good(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Some, ArchiveSeeds, ::testing::Values(1, 2, 4));

TEST(ArchiveOfFreshSeeds, IsGood) {
    const platform::Platform machine = platform::posix::make_platform();
    for (int i = 0; i < 2; ++i) expect_good(machine.random.next_u64() >> 1);
}

#ifdef TERN_PLANTED_FAULTS
class PlantedInTheArchive : public ::testing::TestWithParam<Fault> {};

TEST_P(PlantedInTheArchive, IsFound) {
    const PlantedFault planted(GetParam());
    bool is_found = false;
    for (std::uint64_t seed = 1; seed <= 10 && !is_found; ++seed) {
        is_found = !play_short(seed).is_good();
    }
    EXPECT_TRUE(is_found) << to_string(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Some, PlantedInTheArchive,
                         ::testing::Values(Fault::auto_stop_ignored, Fault::replay_bound_ignored,
                                           Fault::stop_position_not_written,
                                           Fault::purge_takes_one_segment_more),
                         [](const auto& test) { return std::string(to_string(test.param)); });
#endif

}  // namespace
}  // namespace tern::sim
