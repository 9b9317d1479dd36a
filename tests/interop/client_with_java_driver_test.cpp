// Our client against upstream's Java media driver.

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include "java_driver.hpp"
#include "tern/client/aeron.hpp"
#include "tern/client/errors.hpp"
#include "tern/memory/counter_types.hpp"
#include "tern/wire/channel_uri.hpp"

namespace tern::interop {
namespace {

using namespace tern::client;  // NOLINT: a test of this namespace

constexpr std::int64_t kPatienceNs = 20 * kNanosPerSecond;
constexpr std::int32_t kStream = 1001;

[[nodiscard]] std::vector<std::byte> pattern(std::size_t length, std::uint8_t seed) {
    std::vector<std::byte> bytes(length);
    for (std::size_t i = 0; i < length; ++i) {
        bytes[i] = static_cast<std::byte>((i * 31 + seed) & 0xFF);
    }
    return bytes;
}

class ClientWithJavaDriver : public ::testing::TestWithParam<bool> {
  protected:
    static void SetUpTestSuite() {
        if (aeron_jar() == nullptr) return;
        driver_ = std::make_unique<JavaDriver>(platform::posix::make_platform());
    }
    static void TearDownTestSuite() { driver_.reset(); }

    void SetUp() override {
        ASSERT_NE(driver_, nullptr) << "set TERN_AERON_JAR, or run ./dev test interop";
        aeron_ = connect();
    }

    [[nodiscard]] Context context() {
        Context context;
        context.aeron_directory = driver_->aeron_directory();
        context.client_name = "tern-test";
        context.use_conductor_invoker = GetParam();
        context.error_handler = [](const std::exception& error) {
            ADD_FAILURE() << "error handler: " << error.what();
        };
        return context;
    }
    [[nodiscard]] std::unique_ptr<Aeron> connect() { return Aeron::connect(context(), platform_); }

    template <typename Condition>
    void await(Condition&& condition, const char* what) {
        const auto idle = platform::make_idle_strategy("backoff");
        const std::int64_t deadline_ns = platform_.clock.nano_time() + kPatienceNs;
        while (!condition()) {
            ASSERT_LT(platform_.clock.nano_time(), deadline_ns) << "awaiting " << what;
            idle->idle(aeron_->do_work());
        }
    }
    template <typename Pub>
    void offer(Pub& publication, ConstBytes message) {
        await([&] { return publication.offer(message) > 0; }, "offer");
    }

    platform::Platform platform_ = platform::posix::make_platform();
    std::unique_ptr<Aeron> aeron_;
    static std::unique_ptr<JavaDriver> driver_;
};
std::unique_ptr<JavaDriver> ClientWithJavaDriver::driver_;

INSTANTIATE_TEST_SUITE_P(Conductor, ClientWithJavaDriver, ::testing::Bool(),
                         [](const auto& tested) { return tested.param ? "invoker" : "thread"; });

// Messages of all sizes, many terms long, arrive whole and in order.
TEST_P(ClientWithJavaDriver, ipc_messages_arrive_whole_and_in_order) {
    auto subscription = aeron_->add_subscription("aeron:ipc", kStream);
    auto publication = aeron_->add_publication("aeron:ipc", kStream);
    std::size_t received = 0;
    FragmentAssembler assembler([&](ConstBytes message, const Header& header) {
        const auto expected = pattern(message.size(), static_cast<std::uint8_t>(received));
        ASSERT_TRUE(std::ranges::equal(message, expected)) << "message " << received;
        EXPECT_EQ(header.session_id(), publication->session_id());
        ++received;
    });
    constexpr std::size_t kMessages = 500;
    for (std::size_t i = 0; i < kMessages; ++i) {
        const auto message = pattern((i * 97) % 6000, static_cast<std::uint8_t>(i));
        await(
            [&] {
                subscription->poll(assembler, 10);
                return publication->offer(message) > 0;
            },
            "offer");
    }
    await(
        [&] {
            subscription->poll(assembler, 10);
            return received == kMessages;
        },
        "all messages");
    EXPECT_EQ(subscription->image_at(0)->position(), publication->position());
    EXPECT_EQ(subscription->image_at(0)->source_identity(), "aeron:ipc");
}

TEST_P(ClientWithJavaDriver, udp_exclusive_publication_on_a_wildcard_port) {
    auto subscription = aeron_->add_subscription("aeron:udp?endpoint=127.0.0.1:0", kStream);
    std::optional<std::string> channel;
    await([&] { return (channel = subscription->try_resolve_channel_endpoint_port()).has_value(); },
          "the bound port");
    EXPECT_EQ(subscription->channel_status(), memory::ChannelStatus::active);
    EXPECT_EQ(*channel, "aeron:udp?endpoint=" + subscription->resolved_endpoint());

    auto publication = aeron_->add_exclusive_publication(*channel, kStream);
    await([&] { return publication->is_connected() && subscription->is_connected(); },
          "connection");
    EXPECT_EQ(publication->local_socket_addresses().size(), 1U);
    const auto message = pattern(5000, 7);  // several datagrams
    offer(*publication, message);
    BufferClaim claim;
    await([&] { return publication->try_claim(100, claim) > 0; }, "claim");
    std::ranges::copy(pattern(100, 8), claim.payload().begin());
    claim.commit();
    std::vector<std::vector<std::byte>> received;
    ControlledFragmentAssembler assembler([&](ConstBytes got, const Header&) {
        received.emplace_back(got.begin(), got.end());
        return ControlledAction::commit;
    });
    await(
        [&] {
            subscription->controlled_poll(assembler, 10);
            return received.size() == 2;
        },
        "both messages");
    EXPECT_EQ(received[0], message);
    EXPECT_EQ(received[1], pattern(100, 8));
    await([&] { return subscription->image_at(0)->active_transport_count() == 1; },
          "the driver to count its sources");
}

TEST_P(ClientWithJavaDriver, image_comes_and_goes_with_its_publication) {
    std::atomic<int> available{0};
    std::atomic<int> unavailable{0};
    auto subscription =
        aeron_->add_subscription("aeron:ipc", kStream + 1,
                                 {.available = [&](const std::shared_ptr<Image>&) { ++available; },
                                  .unavailable =
                                      [&](const std::shared_ptr<Image>& image) {
                                          EXPECT_TRUE(image->is_closed());
                                          EXPECT_TRUE(image->is_end_of_stream());
                                          ++unavailable;
                                      }});
    auto publication = aeron_->add_exclusive_publication("aeron:ipc", kStream + 1);
    await([&] { return available == 1; }, "available image");
    const auto image = subscription->image_by_session_id(publication->session_id());
    ASSERT_NE(image, nullptr);
    publication->close();
    EXPECT_EQ(publication->offer(pattern(10, 1)), kPublicationClosed);
    await([&] { return unavailable == 1; }, "unavailable image");
    EXPECT_EQ(image->poll([](ConstBytes, const Header&) {}, 10), 0);
    EXPECT_FALSE(subscription->is_connected());
}

TEST_P(ClientWithJavaDriver, revoked_publication_is_seen_as_revoked) {
    std::atomic<bool> revoked{false};
    auto subscription = aeron_->add_subscription(
        "aeron:ipc", kStream + 2,
        {.available = {}, .unavailable = [&](const std::shared_ptr<Image>& image) {
             revoked = image->is_publication_revoked();
         }});
    auto publication = aeron_->add_exclusive_publication("aeron:ipc", kStream + 2);
    await([&] { return subscription->is_connected(); }, "image");
    publication->revoke();
    await([&] { return revoked.load(); }, "revoked image");
}

TEST_P(ClientWithJavaDriver, driver_refuses_in_its_own_words) {
    try {
        static_cast<void>(aeron_->add_publication("aeron:udp?endpoint=nonsense", kStream));
        FAIL() << "accepted";
    } catch (const RegistrationException& refused) {
        EXPECT_EQ(refused.code(), static_cast<int>(wire::ErrorCode::invalid_channel));
        EXPECT_NE(std::string(refused.what()).find("errorCodeValue=1"), std::string::npos)
            << refused.what();
    }
    EXPECT_THROW(static_cast<void>(aeron_->find_publication(12345)), InvalidArgument);
}

TEST_P(ClientWithJavaDriver, counters_of_one_client_are_seen_by_another) {
    std::atomic<std::int32_t> seen{-1};
    std::atomic<std::int32_t> gone{-1};
    auto other_context = context();
    other_context.use_conductor_invoker = false;
    other_context.available_counter_handler = [&](const memory::CountersReader& counters,
                                                  std::int64_t, std::int32_t id) {
        if (counters.type_id(id) == 1234) seen = id;
    };
    other_context.unavailable_counter_handler = [&](const memory::CountersReader&, std::int64_t,
                                                    std::int32_t id) { gone = id; };
    auto other = Aeron::connect(other_context, platform_);

    const std::array<std::byte, 8> key{std::byte{1}};
    auto counter = aeron_->add_counter(1234, key, "a counter");
    counter->set(42);
    await([&] { return seen == counter->id(); }, "the counter");
    EXPECT_EQ(other->counters_reader().value(counter->id()), 42);
    EXPECT_EQ(other->counters_reader().label(counter->id()), "a counter");
    EXPECT_EQ(other->counters_reader().registration_id(counter->id()), counter->registration_id());
    const std::int32_t id = counter->id();
    counter.reset();
    await([&] { return gone == id; }, "the end of the counter");

    auto fixed = aeron_->add_static_counter(1235, key, "static", 77);
    auto same = aeron_->add_static_counter(1235, key, "static", 77);
    EXPECT_EQ(fixed->id(), same->id());
    EXPECT_EQ(fixed->registration_id(), 77);
}

TEST_P(ClientWithJavaDriver, heartbeat_counter_names_the_client) {
    auto counter = aeron_->add_counter(1234, {}, "first command");
    std::int32_t id = memory::kNullCounterId;
    await(
        [&] {
            id = aeron_->counters_reader().find(memory::counter_type::kClientHeartbeat,
                                                aeron_->client_id());
            return id >= 0 &&
                   aeron_->counters_reader().label(id).find("name=tern-test") != std::string::npos;
        },
        "the label of the heartbeat counter");
    const std::int64_t beat = aeron_->counters_reader().value(id);
    await([&] { return aeron_->counters_reader().value(id) > beat; }, "the next beat");
}

TEST_P(ClientWithJavaDriver, destinations_of_a_manual_publication) {
    auto subscription = aeron_->add_subscription("aeron:udp?endpoint=127.0.0.1:0", kStream + 3);
    await([&] { return !subscription->resolved_endpoint().empty(); }, "the bound port");
    const std::string destination = "aeron:udp?endpoint=" + subscription->resolved_endpoint();
    auto publication = aeron_->add_publication("aeron:udp?control-mode=manual", kStream + 3);
    const std::int64_t id = publication->add_destination(destination);
    await([&] { return publication->is_connected() && subscription->is_connected(); },
          "connection");
    publication->remove_destination(id);
    EXPECT_THROW(publication->add_destination("aeron:udp?nonsense"), RegistrationException);
    EXPECT_NE(aeron_->next_session_id(kStream + 3), publication->session_id());
}

TEST_P(ClientWithJavaDriver, multi_destination_subscription) {
    auto subscription = aeron_->add_subscription("aeron:udp?control-mode=manual", kStream + 4);
    subscription->add_destination("aeron:udp?endpoint=127.0.0.1:0");
    await([&] { return !subscription->resolved_endpoint().empty(); }, "the bound port");
    auto publication = aeron_->add_publication(
        "aeron:udp?endpoint=" + subscription->resolved_endpoint(), kStream + 4);
    await([&] { return subscription->is_connected(); }, "an image");
}

TEST_P(ClientWithJavaDriver, rejected_image_goes_and_tells_the_publisher) {
    std::atomic<int> frames{0};
    auto other_context = context();
    other_context.use_conductor_invoker = false;
    other_context.publication_error_frame_handler = [&](const PublicationErrorFrame& frame) {
        EXPECT_EQ(frame.message, "no");
        EXPECT_EQ(frame.stream_id, kStream + 5);
        ++frames;
    };
    auto other = Aeron::connect(other_context, platform_);
    auto subscription = aeron_->add_subscription("aeron:ipc", kStream + 5);
    auto publication = other->add_publication("aeron:ipc", kStream + 5);
    await([&] { return subscription->is_connected(); }, "image");
    const std::int64_t id = subscription->image_at(0)->reject("no");
    await([&] { return aeron_->is_operation_complete(id); }, "the driver's consent");
    await([&] { return frames == 1; }, "the error frame");
}

TEST_P(ClientWithJavaDriver, closing_is_prompt_and_can_be_repeated) {
    int closed = 0;
    aeron_->add_close_handler([&] { ++closed; });
    auto publication = aeron_->add_publication("aeron:ipc", kStream);
    auto subscription = aeron_->add_subscription("aeron:ipc", kStream);
    auto counter = aeron_->add_counter(1234, {}, "counter");
    auto watching_context = context();
    watching_context.use_conductor_invoker = false;
    auto watching = Aeron::connect(watching_context, platform_);
    const std::int32_t id = counter->id();
    aeron_->close();
    aeron_->close();
    EXPECT_EQ(closed, 1);
    EXPECT_TRUE(aeron_->is_closed());
    EXPECT_EQ(publication->offer(pattern(10, 1)), kPublicationClosed);
    EXPECT_EQ(subscription->poll([](ConstBytes, const Header&) {}, 10), 0);
    counter->set(99);
    EXPECT_NE(aeron_->counters_reader().value(id), 99);
    EXPECT_THROW(aeron_->async_add_publication("aeron:ipc", kStream), ClientClosedException);
    // Long before the client liveness timeout: the driver was told.
    await([&] { return watching->counters_reader().state(id) != memory::CounterState::allocated; },
          "the driver to free the counter");
}

}  // namespace
}  // namespace tern::interop
