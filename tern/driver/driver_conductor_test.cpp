// What the conductor does over whole lives: of clients that die, of resources that come and go, of
// response channels, ports, ids and static counters (DRV-5 to DRV-15).

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <functional>

#include "tern/driver/testing/driver_world.hpp"
#include "tern/logbuffer/exclusive_appender.hpp"
#include "tern/memory/counter_types.hpp"

namespace tern::driver::testing {
namespace {

using memory::SystemCounter;
using ::testing::HasSubstr;
using wire::CommandId;
using wire::ResponseId;

constexpr std::int64_t kSecond = 1'000 * kMs;
const std::string kUdp = "aeron:udp?endpoint=localhost:24501";
const std::string kManual = "aeron:udp?control-mode=manual";

DriverContext impatient() {
    DriverContext context = DriverWorld::small_context();
    context.client_liveness_timeout_ns = 5 * kSecond;
    context.publication_unblock_timeout_ns = 6 * kSecond;
    context.publication_linger_timeout_ns = kSecond;
    context.image_liveness_timeout_ns = 2 * kSecond;
    return context;
}

// --- Clients ---------------------------------------------------------------------------------

class Clients : public ::testing::Test {
  protected:
    /// Everything that a client can have, one command each.
    std::vector<std::function<void()>> session() {
        return {
            [this] { publication_ = driver_.add_publication(kUdp); },
            [this] { driver_.add_publication(kUdp); },
            [this] { driver_.add_publication(kUdp, kStreamId, true); },
            [this] { driver_.add_publication("aeron:ipc"); },
            [this] { driver_.add_subscription(kUdp); },
            [this] { driver_.add_subscription("aeron:ipc"); },
            [this] { driver_.add_subscription("aeron-spy:" + kUdp); },
            [this] { publication_ = driver_.add_publication(kManual); },
            [this] {
                driver_.change_destination(CommandId::add_destination, publication_,
                                           "aeron:udp?endpoint=localhost:24502");
            },
            [this] { subscription_ = driver_.add_subscription(kManual); },
            [this] {
                driver_.change_destination(CommandId::add_rcv_destination, subscription_,
                                           "aeron:udp?endpoint=localhost:24502");
            },
            [this] {
                driver_.change_destination(CommandId::add_rcv_destination, subscription_,
                                           "aeron:ipc");
            },
            [this] {
                driver_.change_destination(CommandId::add_rcv_destination, subscription_,
                                           "aeron-spy:" + kUdp);
            },
            [this] {
                driver_.send(CommandId::add_counter,
                             wire::AddCounter{.type_id = 1001, .key = {}, .label = {}});
            },
            [this] {
                driver_.change_destination(CommandId::remove_rcv_destination, subscription_,
                                           "aeron:udp?endpoint=localhost:24502");
            },
            [this] { driver_.remove(CommandId::remove_publication, publication_); },
            [this] { driver_.remove(CommandId::remove_subscription, subscription_); },
        };
    }

    DriverWorld world_;
    TestDriver& driver_ = world_.start(impatient());
    std::int64_t publication_ = 0;
    std::int64_t subscription_ = 0;
};

TEST_F(Clients, that_die_after_any_command_leave_nothing) {
    const std::size_t counters = driver_.counter_count();
    const std::int64_t mapped = driver_[SystemCounter::bytes_currently_mapped];
    const std::size_t steps = session().size();
    for (std::size_t last = 0; last < steps; ++last) {
        SCOPED_TRACE(last);
        driver_.client_id = 2'000'000 + static_cast<std::int64_t>(last);
        const auto commands = session();
        for (std::size_t step = 0; step <= last; ++step) {
            commands[step]();
            // The last command is under way when the client dies: nothing waits for its answer.
            if (step < last) world_.pass(20 * kMs);
        }
        ASSERT_EQ(driver_.count(ResponseId::on_error), 0U);
        world_.pass(20 * kSecond, 50 * kMs);
        EXPECT_EQ(driver_.counter_count(), counters);
        EXPECT_EQ(driver_.log_count(), 0U);
        EXPECT_TRUE(world_.network.sockets.empty());
        EXPECT_EQ(driver_[SystemCounter::bytes_currently_mapped], mapped);
        EXPECT_EQ(driver_[SystemCounter::client_timeouts], static_cast<std::int64_t>(last) + 1);
        EXPECT_EQ(driver_.count(ResponseId::on_client_timeout), 1U);
        driver_.responses.clear();
    }
    EXPECT_EQ(driver_[SystemCounter::errors], 0) << driver_.error_log();
}

TEST_F(Clients, live_while_they_beat_and_go_without_a_word_when_closed) {
    driver_.add_subscription("aeron:ipc");
    for (int i = 0; i < 20; ++i) {
        driver_.keep_alive();
        world_.pass(kSecond);
    }
    EXPECT_EQ(driver_[SystemCounter::client_timeouts], 0);
    ASSERT_FALSE(driver_.responses.empty());
    EXPECT_EQ(driver_.responses[0].id, ResponseId::on_counter_ready) << "the heartbeat comes first";
    EXPECT_EQ(driver_.responses[1].id, ResponseId::on_subscription_ready);
    driver_.send_raw(static_cast<std::int32_t>(CommandId::client_close),
                     TestDriver::encoded(wire::ClientCommand{.client_id = driver_.client_id}));
    world_.pass(2 * kSecond);
    EXPECT_FALSE(driver_.counter_labelled("client-heartbeat"));
    EXPECT_EQ(driver_.count(ResponseId::on_client_timeout), 0U);
    EXPECT_EQ(driver_.count(ResponseId::on_unavailable_counter), 1U);
}

TEST_F(Clients, static_counters_outlive_them_and_are_found_again) {
    const auto add = [&] {
        driver_.responses.clear();
        driver_.send(CommandId::add_static_counter,
                     wire::AddStaticCounter{
                         .registration_id = 42, .type_id = 1002, .key = {}, .label = "mine"});
        world_.pass(5 * kMs, kMs);
        return driver_.find(ResponseId::on_static_counter)->as<wire::CounterUpdate>().counter_id;
    };
    const std::int32_t id = add();
    EXPECT_EQ(driver_.count(ResponseId::on_counter_ready), 1U) << "of the heartbeat only";
    world_.pass(20 * kSecond);  // the client dies
    EXPECT_EQ(driver_.counters().owner_id(id), -1);
    EXPECT_EQ(driver_.counters().registration_id(id), 42);
    driver_.client_id = 77;
    EXPECT_EQ(add(), id);
}

// --- Churn -----------------------------------------------------------------------------------

class Churn : public ::testing::Test {
  protected:
    static constexpr int kAtATime = 1'000;

    void add_and_remove_all() {
        std::vector<std::int64_t> publications, subscriptions;
        for (int i = 0; i < kAtATime; ++i) {
            const bool is_udp = i % 4 == 0;
            const std::string channel =
                is_udp ? fmt::format("aeron:udp?endpoint=localhost:{}|linger=0", 25'000 + i % 40)
                       : "aeron:ipc";
            publications.push_back(driver_.add_publication(channel, i, i % 3 == 0));
            subscriptions.push_back(driver_.add_subscription(channel, i));
            world_.cycle(0);
            world_.cycle(0);
        }
        for (const std::int64_t id : publications) {
            driver_.remove(CommandId::remove_publication, id);
            world_.cycle(0);
        }
        for (const std::int64_t id : subscriptions) {
            driver_.remove(CommandId::remove_subscription, id);
            world_.cycle(0);
        }
        for (int i = 0; i < 4; ++i) world_.cycle(0);  // one may have met padding of the ring
        EXPECT_EQ(driver_.count(ResponseId::on_error), 0U) << driver_.error_log();
        EXPECT_EQ(driver_.count(ResponseId::on_operation_success), 2U * kAtATime);
        driver_.responses.clear();
        world_.pass(6 * kSecond, 200 * kMs);  // drained, lingered, gone
    }
    struct Held {
        std::size_t counters, logs, sockets;
        std::int64_t mapped;
        friend bool operator==(const Held&, const Held&) = default;
    };
    [[nodiscard]] Held held() {
        return {driver_.counter_count(), driver_.log_count(), world_.network.sockets.size(),
                driver_[SystemCounter::bytes_currently_mapped]};
    }

    [[nodiscard]] static DriverContext roomy() {
        DriverContext context = DriverWorld::small_context();
        context.counters_values_buffer_length = 8 << 20;
        return context;
    }

    DriverWorld world_;
    TestDriver& driver_ = world_.start(roomy());
};

TEST_F(Churn, a_thousand_publications_and_subscriptions_a_hundred_times_leave_nothing) {
    driver_.send(CommandId::add_counter,
                 wire::AddCounter{.type_id = 1001, .key = {}, .label = {}});  // makes the client
    add_and_remove_all();
    driver_.responses.shrink_to_fit();
    const Held before = held();
    EXPECT_EQ(before.logs, 0U);
    EXPECT_EQ(before.sockets, 0U);
    for (int round = 1; round < 10; ++round) add_and_remove_all();  // tables grow to their size
    const std::size_t memory = mallinfo2().uordblks;
    for (int round = 10; round < 100; ++round) add_and_remove_all();
    EXPECT_EQ(held(), before);
    EXPECT_EQ(driver_[SystemCounter::errors], 0) << driver_.error_log();
    EXPECT_LT(mallinfo2().uordblks, memory + 64 * 1024);
}

// --- Ids, ports, tags --------------------------------------------------------------------------

class Conductor : public ::testing::Test {
  protected:
    template <typename T>
    T reply(ResponseId id) {
        world_.pass(5 * kMs, kMs);
        const Response* const response = driver_.find(id);
        EXPECT_NE(response, nullptr) << driver_.error_log();
        replies_.push_back(response == nullptr ? Response{} : *response);  // texts point into it
        driver_.responses.clear();
        return replies_.back().bytes.empty() ? T{} : replies_.back().as<T>();
    }
    wire::PublicationReady add_publication(std::string_view channel, std::int32_t stream) {
        driver_.add_publication(channel, stream);
        return reply<wire::PublicationReady>(ResponseId::on_publication_ready);
    }
    std::int32_t next_session_id(std::int32_t stream) {
        driver_.send(CommandId::get_next_available_session_id,
                     wire::GetNextAvailableSessionId{.stream_id = stream});
        return reply<wire::NextAvailableSessionId>(ResponseId::on_next_available_session_id)
            .session_id;
    }

    DriverWorld world_;
    TestDriver& driver_ = world_.start();
    std::vector<Response> replies_;
};

TEST_F(Conductor, next_session_ids_follow_each_other_and_skip_those_in_use) {
    const std::int32_t first = add_publication("aeron:ipc", 1).session_id;
    EXPECT_EQ(next_session_id(2), first + 1);
    EXPECT_EQ(next_session_id(2), first + 2);
    driver_.add_publication(fmt::format("aeron:ipc?session-id={}", first + 3), 2);
    driver_.add_publication(fmt::format("{}|session-id={}", kUdp, first + 4), 2);
    driver_.add_publication(fmt::format("{}|session-id={}", kUdp, first + 5), 3);
    world_.pass(10 * kMs, kMs);
    EXPECT_EQ(next_session_id(2), first + 5) << "in use on another stream only";
}

TEST_F(Conductor, reuse_returns_the_original_registration) {
    const auto original = add_publication(kUdp, 1);
    const auto shared = add_publication(kUdp + "|mtu=1408", 1);
    EXPECT_EQ(shared.registration_id, original.registration_id);
    EXPECT_NE(shared.correlation_id, original.correlation_id);
    EXPECT_EQ(shared.session_id, original.session_id);
    const auto other = add_publication(kUdp, 2);
    EXPECT_NE(other.registration_id, original.registration_id);
    EXPECT_EQ(other.channel_status_counter_id, original.channel_status_counter_id);
    // It lives until both are removed.
    driver_.remove(CommandId::remove_publication, original.correlation_id);
    world_.pass(10 * kSecond);
    EXPECT_EQ(driver_.log_count(), 2U);
    driver_.remove(CommandId::remove_publication, shared.correlation_id);
    world_.pass(10 * kSecond);
    EXPECT_EQ(driver_.log_count(), 1U);
}

TEST_F(Conductor, tag_of_a_network_publication_gives_its_session_to_others) {
    const auto tagged = add_publication(kUdp + "|tags=1,7|mtu=4096|term-length=128k", 1);
    const auto ipc = add_publication("aeron:ipc?session-id=tag:7", 1);
    EXPECT_EQ(ipc.session_id, tagged.session_id);
    const auto path = std::string(ipc.log_file_name);
    EXPECT_EQ(world_.platform.storage.file_size(path), 3 * 128 * 1024 + 4096);
    const auto by_tag = add_publication("aeron:udp?tags=1", 2);
    EXPECT_EQ(by_tag.channel_status_counter_id, tagged.channel_status_counter_id);
}

TEST_F(Conductor, terminate_asks_the_validator) {
    std::string asked;
    bool hooked = false;
    DriverContext context = DriverWorld::small_context();
    context.termination_validator = [&](ConstBytes token) {
        asked = as_text(token);
        return asked == "please";
    };
    context.termination_hook = [&] { hooked = true; };
    TestDriver& driver = world_.start(std::move(context));
    const auto terminate = [&](std::string_view token) {
        driver.send(CommandId::terminate_driver, wire::TerminateDriver{.token = as_bytes(token)});
        world_.pass(5 * kMs, kMs);
    };
    terminate("now");
    EXPECT_EQ(asked, "now");
    EXPECT_FALSE(hooked);
    terminate("please");
    EXPECT_TRUE(hooked);
    EXPECT_TRUE(driver.responses.empty());
    EXPECT_EQ(driver[SystemCounter::errors], 0);
}

TEST_F(Conductor, wildcard_ports_come_from_the_range_and_go_back) {
    DriverContext context = DriverWorld::small_context();
    context.receiver_wildcard_port_range = {20'700, 20'701};
    TestDriver& driver = world_.start(std::move(context));
    const auto subscribe = [&] {
        return driver.add_subscription("aeron:udp?endpoint=localhost:0");
    };
    const std::int64_t first = subscribe();
    subscribe();
    const std::int64_t refused = subscribe();
    world_.pass(10 * kMs, kMs);
    EXPECT_TRUE(
        driver.counter_labelled("rcv-channel: aeron:udp?endpoint=localhost:0 127.0.0.1:20700"));
    EXPECT_TRUE(
        driver.counter_labelled("rcv-channel: aeron:udp?endpoint=localhost:0 127.0.0.1:20701"));
    ASSERT_TRUE(driver.error_for(refused));
    EXPECT_THAT(std::string(driver.error_for(refused)->message),
                HasSubstr("no available ports in range 20700 20701"));
    driver.remove(CommandId::remove_subscription, first);
    world_.pass(10 * kMs, kMs);
    const std::int64_t again = subscribe();
    world_.pass(10 * kMs, kMs);
    EXPECT_FALSE(driver.error_for(again));
    EXPECT_TRUE(world_.network.sockets.contains("127.0.0.1:20700"));
}

// --- Setups ------------------------------------------------------------------------------------

wire::SetupFrame setup_of(std::int32_t session_id) {
    wire::SetupFrame setup;
    setup.session_id = session_id;
    setup.stream_id = kStreamId;
    setup.term_length = 64 * 1024;
    setup.mtu_length = 1408;
    return setup;
}

TEST_F(Conductor, forged_sessions_stop_at_the_limit_and_leave_again) {
    DriverContext context = impatient();
    context.client_liveness_timeout_ns = 3'000 * kSecond;
    context.publication_unblock_timeout_ns = 4'000 * kSecond;
    context.stream_session_limit = 50;
    TestDriver& driver = world_.start(std::move(context));
    driver.add_subscription(kUdp);
    world_.pass(5 * kMs, kMs);
    const std::size_t counters = driver.counter_count();
    for (std::int32_t session = 0; session < 5'000; ++session) {
        const auto frame = wire::encode(setup_of(session));
        SentDatagram sent;
        sent.from = platform::SocketAddress::ipv4({127, 0, 0, 9}, 9999);
        sent.to = platform::SocketAddress::ipv4({127, 0, 0, 1}, 24501);
        sent.bytes.assign(frame.bytes().begin(), frame.bytes().end());
        world_.network.deliver(std::move(sent));
        if (session % 16 == 15) world_.cycle(kMs / 10);
        ASSERT_LE(driver.log_count(), 50U);
    }
    EXPECT_EQ(driver.log_count(), 50U);
    EXPECT_THAT(driver.error_log(), HasSubstr("exceeded session limit, stream-id=1001"));
    world_.pass(15 * kSecond);
    EXPECT_EQ(driver.log_count(), 0U);
    EXPECT_EQ(driver.counter_count(), counters);
}

TEST_F(Conductor, setup_that_does_not_fit_the_window_is_told_of) {
    driver_.add_subscription(kUdp + "|rcv-wnd=4k");
    world_.pass(5 * kMs, kMs);
    wire::SetupFrame setup = setup_of(1);
    setup.mtu_length = 8192;
    const auto frame = wire::encode(setup);
    SentDatagram sent;
    sent.from = platform::SocketAddress::ipv4({127, 0, 0, 9}, 9999);
    sent.to = platform::SocketAddress::ipv4({127, 0, 0, 1}, 24501);
    sent.bytes.assign(frame.bytes().begin(), frame.bytes().end());
    world_.network.deliver(std::move(sent));
    world_.pass(5 * kMs, kMs);
    EXPECT_THAT(driver_.error_log(), HasSubstr("mtuLength=8192 > initialWindowLength=4096"));
    EXPECT_EQ(driver_.log_count(), 0U);
}

// --- Response channels ---------------------------------------------------------------------------

class Responses : public Conductor {
  protected:
    [[nodiscard]] std::optional<wire::ImageReady> image_of(TestDriver& driver,
                                                           std::int64_t subscription) {
        for (const Response& response : driver.responses) {
            if (response.id != ResponseId::on_available_image) continue;
            const auto image = response.as<wire::ImageReady>();
            if (image.subscription_registration_id == subscription) return image;
        }
        return std::nullopt;
    }
};

TEST_F(Responses, find_the_requester_over_udp) {
    TestDriver& requester = driver_;
    TestDriver& responder = world_.start();
    const std::string control = "aeron:udp?control-mode=response|control=localhost:24510";
    const std::int64_t answers = requester.add_subscription(control, 11);
    const std::int64_t requests = responder.add_subscription(kUdp, 10);
    world_.pass(10 * kMs, kMs);
    requester.add_publication(fmt::format("{}|response-correlation-id={}", kUdp, answers), 10,
                              true);
    ASSERT_TRUE(world_.run_until([&] { return image_of(responder, requests).has_value(); }));
    const std::int64_t image = image_of(responder, requests)->correlation_id;

    const std::string answering = fmt::format("{}|response-correlation-id={}", control, image);
    responder.add_publication(answering, 11);
    ASSERT_TRUE(world_.run_until([&] { return image_of(requester, answers).has_value(); }))
        << requester.error_log() << responder.error_log();
    const auto ready =
        responder.find(ResponseId::on_publication_ready)->as<wire::PublicationReady>();
    EXPECT_EQ(image_of(requester, answers)->session_id, ready.session_id);
    // RSP_SETUP ends once the publication has its receiver.
    world_.pass(2 * kSecond);
    world_.network.keep_sent = true;
    world_.pass(2 * kSecond);
    for (const SentDatagram& sent : world_.network.sent) {
        EXPECT_NE(wire::decode_frame_header(sent.bytes)->type, wire::kResponseSetupFrameType);
    }
    EXPECT_EQ(requester[SystemCounter::errors], 0) << requester.error_log();
    EXPECT_EQ(responder[SystemCounter::errors], 0) << responder.error_log();
}

TEST_F(Responses, refuse_an_image_that_did_not_ask) {
    const std::int64_t requests = driver_.add_subscription(kUdp, 10);
    driver_.add_publication(kUdp, 10);
    ASSERT_TRUE(world_.run_until([&] { return image_of(driver_, requests).has_value(); }));
    const std::int64_t image = image_of(driver_, requests)->correlation_id;
    const std::int64_t refused = driver_.add_publication(
        fmt::format("aeron:udp?control-mode=response|control=localhost:24510|"
                    "response-correlation-id={}",
                    image),
        11);
    world_.pass(10 * kMs, kMs);
    ASSERT_TRUE(driver_.error_for(refused));
    EXPECT_THAT(
        std::string(driver_.error_for(refused)->message),
        HasSubstr(fmt::format("image.correlationId={} did not request a response channel", image)));
}

TEST_F(Responses, prototype_needs_no_image_and_little_room) {
    const auto ready = add_publication(
        "aeron:udp?control-mode=response|control=localhost:24510|"
        "response-correlation-id=prototype|term-length=1m",
        11);
    EXPECT_EQ(world_.platform.storage.file_size(std::string(ready.log_file_name)),
              3 * 64 * 1024 + 4096);
}

TEST_F(Responses, find_the_requester_over_ipc) {
    const std::int64_t answers = driver_.add_subscription("aeron:ipc?control-mode=response", 11);
    driver_.add_publication("aeron:ipc", 11);  // somebody else's stream
    const std::int64_t request =
        driver_.add_publication(fmt::format("aeron:ipc?response-correlation-id={}", answers), 10);
    world_.pass(10 * kMs, kMs);
    EXPECT_FALSE(image_of(driver_, answers));
    driver_.responses.clear();
    driver_.add_publication(fmt::format("aeron:ipc?response-correlation-id={}", request), 11);
    world_.pass(10 * kMs, kMs);
    ASSERT_TRUE(image_of(driver_, answers));
    const auto ready = driver_.find(ResponseId::on_publication_ready)->as<wire::PublicationReady>();
    EXPECT_EQ(image_of(driver_, answers)->session_id, ready.session_id);
}

// --- Rejection, revocation ---------------------------------------------------------------------

TEST_F(Conductor, rejected_ipc_images_come_back_after_the_cool_down) {
    TestDriver& driver = world_.start(impatient());
    driver.add_subscription("aeron:ipc");
    const std::int64_t id = driver.add_publication("aeron:ipc");
    world_.pass(10 * kMs, kMs);
    ASSERT_EQ(driver.count(ResponseId::on_available_image), 1U);
    driver.send(CommandId::reject_image,
                wire::RejectImage{.image_correlation_id = id, .reason = "not today"});
    world_.pass(10 * kMs, kMs);
    EXPECT_EQ(driver.count(ResponseId::on_unavailable_image), 1U);
    const auto error =
        driver.find(ResponseId::on_publication_error)->as<wire::PublicationErrorResponse>();
    EXPECT_EQ(error.error_code, 13);
    EXPECT_EQ(error.message, "not today");
    EXPECT_EQ(driver[SystemCounter::images_rejected], 1);
    EXPECT_EQ(driver[SystemCounter::errors], 1);
    EXPECT_THAT(driver.error_log(), HasSubstr("onPublicationError: registrationId="));
    for (int i = 0; i < 5; ++i) {
        driver.keep_alive();
        world_.pass(kSecond);
    }
    EXPECT_EQ(driver.count(ResponseId::on_available_image), 2U);
}

TEST_F(Conductor, revoked_publication_ends_at_once_for_all) {
    driver_.add_subscription("aeron:ipc");
    const std::int64_t id = driver_.add_publication("aeron:ipc");
    const std::int64_t second = driver_.add_publication("aeron:ipc");
    world_.pass(10 * kMs, kMs);
    driver_.send(
        CommandId::remove_publication,
        wire::RemovePublication{.registration_id = id, .flags = wire::RemovePublication::kRevoke});
    world_.pass(3 * kSecond);
    EXPECT_EQ(driver_.count(ResponseId::on_unavailable_image), 1U);
    EXPECT_EQ(driver_[SystemCounter::publications_revoked], 1);
    EXPECT_EQ(driver_.log_count(), 1U) << "the second add still holds it";
    driver_.remove(CommandId::remove_publication, second);
    world_.pass(3 * kSecond);
    EXPECT_EQ(driver_.log_count(), 0U);
}

}  // namespace
}  // namespace tern::driver::testing
