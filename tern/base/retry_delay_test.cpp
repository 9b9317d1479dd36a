#include "tern/base/retry_delay.hpp"

#include <gtest/gtest.h>

namespace tern {
namespace {

TEST(RetryDelay, DoublesUpToItsBound) {
    RetryDelay delay(100, 500);
    EXPECT_EQ(delay.next(0), 100);
    EXPECT_EQ(delay.next(100), 200);
    EXPECT_EQ(delay.next(300), 400);
    EXPECT_EQ(delay.next(700), 500);
    EXPECT_EQ(delay.next(1200), 500);
}

TEST(RetryDelay, StartsAnewWhenTheLastFailureIsLongAgo) {
    RetryDelay delay(100, 500);
    EXPECT_EQ(delay.next(-5000), 100);
    EXPECT_EQ(delay.next(-4900), 200);
    EXPECT_EQ(delay.next(-3900), 400) << "twice the bound is not long yet";
    EXPECT_EQ(delay.next(-2899), 100);
}

}  // namespace
}  // namespace tern
