// What a client does on what its driver says, does not say, or says wrongly.

#include "tern/client/client_conductor.hpp"

#include <gmock/gmock.h>

#include "tern/client/testing/client_fixture.hpp"

namespace tern::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using wire::CommandId;
using wire::ResponseId;
constexpr std::int32_t kStream = 10;
constexpr auto ignore_fragment = [](ConstBytes, const Header&) {};

class ClientConductorTest : public testing::ClientFixture {
  protected:
    void SetUp() override { connect(); }
};

// ---- Adding.

TEST_F(ClientConductorTest, add_is_found_once_when_the_driver_has_answered) {
    driver_serves_ = false;
    const std::int64_t id = aeron_->async_add_publication("aeron:ipc?alias=x", kStream);
    turns(3);
    EXPECT_EQ(aeron_->find_publication(id), nullptr);
    driver_->serve();
    turn();
    const auto publication = aeron_->find_publication(id);
    ASSERT_NE(publication, nullptr);
    EXPECT_EQ(publication->registration_id(), id);
    EXPECT_EQ(publication->channel(), "aeron:ipc?alias=x");
    EXPECT_EQ(publication->stream_id(), kStream);
    EXPECT_EQ(publication->max_payload_length(), testing::FakeDriver::kMtuLength - 32);
    EXPECT_TRUE(publication->is_original());
    EXPECT_EQ(publication->channel_status(), memory::ChannelStatus::active);
    EXPECT_THROW(static_cast<void>(aeron_->find_publication(id)), InvalidArgument);
}

TEST_F(ClientConductorTest, refusal_has_the_code_and_the_text_of_the_driver) {
    driver_serves_ = false;
    const std::int64_t id = aeron_->async_add_subscription("aeron:udp?endpoint=x:1", kStream);
    driver_->send_error(id, wire::ErrorCode::unknown_host, "ERROR - no such host: x");
    turn();
    try {
        static_cast<void>(aeron_->find_subscription(id));
        FAIL();
    } catch (const RegistrationException& refused) {
        EXPECT_EQ(refused.code(), 9);
        EXPECT_EQ(refused.correlation_id(), id);
        EXPECT_STREQ(refused.what(),
                     "add subscription aeron:udp?endpoint=x:1 stream 10: no such host: x, "
                     "errorCodeValue=9");
    }
    EXPECT_THROW(static_cast<void>(aeron_->find_subscription(id)), InvalidArgument);
    EXPECT_THAT(errors_, IsEmpty());
}

// What was not answered in time is removed, so that nothing of it stays at the driver (CLI-25 22).
TEST_F(ClientConductorTest, no_answer_within_the_driver_timeout) {
    driver_serves_ = false;
    const std::int64_t id = aeron_->async_add_exclusive_publication("aeron:ipc", kStream);
    const auto add = next(CommandId::add_exclusive_publication);
    pass(aeron_->context().driver_timeout_ns);
    try {
        static_cast<void>(aeron_->find_exclusive_publication(id));
        FAIL();
    } catch (const DriverTimeoutException& timeout) {
        EXPECT_STREQ(timeout.what(),
                     "no response from MediaDriver within 10s to add exclusive publication "
                     "aeron:ipc stream 10");
    }
    const auto removal = next(CommandId::remove_publication);
    ASSERT_TRUE(removal);
    EXPECT_EQ(removal->as<wire::RemovePublication>().registration_id, id);

    driver_->serve(*add);  // late
    turn();
    EXPECT_THROW(static_cast<void>(aeron_->find_exclusive_publication(id)), InvalidArgument);
}

TEST_F(ClientConductorTest, synchronous_add_runs_the_conductor_and_the_hook) {
    EXPECT_NE(aeron_->add_publication("aeron:ipc", kStream), nullptr);
    EXPECT_NE(aeron_->add_exclusive_publication("aeron:ipc", kStream), nullptr);
    EXPECT_NE(aeron_->add_subscription("aeron:ipc", kStream), nullptr);
    EXPECT_NE(aeron_->add_counter(1000, {}, "label"), nullptr);
    EXPECT_NE(aeron_->add_static_counter(1000, {}, "label", 5), nullptr);
}

TEST_F(ClientConductorTest, abandoned_add_is_removed_at_the_driver) {
    const std::int64_t ready = aeron_->async_add_publication("aeron:ipc", kStream);
    turn();
    const std::int64_t awaited = aeron_->async_add_publication("aeron:ipc", kStream + 1);
    EXPECT_EQ(driver_->publications().size(), 1U);
    aeron_->abandon(ready);
    aeron_->abandon(awaited);
    aeron_->abandon(awaited);
    turn();
    EXPECT_TRUE(driver_->publications().empty());
    EXPECT_THROW(static_cast<void>(aeron_->find_publication(awaited)), InvalidArgument);
}

TEST_F(ClientConductorTest, log_that_cannot_be_mapped_refuses_the_publication) {
    driver_serves_ = false;
    const std::int64_t id = aeron_->async_add_publication("aeron:ipc", kStream);
    static_cast<void>(driver_->next_command());
    driver_->send(ResponseId::on_publication_ready,
                  wire::PublicationReady{id, id, 1, kStream, 0, -1, "/nowhere/1.logbuffer"});
    turn();
    EXPECT_THROW(static_cast<void>(aeron_->find_publication(id)), RegistrationException);
    EXPECT_TRUE(next(CommandId::remove_publication));
}

TEST_F(ClientConductorTest, next_session_id_comes_from_the_driver_or_else_from_chance) {
    EXPECT_NO_THROW(static_cast<void>(aeron_->next_session_id(kStream)));
    EXPECT_EQ(driver_->served(CommandId::get_next_available_session_id), 0)
        << "this driver has no control protocol version";
}

TEST_F(ClientConductorTest, full_ring_refuses_adds_and_delays_removals) {
    auto publication = aeron_->add_publication("aeron:ipc", kStream);
    driver_serves_ = false;
    const auto fill = [this] {
        for (;;) aeron_->async_add_counter(1000, {}, std::string(300, 'x'));
    };
    try {
        fill();
    } catch (const Error& full) {
        EXPECT_EQ(full.code(), error_code::kDriverBufferFull) << full.what();
    }
    const std::int64_t id = publication->registration_id();
    publication.reset();
    turn();
    EXPECT_TRUE(driver_->publications().contains(id));
    driver_serves_ = true;
    turns(4);
    EXPECT_FALSE(driver_->publications().contains(id));
    EXPECT_THAT(errors_, IsEmpty());
}

// ---- Images.

TEST_F(ClientConductorTest, images_come_and_go_and_tell_their_handlers) {
    std::vector<std::string> told;
    auto subscription = aeron_->add_subscription(
        "aeron:ipc", kStream,
        {.available = [&](const auto& image) { told.push_back("+" + image->source_identity()); },
         .unavailable =
             [&](const auto& image) {
                 told.push_back(image->is_closed() ? "- closed" : "- open");
             }});
    auto publication = aeron_->add_publication("aeron:ipc", kStream);
    turn();
    EXPECT_TRUE(subscription->is_connected());
    EXPECT_GT(publication->offer(bytes("hello")), 0);
    std::string received;
    EXPECT_EQ(subscription->poll(
                  [&](ConstBytes payload, const Header&) { received = as_text(payload); }, 10),
              1);
    EXPECT_EQ(received, "hello");
    const auto image = subscription->image_at(0);
    publication.reset();
    turns(2);
    EXPECT_THAT(told, ElementsAre("+aeron:ipc", "- closed"));
    EXPECT_EQ(image->position(), 64);
    EXPECT_EQ(image->poll(ignore_fragment, 1), 0);
    EXPECT_EQ(subscription->image_count(), 0U);
}

TEST_F(ClientConductorTest, same_image_may_come_again) {
    auto subscription = aeron_->add_subscription("aeron:ipc", kStream);
    auto publication = aeron_->add_publication("aeron:ipc", kStream);
    turn();
    const auto first = subscription->image_at(0);
    driver_->send_unavailable_image(publication->registration_id(),
                                    subscription->registration_id());
    driver_->send_unavailable_image(publication->registration_id(),
                                    subscription->registration_id());
    driver_->send_available_image(publication->registration_id(), subscription->registration_id());
    turn();
    const auto second = subscription->image_at(0);
    ASSERT_NE(second, nullptr);
    EXPECT_NE(first, second);
    EXPECT_TRUE(first->is_closed());
    EXPECT_FALSE(second->is_closed());
    EXPECT_THAT(errors_, IsEmpty());
}

TEST_F(ClientConductorTest, image_of_a_log_that_is_gone_is_reported_and_dropped) {
    auto subscription = aeron_->add_subscription("aeron:ipc", kStream);
    driver_->send(ResponseId::on_available_image,
                  wire::ImageReady{99, 1, kStream, subscription->registration_id(), 0,
                                   "/nowhere/99.logbuffer", "1.2.3.4:5"});
    turn();
    EXPECT_THAT(errors_, ElementsAre(HasSubstr("1.2.3.4:5")));
    EXPECT_EQ(subscription->image_count(), 0U);
    EXPECT_FALSE(aeron_->is_closed());
}

TEST_F(ClientConductorTest, subscription_may_be_destroyed_by_its_own_handler) {
    std::unique_ptr<Subscription> subscription;
    int unavailable = 0;
    subscription =
        aeron_->add_subscription("aeron:ipc", kStream,
                                 {.available = [&](const auto&) { subscription.reset(); },
                                  .unavailable = [&](const auto&) { ++unavailable; }});
    auto publication = aeron_->add_publication("aeron:ipc", kStream);
    turns(2);
    EXPECT_EQ(subscription, nullptr);
    EXPECT_EQ(unavailable, 1);
    EXPECT_TRUE(driver_->subscriptions().empty());
}

// A fragment handler that runs the conductor sees its own image go; the poll ends cleanly and the
// list that it walks stays.
TEST_F(ClientConductorTest, image_may_go_while_it_is_polled) {
    auto subscription = aeron_->add_subscription("aeron:ipc", kStream);
    auto publication = aeron_->add_publication("aeron:ipc", kStream);
    turn();
    for (int i = 0; i < 5; ++i) ASSERT_GT(publication->offer(bytes("x")), 0);
    const std::int64_t position = subscription->image_at(0)->position();
    const int fragments = subscription->poll(
        [&](ConstBytes, const Header&) {
            publication.reset();
            pass(aeron_->context().resource_linger_ns);
        },
        10);
    EXPECT_EQ(fragments, 1);
    EXPECT_EQ(driver_->counters().value(2), position) << "not stored after the image was closed";
    EXPECT_EQ(subscription->image_count(), 0U);
}

TEST_F(ClientConductorTest, memory_lives_as_long_as_its_handles) {
    auto subscription = aeron_->add_subscription("aeron:ipc", kStream);
    auto publication = aeron_->add_publication("aeron:ipc", kStream);
    auto counter = aeron_->add_counter(1000, {}, "label");
    turn();
    ASSERT_GT(publication->offer(bytes("x")), 0);
    BufferClaim claim;
    ASSERT_GT(publication->try_claim(8, claim), 0);
    const auto image = subscription->image_at(0);
    aeron_.reset();
    driver_.reset();
    claim.commit();
    EXPECT_EQ(publication->offer(bytes("x")), kPublicationClosed);
    EXPECT_EQ(publication->position(), kPublicationClosed);
    EXPECT_FALSE(publication->is_connected());
    EXPECT_EQ(subscription->poll(ignore_fragment, 10), 0);
    EXPECT_EQ(image->poll(ignore_fragment, 10), 0);
    EXPECT_EQ(image->position(), 0);
    counter->increment();
    EXPECT_EQ(counter->get(), 0);
    EXPECT_EQ(counter->label(), "label");
    EXPECT_THROW(image->reject("no"), ClientClosedException);
    EXPECT_THROW(publication->async_add_destination("aeron:ipc"), ClientClosedException);
}

// ---- Handlers.

TEST_F(ClientConductorTest, counter_handlers_hear_of_all_counters_until_removed) {
    std::vector<std::int32_t> seen;
    int once = 0;
    std::int64_t once_id = 0;
    once_id = aeron_->add_available_counter_handler([&](const auto&, auto, auto) {
        ++once;
        EXPECT_TRUE(aeron_->remove_available_counter_handler(once_id));
    });
    const std::int64_t id = aeron_->add_available_counter_handler(
        [&](const auto&, auto, std::int32_t counter_id) { seen.push_back(counter_id); });
    auto counter = aeron_->add_counter(1000, {}, "a");
    EXPECT_EQ(once, 1) << "the heartbeat counter, and then it was removed";
    EXPECT_THAT(seen, ElementsAre(0, counter->id()));
    EXPECT_TRUE(aeron_->remove_available_counter_handler(id));
    EXPECT_FALSE(aeron_->remove_available_counter_handler(id));
    auto other = aeron_->add_counter(1000, {}, "b");
    EXPECT_EQ(seen.size(), 2U);
}

TEST_F(ClientConductorTest, handlers_may_add_but_not_wait) {
    std::int64_t added = -1;
    aeron_->add_available_counter_handler([&](const auto&, auto, auto) {
        if (added == -1) added = aeron_->async_add_subscription("aeron:ipc", kStream);
        static_cast<void>(aeron_->add_subscription("aeron:ipc", kStream));
    });
    auto counter = aeron_->add_counter(1000, {}, "a");
    turn();
    EXPECT_NE(aeron_->find_subscription(added), nullptr);
    EXPECT_THAT(errors_, ::testing::Each(HasSubstr("reentrant calls not permitted")));
    EXPECT_EQ(errors_.size(), 2U);
}

TEST_F(ClientConductorTest, publication_error_is_told_once_for_each_handle) {
    int told = 0;
    auto ours = context();
    ours.publication_error_frame_handler = [&](const PublicationErrorFrame& frame) {
        EXPECT_EQ(frame.message, "because");
        EXPECT_EQ(frame.error_code, 13);
        ++told;
    };
    aeron_ = Aeron::connect(ours, platform_);
    auto one = aeron_->add_publication("aeron:ipc", kStream);
    auto two = aeron_->add_publication("aeron:ipc", kStream);
    auto other = aeron_->add_publication("aeron:ipc", kStream + 1);
    EXPECT_FALSE(two->is_original());
    wire::PublicationErrorResponse error;
    error.registration_id = one->original_registration_id();
    error.error_code = 13;
    error.message = "because";
    driver_->send(ResponseId::on_publication_error, error);
    turn();
    EXPECT_EQ(told, 2);
}

// ---- Operations.

TEST_F(ClientConductorTest, destination_commands_name_the_original_publication) {
    auto one = aeron_->add_publication("aeron:ipc", kStream);
    auto two = aeron_->add_publication("aeron:ipc", kStream);
    driver_serves_ = false;
    const std::int64_t id = two->async_add_destination("aeron:udp?endpoint=a:1");
    const auto command = next(CommandId::add_destination);
    EXPECT_EQ(command->as<wire::DestinationCommand>().registration_id, one->registration_id());
    EXPECT_FALSE(aeron_->is_operation_complete(id));
    driver_->send_success(id);
    turn();
    EXPECT_TRUE(aeron_->is_operation_complete(id));
    EXPECT_THROW(static_cast<void>(aeron_->is_operation_complete(id)), InvalidArgument);

    const std::int64_t removed = two->async_remove_destination(id);
    const auto by_id = next(CommandId::remove_destination_by_id)->as<wire::RemoveDestinationById>();
    EXPECT_EQ(by_id.registration_id, one->registration_id());
    EXPECT_EQ(by_id.destination_registration_id, id);
    driver_->send_error(removed, wire::ErrorCode::unknown_publication, "who");
    turn();
    EXPECT_THROW(static_cast<void>(aeron_->is_operation_complete(removed)), RegistrationException);
}

TEST_F(ClientConductorTest, refused_operation_that_nobody_asks_about_goes_to_the_error_handler) {
    auto publication = aeron_->add_publication("aeron:ipc", kStream);
    driver_serves_ = false;
    const std::int64_t id = publication->async_add_destination("aeron:udp?endpoint=a:1");
    driver_->send_error(id, wire::ErrorCode::generic_error, "refused");
    pass(2 * aeron_->context().driver_timeout_ns);
    EXPECT_THAT(errors_, ElementsAre(HasSubstr("refused")));
    EXPECT_THROW(static_cast<void>(aeron_->is_operation_complete(id)), InvalidArgument);
}

// ---- Ends.

TEST_F(ClientConductorTest, close_tells_the_driver_and_everybody_once) {
    std::vector<std::string> told;
    auto subscription = aeron_->add_subscription(
        "aeron:ipc", kStream,
        {.available = {}, .unavailable = [&](const auto&) { told.emplace_back("image"); }});
    auto publication = aeron_->add_publication("aeron:ipc", kStream);
    auto counter = aeron_->add_counter(1000, {}, "a");
    turn();
    aeron_->add_unavailable_counter_handler([&](const auto&, auto, std::int32_t id) {
        EXPECT_EQ(id, counter->id());
        told.emplace_back("counter");
    });
    aeron_->add_close_handler([&] { told.emplace_back("close"); });
    driver_serves_ = false;
    aeron_->close();
    EXPECT_TRUE(aeron_->is_closed());
    EXPECT_THAT(told, ElementsAre("counter", "image", "close"));
    const auto command = driver_->next_command();
    ASSERT_TRUE(command) << "only CLIENT_CLOSE";
    EXPECT_EQ(command->id, CommandId::client_close);
    aeron_->close();
    EXPECT_EQ(aeron_->do_work(), 0);
    subscription.reset();
    publication.reset();
    counter.reset();
    EXPECT_FALSE(driver_->next_command());
    EXPECT_THAT(errors_, IsEmpty());
    EXPECT_THROW(aeron_->async_add_counter(1000, {}, "a"), ClientClosedException);
}

/// Every way in which a client ends against its will ends the same.
class ClientEnds : public ClientConductorTest {
  protected:
    void SetUp() override {
        ClientConductorTest::SetUp();
        subscription_ = aeron_->add_subscription(
            "aeron:ipc", kStream,
            {.available = {}, .unavailable = [this](const auto&) { ++unavailable_; }});
        publication_ = aeron_->add_publication("aeron:ipc", kStream);
        turns(2);
        aeron_->add_close_handler([this] { ++closed_; });
    }
    void expect_ended(const char* reason) {
        turns(3);
        EXPECT_THAT(errors_, ElementsAre(HasSubstr(reason)));
        EXPECT_TRUE(aeron_->is_closed());
        EXPECT_EQ(unavailable_, 1);
        EXPECT_EQ(closed_, 1);
        EXPECT_EQ(publication_->offer(bytes("x")), kPublicationClosed);
        EXPECT_EQ(subscription_->poll(ignore_fragment, 10), 0);
        EXPECT_THROW(aeron_->async_add_publication("aeron:ipc", kStream), ClientClosedException);
        EXPECT_THROW(static_cast<void>(aeron_->add_publication("aeron:ipc", kStream)),
                     ClientClosedException);
        aeron_->close();
        EXPECT_EQ(driver_->served(CommandId::client_close), driver_serves_ ? 1 : 0);
    }
    std::unique_ptr<Subscription> subscription_;
    std::unique_ptr<Publication> publication_;
    int unavailable_ = 0;
    int closed_ = 0;
};

TEST_F(ClientEnds, driver_says_goodbye) {
    driver_beats_ = false;
    driver_->say_goodbye();
    pass(aeron_->context().keepalive_interval_ns);
    expect_ended("has been shutdown");
}

/// The next driver in the directory has removed the log of an image that this client hears of late.
TEST_F(ClientEnds, driver_and_its_logs_are_gone) {
    driver_beats_ = false;
    driver_->send(ResponseId::on_available_image,
                  wire::ImageReady{99, 1, kStream, subscription_->registration_id(), 0,
                                   "/nowhere/99.logbuffer", "source"});
    driver_->say_goodbye();
    expect_ended("has been shutdown");
}

/// That driver was killed just now, so that its last heartbeat is fresh.
TEST_F(ClientEnds, another_driver_has_taken_the_directory) {
    driver_->be_replaced();
    driver_beats_ = false;
    driver_->send(ResponseId::on_available_image,
                  wire::ImageReady{99, 1, kStream, subscription_->registration_id(), 0,
                                   "/nowhere/99.logbuffer", "source"});
    expect_ended("has ended: its directory was removed or taken by another");
}

TEST_F(ClientEnds, driver_dies_silently) {
    driver_beats_ = false;
    driver_serves_ = false;
    pass(aeron_->context().driver_timeout_ns - kNanosPerSecond);
    EXPECT_FALSE(aeron_->is_closed());
    pass(2 * kNanosPerSecond);
    expect_ended("ms > timeout=10000ms");
}

TEST_F(ClientEnds, driver_gives_the_client_up) {
    driver_->send(ResponseId::on_client_timeout, wire::ClientTimeout{aeron_->client_id() + 1});
    turn();
    EXPECT_FALSE(aeron_->is_closed()) << "that was another client";
    driver_->send(ResponseId::on_client_timeout, wire::ClientTimeout{aeron_->client_id()});
    expect_ended("client timeout from driver");
}

TEST_F(ClientEnds, conductor_is_not_run_for_too_long) {
    clock_.advance(11 * kNanosPerSecond);
    expect_ended("service interval exceeded: timeout=10s");
}

TEST_F(ClientEnds, heartbeat_counter_is_taken_away) {
    pass(kNanosPerSecond);
    EXPECT_THAT(driver_->counters().label(0), HasSubstr(" name=unit version=1.52.2 commit="));
    EXPECT_TRUE(driver_->counters().free(0));
    pass(kNanosPerSecond);
    expect_ended("unexpected close of heartbeat timestamp counter: 0");
}

TEST_F(ClientEnds, broadcast_is_lost) {
    for (int i = 0; i < 10'000; ++i) driver_->send_success(1'000'000);
    expect_ended("unable to keep up with broadcast");
}

TEST_F(ClientConductorTest, steps_of_the_wall_clock_kill_nobody) {
    auto counter = aeron_->add_counter(1000, {}, "a");
    clock_.step_wall_clock(3600 * kNanosPerSecond);
    pass(2 * kNanosPerSecond);
    clock_.step_wall_clock(-7200 * kNanosPerSecond);
    pass(15 * kNanosPerSecond);
    EXPECT_FALSE(aeron_->is_closed());
    EXPECT_THAT(errors_, IsEmpty());
}

TEST_F(ClientConductorTest, malformed_and_unknown_events_do_no_harm) {
    const std::array<std::byte, 4> few{};
    for (std::int32_t type = 0x0F00; type < 0x0F20; ++type) {
        driver_->transmitter().transmit(type, few);
    }
    // An image name that says it is longer than the record, and counters that do not exist.
    std::array<std::byte, 40> image{};
    store<std::int32_t>(image.data() + 28, INT32_MAX);
    driver_->transmitter().transmit(0x0F02, image);
    driver_->send(ResponseId::on_counter_ready, wire::CounterUpdate{1, INT32_MAX});
    driver_->send(ResponseId::on_unavailable_counter, wire::CounterUpdate{1, -5});
    turns(5);
    EXPECT_EQ(errors_.size(), 14U) << "the 13 that we know, and the image";
    EXPECT_NE(aeron_->add_publication("aeron:ipc", kStream), nullptr);
}

// ---- Connecting.

class ConnectTest : public testing::ClientFixture {};

TEST_F(ConnectTest, without_a_driver_it_says_what_it_waited_for) {
    auto ours = context();
    ours.aeron_directory += "-nowhere";
    try {
        static_cast<void>(Aeron::connect(ours, platform_));
        FAIL();
    } catch (const DriverTimeoutException& timeout) {
        EXPECT_THAT(timeout.what(), HasSubstr("-nowhere/cnc.dat"));
    }
}

TEST_F(ConnectTest, in_steps) {
    driver_->say_goodbye();
    AsyncConnect connecting(context(), platform_);
    EXPECT_EQ(connecting.poll(), nullptr);
    EXPECT_EQ(connecting.poll(), nullptr);
    driver_->heartbeat();
    clock_.advance(kNanosPerSecond);
    for (int i = 0; i < 10 && !aeron_; ++i) aeron_ = connecting.poll();
    ASSERT_NE(aeron_, nullptr);
    EXPECT_EQ(aeron_->client_id(), 1);
}

TEST_F(ConnectTest, settings_that_cannot_be) {
    auto ours = context();
    ours.client_name = std::string(101, 'x');
    EXPECT_THROW(AsyncConnect(ours, platform_), ConfigurationError);
    ours = context();
    ours.keepalive_interval_ns = 20 * kNanosPerSecond;
    EXPECT_THROW(static_cast<void>(Aeron::connect(ours, platform_)), ConfigurationError);
}

TEST_F(ConnectTest, asking_a_driver_to_end) {
    EXPECT_FALSE(request_driver_termination(platform_, "/nowhere", {}));
    EXPECT_TRUE(request_driver_termination(platform_, driver_->aeron_directory(), bytes("token")));
    const auto command = next(CommandId::terminate_driver);
    ASSERT_TRUE(command);
    EXPECT_EQ(as_text(command->as<wire::TerminateDriver>().token), "token");
}

}  // namespace
}  // namespace tern::client
