// Known pains of upstream's users: images, subscriptions and memory that go while somebody is
// reading. Under the sanitizers, nothing may be touched that is gone.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tern/client/testing/client_fixture.hpp"

namespace tern::client {
namespace {

constexpr std::int32_t kStream = 10;
constexpr auto ignore_fragment = [](ConstBytes, const Header&) {};

/// A client with a thread of its own, on a fake driver with one, too.
class Pains : public ::testing::Test {
  protected:
    Pains() {
        serving_ = std::thread([this] {
            while (!stop_) {
                driver_.heartbeat();
                if (bounce_) bounce_images();
                if (driver_.serve() == 0) std::this_thread::yield();
            }
        });
        Context context;
        context.aeron_directory = driver_.aeron_directory();
        context.resource_linger_ns = kNanosPerMilli;  // lists and logs go as soon as they may
        context.idle_sleep_duration_ns = 0;
        context.error_handler = [](const std::exception& error) { ADD_FAILURE() << error.what(); };
        aeron_ = Aeron::connect(context, platform_);
    }
    ~Pains() override {
        aeron_.reset();
        stop_ = true;
        serving_.join();
    }

    /// As a driver does with an untethered subscriber that is too slow: its images go, and come
    /// again where the stream is by then.
    void bounce_images() {
        if (++bounces_ > kMaxBounces) return;
        for (const auto& [publication, state] : driver_.publications()) {
            for (const auto& [subscription, stream_id] : driver_.subscriptions()) {
                driver_.send_unavailable_image(publication, subscription);
                driver_.send_available_image(publication, subscription);
            }
        }
    }

    static constexpr int kMaxBounces = 1'000;

    platform::Platform platform_ = platform::posix::make_platform();
    testing::FakeDriver driver_{platform_};
    std::atomic<bool> stop_{false};
    std::atomic<bool> bounce_{false};
    std::atomic<int> bounces_{0};
    std::thread serving_;
    std::unique_ptr<Aeron> aeron_;
};

// aeron 1752: a crash when images are polled while they come and go.
TEST_F(Pains, pain_1752) {
    const auto subscription = aeron_->add_subscription("aeron:ipc", kStream);
    std::atomic<bool> done{false};
    std::atomic<std::int64_t> received{0};
    std::thread polling([&] {
        const auto count = [&](ConstBytes, const Header& header) {
            EXPECT_EQ(header.stream_id(), kStream);
            ++received;
        };
        std::shared_ptr<Image> kept;  // the last one, long after it has gone
        while (!done) {
            subscription->poll(count, 10);
            subscription->for_each_image([&](const auto& image) {
                image->poll(count, 1);
                kept = image;
            });
            for (const auto& image : subscription->images()) image->bounded_poll(count, 1 << 20, 1);
            if (kept) {
                kept->poll(count, 1);
                EXPECT_GE(kept->position(), kept->join_position());
                EXPECT_FALSE(kept->source_identity().empty());
            }
            if (const auto image = subscription->image_at(0)) {
                EXPECT_EQ(image->stream_id(), kStream);
            }
        }
    });
    std::thread asking([&] {
        while (!done) {
            EXPECT_LE(subscription->image_count(), 2U) << "as many as publications at once";
            std::this_thread::yield();
        }
    });
    const auto churn = [this] {
        for (int round = 0; round < 100; ++round) {
            const auto publication = aeron_->add_exclusive_publication("aeron:ipc", kStream);
            for (int i = 0; i < 20; ++i) EXPECT_GT(publication->offer(as_bytes("x")), 0);
        }
    };
    std::thread one(churn);
    std::thread two(churn);
    one.join();
    two.join();
    aeron_->close();  // under the poller
    done = true;
    polling.join();
    asking.join();
    EXPECT_GT(received, 0);
    EXPECT_EQ(subscription->image_count(), 0U);
}

// aeron 1675: a slow untethered subscriber, whose image the driver takes away while it is polled
// and gives back at another position, with another counter, in the same log.
TEST_F(Pains, pain_1675) {
    const auto subscription = aeron_->add_subscription("aeron:ipc?tether=false", kStream);
    const auto publication = aeron_->add_exclusive_publication("aeron:ipc", kStream);
    bounce_ = true;
    std::int64_t received = 0;
    const auto slow = [&](ConstBytes payload, const Header&) {
        EXPECT_EQ(as_text(payload), "message");
        ++received;
        const int bounces = bounces_;
        while (bounces_ == bounces && bounces < kMaxBounces) std::this_thread::yield();
    };
    int offered = 0;
    while (bounces_ < kMaxBounces && offered < 2'000) {
        if (publication->offer(as_bytes("message")) > 0) ++offered;
        subscription->poll(slow, 10);
    }
    bounce_ = false;
    // When it is quick again, it is a subscriber like others.
    const auto before = received;
    const auto deadline = platform_.clock.nano_time() + 30 * kNanosPerSecond;
    while (received == before && platform_.clock.nano_time() < deadline) {
        if (offered < 2'500 && publication->offer(as_bytes("message")) > 0) ++offered;
        subscription->poll([&](ConstBytes, const Header&) { ++received; }, 10);
    }
    EXPECT_GT(received, before);
}

// aeron 446: a subscription removed while it is polled.
TEST_F(Pains, pain_446) {
    for (int round = 0; round < 50; ++round) {
        const auto publication = aeron_->add_exclusive_publication("aeron:ipc", kStream);
        const auto subscription = aeron_->add_subscription("aeron:ipc", kStream);
        std::atomic<int> polls{0};
        std::shared_ptr<Image> image;
        std::thread polling([&] {
            while (!subscription->is_closed()) {
                subscription->poll(ignore_fragment, 10);
                if (auto found = subscription->image_at(0)) image = std::move(found);
                ++polls;
            }
            EXPECT_EQ(subscription->poll(ignore_fragment, 10), 0);
            EXPECT_EQ(subscription->image_at(0), nullptr);
        });
        while (polls < 20) {
            if (publication->position() < 1 << 16) publication->offer(as_bytes("x"));
            std::this_thread::yield();
        }
        subscription->close();
        polling.join();
        if (!image) continue;
        EXPECT_TRUE(image->is_closed());
        EXPECT_EQ(image->poll(ignore_fragment, 1), 0);
        EXPECT_LE(image->position(), publication->position());
    }
}

}  // namespace
}  // namespace tern::client
