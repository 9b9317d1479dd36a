#include "tern/base/duration.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace tern {
namespace {

TEST(Duration, ParsesEveryUnitInAnyCase) {
    EXPECT_EQ(parse_duration_ns("5s"), 5 * kNanosPerSecond);
    EXPECT_EQ(parse_duration_ns("100MS"), 100 * kNanosPerMilli);
    EXPECT_EQ(parse_duration_ns("7us"), 7 * kNanosPerMicro);
    EXPECT_EQ(parse_duration_ns("9ns"), 9);
    EXPECT_EQ(parse_duration_ns("12"), 12);
}

TEST(Duration, SaturatesInsteadOfOverflowing) {
    EXPECT_EQ(parse_duration_ns("9999999999999s"), std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(parse_duration_ns("99999999999999999999"), std::numeric_limits<std::int64_t>::max());
}

TEST(Duration, RejectsWhatIsNotADuration) {
    for (const char* text : {"", "s", "-1s", "1 s", "1h", "abc", "1sx"}) {
        EXPECT_FALSE(parse_duration_ns(text)) << text;
    }
}

TEST(Duration, FormatsWithTheLargestExactUnit) {
    EXPECT_EQ(format_duration_ns(1'500'000), "1500us");
    EXPECT_EQ(format_duration_ns(100 * kNanosPerMilli), "100ms");
    EXPECT_EQ(format_duration_ns(0), "0ns");
}

TEST(Size, ParsesAndFormats) {
    EXPECT_EQ(parse_size("64k"), 65536);
    EXPECT_EQ(parse_size("2M"), 2 << 20);
    EXPECT_EQ(parse_size("1g"), 1 << 30);
    EXPECT_EQ(parse_size("4096"), 4096);
    EXPECT_FALSE(parse_size("9999999999g"));
    EXPECT_FALSE(parse_size("1x"));
    EXPECT_EQ(format_size(65536), "64k");
    EXPECT_EQ(format_size(1408), "1408");
}

}  // namespace
}  // namespace tern
