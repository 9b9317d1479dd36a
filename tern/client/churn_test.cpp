// Publications and images come and go while others poll and offer: run under the sanitizers.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tern/client/testing/client_fixture.hpp"

namespace tern::client {
namespace {

constexpr std::int32_t kStream = 10;
constexpr int kRounds = 60;

TEST(ChurnTest, images_come_and_go_under_a_poller) {
    platform::Platform platform = platform::posix::make_platform();
    testing::FakeDriver driver(platform);
    std::atomic<bool> stop{false};
    std::atomic<int> errors{0};
    std::thread serving([&] {
        while (!stop) {
            driver.heartbeat();
            if (driver.serve() == 0) std::this_thread::yield();
        }
    });

    Context context;
    context.aeron_directory = driver.aeron_directory();
    context.resource_linger_ns = kNanosPerMilli;
    context.idle_sleep_duration_ns = 0;
    context.error_handler = [&](const std::exception& error) {
        ++errors;
        ADD_FAILURE() << error.what();
    };
    auto aeron = Aeron::connect(context, platform);
    auto subscription = aeron->add_subscription("aeron:ipc", kStream);

    std::atomic<std::int64_t> received{0};
    std::thread polling([&] {
        while (!stop) {
            subscription->poll([&](ConstBytes, const Header&) { ++received; }, 10);
            if (!subscription->is_connected()) std::this_thread::yield();
        }
    });
    const auto churn = [&] {
        for (int round = 0; round < kRounds; ++round) {
            auto publication = aeron->add_exclusive_publication("aeron:ipc", kStream);
            for (int i = 0; i < 20; ++i) EXPECT_NE(publication->offer(as_bytes("x")), 0);
        }
    };
    std::thread one(churn);
    std::thread two(churn);
    one.join();
    two.join();
    aeron->close();  // under the poller
    stop = true;
    polling.join();
    serving.join();
    EXPECT_EQ(errors, 0);
    EXPECT_EQ(subscription->image_count(), 0U);
}

TEST(ChurnTest, many_threads_offer_to_one_publication) {
    platform::Platform platform = platform::posix::make_platform();
    testing::FakeDriver driver(platform);
    Context context;
    context.aeron_directory = driver.aeron_directory();
    context.use_conductor_invoker = true;
    context.await_idle = [&] { driver.serve(); };
    auto aeron = Aeron::connect(context, platform);
    auto subscription = aeron->add_subscription("aeron:ipc", kStream);
    auto publication = aeron->add_publication("aeron:ipc", kStream);
    while (!subscription->is_connected()) {
        driver.serve();
        aeron->do_work();
    }
    constexpr int kMessages = 400;
    const auto offering = [&] {
        for (int sent = 0; sent < kMessages;) {
            const std::int64_t result = publication->offer(as_bytes("message"));
            if (result > 0) ++sent;
            ASSERT_TRUE(result > 0 || result == kAdminAction) << offer_result_name(result);
        }
    };
    std::thread one(offering);
    std::thread two(offering);
    int received = 0;
    while (received < 2 * kMessages) {
        received += subscription->poll(
            [](ConstBytes payload, const Header&) { ASSERT_EQ(as_text(payload), "message"); }, 50);
    }
    one.join();
    two.join();
    EXPECT_EQ(subscription->image_at(0)->position(), publication->position());
}

}  // namespace
}  // namespace tern::client
