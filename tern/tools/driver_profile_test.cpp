#include "tern/tools/driver_profile.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tern/driver/configuration.hpp"
#include "tern/driver/media_driver.hpp"
#include "tern/platform/posix/platform.hpp"

namespace tern::tools {
namespace {

using ::testing::HasSubstr;

Properties with_profile(std::string_view profile) {
    Properties properties;
    properties.set(kProfileProperty, profile);
    return properties;
}

driver::DriverContext context_of(const Properties& properties) {
    return driver::driver_context_from(properties, platform::posix::make_platform());
}

TEST(DriverProfile, DefaultChangesNothing) {
    Properties none;
    EXPECT_EQ(apply_driver_profile(none, 8), "");
    Properties named = with_profile("default");
    EXPECT_EQ(apply_driver_profile(named, 8), "");
    EXPECT_EQ(named.find("aeron.threading.mode"), std::nullopt);
}

TEST(DriverProfile, LowJitterSpinsWhereThereAreCpusForIt) {
    Properties properties = with_profile("low-jitter");
    EXPECT_THAT(apply_driver_profile(properties, 4), HasSubstr("aeron.threading.mode=DEDICATED"));
    const auto context = context_of(properties);
    EXPECT_EQ(context.threading_mode, driver::ThreadingMode::dedicated);
    EXPECT_EQ(context.sender_idle_strategy.name, "spin");
    EXPECT_EQ(context.receiver_idle_strategy.name, "spin");
    EXPECT_FALSE(context.term_buffer_sparse_file);
}

TEST(DriverProfile, LowJitterParksForShortWhereCpusAreShared) {
    Properties properties = with_profile("low-jitter");
    apply_driver_profile(properties, 3);
    const auto context = context_of(properties);
    EXPECT_EQ(context.threading_mode, driver::ThreadingMode::shared);
    EXPECT_EQ(context.shared_idle_strategy.name, "backoff");
    EXPECT_EQ(context.shared_idle_strategy.options, "0-10-1us-10us");
}

TEST(DriverProfile, WhatClashesOrIsUnknownIsRefused) {
    Properties clash = with_profile("low-jitter");
    clash.set("aeron.threading.mode", "INVOKER");
    try {
        apply_driver_profile(clash, 2);
        FAIL() << "accepted";
    } catch (const ConfigurationError& error) {
        EXPECT_STREQ(error.what(),
                     "tern.driver.profile=low-jitter sets aeron.threading.mode=SHARED on 2 CPUs, "
                     "and aeron.threading.mode=INVOKER is set as well: take one of them away");
    }
    Properties agreeing = with_profile("low-jitter");
    agreeing.set("aeron.threading.mode", "SHARED");
    EXPECT_NE(apply_driver_profile(agreeing, 2), "");
    Properties unknown = with_profile("fast");
    EXPECT_THROW(apply_driver_profile(unknown, 2), ConfigurationError);
}

}  // namespace
}  // namespace tern::tools
