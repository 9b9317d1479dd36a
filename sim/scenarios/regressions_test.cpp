// Every seed that has ever failed, a whole minute each. docs/simulator.md tells what each had
// found, and names the tests of the parts that were wrong: scenarios grow, and their seeds then
// draw something else.

#include <gtest/gtest.h>

#include "sim/scenarios/scenario.hpp"

namespace tern::sim {
namespace {

struct Regression {
    const char* scenario;
    std::uint64_t seed;
};

constexpr Regression kRegressions[] = {
    {"archive", 1},
    {"archive", 4},
    {"archive", 10},
    {"archive", 1025},
    {"archive", 880000017},
    {"archive", 880000162},
    {"archive", 900000164},
    {"archive", 900000169},
    {"archive", 920000099},
    {"archive", 930000095},
    {"archive", 930000220},
    {"archive", 930000369},
    {"archive", 950000251},
    {"archive", 950000303},
    {"archive", 960000578},
    {"archive", 970000049},
    {"archive", 980001344},
    {"archive", 1000000461},
    {"channels", 1007001094},
    {"channels", 1007001446},
    {"channels", 1007001954},
    {"cluster", 1},
    {"cluster", 55},
    {"cluster", 490},
    {"cluster", 448108909356},
    {"cluster", 880000653},
    {"shutdown", 183},
    {"streams", 1},
    {"streams", 11},
    {"streams", 17},
    {"streams", 41},
    {"streams", 355337025455},
    {"streams", 31446552912},
};

class Regressions : public ::testing::TestWithParam<Regression> {};

TEST_P(Regressions, AreGood) {
    const Scenario& scenario = *find_scenario(GetParam().scenario);
    const Report report = play(scenario, {.seed = GetParam().seed, .duration_ns = 60'000'000'000});
    EXPECT_TRUE(report.is_good()) << describe(scenario, report);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Regressions, ::testing::ValuesIn(kRegressions),
                         [](const auto& test) {
                             return test.param.scenario + std::to_string(test.param.seed);
                         });

}  // namespace
}  // namespace tern::sim
