#include "tern/platform/posix/system.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "tern/platform/posix/clock.hpp"
#include "tern/platform/posix/random.hpp"

namespace tern::platform::posix {
namespace {

TEST(System, KnowsItsProcessAndHost) {
    PosixSystem system;
    EXPECT_TRUE(system.process_alive(system.process_id()));
    EXPECT_TRUE(system.process_alive(1));  // somebody else's
    EXPECT_FALSE(system.process_alive(0));
    EXPECT_FALSE(system.process_alive(-1));
    EXPECT_FALSE(system.process_alive(std::int64_t{1} << 40));
    EXPECT_FALSE(system.user_name().empty());
    EXPECT_FALSE(system.host_name().empty());
    EXPECT_FALSE(system.temporary_directory().empty());
}

TEST(System, ReadsTheEnvironment) {
    PosixSystem system;
    ::setenv("TERN_SYSTEM_TEST", "a=b", 1);
    EXPECT_EQ(system.environment("TERN_SYSTEM_TEST"), "a=b");
    bool found = false;
    for (const auto& [name, value] : system.environment()) {
        found = found || (name == "TERN_SYSTEM_TEST" && value == "a=b");
    }
    EXPECT_TRUE(found);
    ::unsetenv("TERN_SYSTEM_TEST");
    EXPECT_EQ(system.environment("TERN_SYSTEM_TEST"), std::nullopt);
}

TEST(Clock, MovesForwardFromTheEpochInNanoseconds) {
    PosixClock clock;
    const std::int64_t before_ns = clock.nano_time();
    EXPECT_GE(clock.nano_time(), before_ns);
    EXPECT_GT(clock.epoch_ns(), 1'600'000'000'000'000'000);
    EXPECT_NEAR(static_cast<double>(clock.epoch_ms()), static_cast<double>(clock.epoch_ns()) / 1e6,
                1e4);
}

TEST(Random, TwoSourcesDiffer) {
    PosixRandom a;
    PosixRandom b;
    EXPECT_NE(a.next_u64(), b.next_u64());
    EXPECT_NE(a.next_u64(), a.next_u64());
}

}  // namespace
}  // namespace tern::platform::posix
