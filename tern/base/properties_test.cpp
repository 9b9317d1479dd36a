#include "tern/base/properties.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tern {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Properties, PropertyAndVariableAreTheSameSetting) {
    Properties properties;
    properties.set_from_environment({{"AERON_DIR", "/a"}, {"HOME", "/h"}});
    EXPECT_EQ(properties.get("aeron.dir", ""), "/a");
    properties.set_from_define("aeron.dir=/b");
    EXPECT_EQ(properties.get("AERON_DIR", ""), "/b");
    properties.set_from_text("aeron.dir: /c\n", "test");
    EXPECT_EQ(properties.get("aeron.dir", ""), "/c");
    EXPECT_FALSE(properties.find("home"));
}

TEST(Properties, ReadsFilesAsUpstreamDoes) {
    Properties properties;
    properties.set_from_text("# note\r\n! note\n\n  a.b = x y \nc\\\n  d:1\nempty=\n", "f");
    EXPECT_EQ(properties.find("a.b"), "x y ");
    EXPECT_EQ(properties.find("cd"), "1");
    EXPECT_FALSE(properties.find("empty"));
    EXPECT_THROW(properties.set_from_text("novalue\n", "f"), ConfigurationError);
}

TEST(Properties, ARefusedValueNamesTheSettingAndWhatWasExpected) {
    Properties properties;
    properties.set("aeron.mtu.length", "lots");
    try {
        (void)properties.get_size("aeron.mtu.length", 0);
        FAIL() << "accepted";
    } catch (const ConfigurationError& error) {
        EXPECT_THAT(error.what(), HasSubstr("aeron.mtu.length=lots: expected a size"));
    }
    properties.set("n", "12");
    EXPECT_THROW((void)properties.get_int("n", 0, 0, 11), ConfigurationError);
    EXPECT_EQ(properties.get_int("n", 0, 0, 12), 12);
    properties.set("n", "-0x10");
    EXPECT_EQ(properties.get_int("n", 0), -16);
    properties.set("b", "maybe");
    EXPECT_THROW((void)properties.get_bool("b", false), ConfigurationError);
}

TEST(Properties, TellsWhatNobodyAskedFor) {
    Properties properties;
    properties.set("aeron.dir", "/a");
    properties.set("aeron.typo", "1");
    (void)properties.get("aeron.dir", "");
    EXPECT_THAT(properties.unused(), ElementsAre("aeron.typo"));
}

}  // namespace
}  // namespace tern
