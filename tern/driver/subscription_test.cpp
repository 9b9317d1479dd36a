#include "tern/driver/subscription.hpp"

#include <gtest/gtest.h>

#include "tern/driver/testing/data_path.hpp"

namespace tern::driver::testing {
namespace {

class Untethered : public ::testing::Test {
  protected:
    void add(bool is_tethered, std::int64_t position) {
        auto& subscription = subscriptions_.emplace_back(std::make_unique<Subscription>());
        subscription->params.tether = is_tethered;
        memory::Position counter = counters_.allocate();
        counter.set(position);
        stream_.subscribers.push_back({subscription.get(), counter, 0});
    }

    ManualClock clock_;
    Counters counters_{clock_};
    Stream stream_;
    std::vector<std::unique_ptr<Subscription>> subscriptions_;
};

/// Two untethered subscribers that stand still at 0 come back in turn, while the other holds up the
/// stream: it must not be held up there again.
TEST_F(Untethered, AnUntetheredSubscriberHoldsUpNobodyAnew) {
    add(true, 4096);
    add(true, 8192);
    add(false, 0);
    add(false, 0);
    EXPECT_EQ(stream_.rejoin_position(0, 16'384), 4096);
}

TEST_F(Untethered, WhereNobodyIsWaitedForItJoinsWhatArrivesNext) {
    add(false, 0);
    EXPECT_EQ(stream_.rejoin_position(0, 16'384), 16'384);
}

TEST_F(Untethered, PositionsThatCannotBeCountAsTheNearestThatCan) {
    add(true, -1);
    EXPECT_EQ(stream_.rejoin_position(1024, 16'384), 1024);
    stream_.subscribers.front().position.set(INT64_MAX);
    EXPECT_EQ(stream_.rejoin_position(1024, 16'384), 16'384);
}

/// It was told that its image is gone, so it reads no further: the stream must not wait for that.
TEST_F(Untethered, AnEndingStreamTakesLeaveOfTheSlowForGood) {
    add(false, 0);
    auto& subscriber = stream_.subscribers.front();
    const UntetheredTimeouts timeouts{.window_limit_ns = 5, .linger_ns = 5, .resting_ns = 5};
    const TetherRules ending{.limit = 4096};
    EXPECT_EQ(check_tether(subscriber, 6, ending, timeouts), TetherEvent::unavailable);
    EXPECT_EQ(check_tether(subscriber, 12, ending, timeouts), TetherEvent::none);
    EXPECT_FALSE(subscriber.is_working());
    EXPECT_EQ(check_tether(subscriber, 18, ending, timeouts), TetherEvent::none);
    EXPECT_FALSE(subscriber.is_working());
}

}  // namespace
}  // namespace tern::driver::testing
