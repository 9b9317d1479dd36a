#include "tern/cluster/consensus/timer_service.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "tern/base/error.hpp"

namespace tern::cluster {
namespace {

constexpr std::string_view kWheel = "io.aeron.cluster.WheelTimerServiceSupplier";
constexpr std::string_view kHeap = "io.aeron.cluster.PriorityHeapTimerServiceSupplier";

class TimerServiceTest : public ::testing::TestWithParam<std::string_view> {
  protected:
    std::vector<std::int64_t> poll(std::int64_t now) {
        std::vector<std::int64_t> fired;
        timers_->poll(now, [&](std::int64_t id) {
            fired.push_back(id);
            return true;
        });
        return fired;
    }
    std::unique_ptr<TimerService> timers_ = make_timer_service(GetParam(), 8, 128);
};

TEST_P(TimerServiceTest, FiresAtItsDeadlineAndOnce) {
    timers_->schedule(7, 100);
    EXPECT_TRUE(poll(99).empty());
    EXPECT_EQ(poll(100), std::vector<std::int64_t>{7});
    EXPECT_TRUE(poll(5000).empty());
    EXPECT_EQ(timers_->size(), 0U);
}

TEST_P(TimerServiceTest, SchedulingAgainReplacesTheDeadline) {
    timers_->schedule(7, 100);
    timers_->schedule(7, 200);
    EXPECT_EQ(timers_->size(), 1U);
    EXPECT_TRUE(poll(199).empty());
    EXPECT_EQ(poll(200), std::vector<std::int64_t>{7});
}

TEST_P(TimerServiceTest, ACancelledTimerDoesNotFire) {
    timers_->schedule(7, 100);
    EXPECT_TRUE(timers_->cancel(7));
    EXPECT_FALSE(timers_->cancel(7));
    EXPECT_TRUE(poll(1000).empty());
}

TEST_P(TimerServiceTest, ARefusedExpiryIsOfferedAgain) {
    timers_->schedule(7, 100);
    int asked = 0;
    EXPECT_EQ(timers_->poll(100, [&](std::int64_t) { return ++asked > 100; }), 0);
    EXPECT_EQ(asked, 1);
    EXPECT_EQ(timers_->size(), 1U);
    EXPECT_EQ(poll(100), std::vector<std::int64_t>{7});
}

// pain_633: timers whose deadline is long past when the clock is first set all fire, each once.
TEST_P(TimerServiceTest, pain_633_TimersFromBeforeTheClockWasSetFireOnce) {
    constexpr std::int64_t kNow = 1'700'000'000'000;
    for (std::int64_t id = 0; id < 300; ++id) timers_->schedule(id, kNow - 1000 + id * 7);
    timers_->set_current_time(kNow);
    timers_->schedule(1000, kNow - 5);
    std::map<std::int64_t, int> fired;
    for (std::int64_t now = kNow; now < kNow + 3000; ++now) {
        for (const auto id : poll(now)) {
            ++fired[id];
            EXPECT_LE(id == 1000 ? kNow - 5 : kNow - 1000 + id * 7, now);
        }
    }
    EXPECT_EQ(fired.size(), 301U);
    EXPECT_TRUE(std::ranges::all_of(fired, [](const auto& f) { return f.second == 1; }));
    EXPECT_EQ(timers_->size(), 0U);
}

TEST_P(TimerServiceTest, BehavesAsAMapOfDeadlines) {
    std::mt19937_64 random(42);
    std::map<std::int64_t, std::int64_t> model;
    std::int64_t now = 1000;
    timers_->set_current_time(now);
    for (int step = 0; step < 20'000; ++step) {
        const auto id = static_cast<std::int64_t>(random() % 200);
        switch (random() % 4) {
            case 0:
            case 1: {
                const auto deadline = now + static_cast<std::int64_t>(random() % 3000) - 100;
                timers_->schedule(id, deadline);
                model[id] = deadline;
                break;
            }
            case 2:
                EXPECT_EQ(timers_->cancel(id), model.erase(id) == 1);
                break;
            default: {
                now += static_cast<std::int64_t>(random() % 40);
                for (std::vector<std::int64_t> fired; !(fired = poll(now)).empty();) {
                    for (const auto due : fired) {
                        ASSERT_TRUE(model.contains(due));
                        EXPECT_LE(model[due], now);
                        model.erase(due);
                    }
                }
                for (const auto& [left, deadline] : model) EXPECT_GT(deadline, now) << left;
            }
        }
        ASSERT_EQ(timers_->size(), model.size());
    }
    std::map<std::int64_t, std::int64_t> all;
    timers_->for_each([&](std::int64_t id, std::int64_t deadline) { all[id] = deadline; });
    EXPECT_EQ(all, model);
}

INSTANTIATE_TEST_SUITE_P(Both, TimerServiceTest, ::testing::Values(kWheel, kHeap),
                         [](const auto& suite) {
                             return suite.param == kWheel ? "wheel" : "heap";
                         });

TEST(PriorityHeapTimerServiceTest, ExpiresInTheOrderOfDeadlines) {
    PriorityHeapTimerService timers;
    std::mt19937_64 random(1);
    for (std::int64_t id = 0; id < 500; ++id) {
        timers.schedule(id, static_cast<std::int64_t>(random() % 100));
    }
    std::map<std::int64_t, std::int64_t> deadlines;
    timers.for_each([&](std::int64_t id, std::int64_t deadline) { deadlines[id] = deadline; });
    std::vector<std::int64_t> order;
    while (timers.poll(100, [&](std::int64_t id) {
        order.push_back(deadlines[id]);
        return true;
    }) > 0) {
    }
    EXPECT_EQ(order.size(), 500U);
    EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST(TimerServiceConfigurationTest, RefusesWhatCannotBeUsed) {
    EXPECT_THROW((void)make_timer_service("x", 8, 128), ConfigurationError);
    EXPECT_THROW((void)make_timer_service(kWheel, 0, 128), ConfigurationError);
    EXPECT_THROW((void)make_timer_service(kWheel, 8, 100), ConfigurationError);
}

}  // namespace
}  // namespace tern::cluster
