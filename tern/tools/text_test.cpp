#include "tern/tools/text.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "tern/base/error.hpp"

namespace tern::tools {
namespace {

TEST(Text, GroupsThousands) {
    EXPECT_EQ(group_thousands(0), "0");
    EXPECT_EQ(group_thousands(999), "999");
    EXPECT_EQ(group_thousands(1000), "1,000");
    EXPECT_EQ(group_thousands(-123456), "-123,456");
    EXPECT_EQ(group_thousands(std::numeric_limits<std::int64_t>::min()),
              "-9,223,372,036,854,775,808");
}

TEST(Text, GuardedTellsMistakesFromFailures) {
    EXPECT_EQ(guarded([] {}), 0);
    EXPECT_EQ(guarded([] { throw Error("broken"); }), 1);
    EXPECT_EQ(guarded([] { throw ConfigurationError("x=y: expected a size"); }), 2);
}

TEST(Text, PrintableKeepsATerminalSafe) { EXPECT_EQ(printable("a\033[2J\xff"), "a?[2J?"); }

}  // namespace
}  // namespace tern::tools
