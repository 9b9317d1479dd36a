// Receiving: several paths for one stream, which sessions are listened to, and response channels.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tern/driver/testing/pair.hpp"

namespace tern::driver::testing {
namespace {

using memory::SystemCounter;
using platform::SocketAddress;

std::uint16_t type_of(const SentDatagram& datagram) {
    return wire::decode_frame_header(datagram.bytes)->type;
}

std::int64_t count_sent(const Pair& pair, std::uint16_t type, const SocketAddress& to = {}) {
    return std::ranges::count_if(pair.world.network.sent, [&](const SentDatagram& datagram) {
        return type_of(datagram) == type && (to.empty() || datagram.to == to);
    });
}

std::vector<std::byte> message_of(std::uint32_t number) {
    std::vector<std::byte> message(200);
    store(message.data(), number);
    return message;
}

void publish_and_read(Pair& pair, std::uint32_t count) {
    const std::size_t before = pair.messages.size();
    for (std::uint32_t i = 0; i < count; ++i) pair.publish(message_of(i));
    ASSERT_TRUE(pair.run_until([&] {
        pair.consume();
        return pair.subscriber_position == pair.publication->producer_position();
    }));
    ASSERT_EQ(pair.messages.size(), before + count) << "each once";
    for (std::uint32_t i = 0; i < count; ++i) {
        ASSERT_EQ(pair.messages[before + i], message_of(i));
    }
}

/// A publication that sends over two paths, and a subscription that listens on both.
class TwoPaths : public ::testing::Test {
  protected:
    void SetUp() override {
        for (const auto& address : {first, second}) {
            pair.sender.on_add_destination(pair.send_endpoint, address, address.to_string(), 1);
        }
    }
    ReceiveDestination& listen(const SocketAddress& address, std::string_view more = {}) {
        const std::string uri = "aeron:udp?endpoint=" + address.to_string() + std::string(more);
        ReceiveDestination& added = pair.receive_endpoint.open_destination(
            channel_of(pair.world.network, uri), address.port());
        pair.receiver.on_add_destination(pair.receive_endpoint, added);
        return added;
    }
    std::int32_t paths() { return pair.image_log->view.metadata().active_transport_count(); }

    const SocketAddress first = SocketAddress::ipv4({127, 0, 0, 1}, 24'401);
    const SocketAddress second = SocketAddress::ipv4({127, 0, 0, 1}, 24'402);
    Pair pair{{.publication_uri = "aeron:udp?control-mode=manual|control=127.0.0.1:24500",
               .subscription_uri = "aeron:udp?control-mode=manual"}};
};

TEST_F(TwoPaths, what_one_path_loses_the_other_brings) {
    listen(first);
    listen(second);
    ASSERT_TRUE(pair.connect());
    pair.world.network.drop = [&](const SentDatagram& datagram) {
        if (type_of(datagram) != wire::kDataFrameType) return false;
        const auto term_offset = load<std::int32_t>(datagram.bytes.data() + 8);
        return datagram.to == (term_offset / 256 % 2 == 0 ? first : second);
    };
    publish_and_read(pair, 500);
    EXPECT_EQ(pair.world.counters[SystemCounter::retransmits_sent], 0);
    EXPECT_EQ(paths(), 2);
}

TEST_F(TwoPaths, both_are_answered_and_a_removed_one_no_more) {
    ReceiveDestination& removed = listen(first);
    listen(second);
    ASSERT_TRUE(pair.connect());
    publish_and_read(pair, 10);
    pair.run(30, 100 * kMs);
    EXPECT_EQ(paths(), 2);
    pair.receiver.on_remove_destination(pair.receive_endpoint, removed);
    EXPECT_EQ(paths(), 1);
    pair.receive_endpoint.close_destination(removed);
    pair.world.network.sent.clear();
    publish_and_read(pair, 10);
    pair.run(30, 100 * kMs);
    EXPECT_TRUE(std::ranges::none_of(pair.world.network.sent, [&](const SentDatagram& datagram) {
        return datagram.from == first;
    }));
    EXPECT_TRUE(pair.publication_log.view.metadata().is_connected());
}

TEST_F(TwoPaths, a_path_that_goes_silent_is_counted_out_and_the_stream_lives) {
    listen(first);
    listen(second);
    ASSERT_TRUE(pair.connect());
    publish_and_read(pair, 10);
    pair.world.network.drop = [&](const SentDatagram& datagram) { return datagram.to == first; };
    pair.run(120, 100 * kMs);
    EXPECT_EQ(paths(), 1);
    EXPECT_EQ(pair.image->state(), ImageState::active);
    publish_and_read(pair, 10);
}

TEST_F(TwoPaths, the_stream_ends_when_it_has_ended_on_every_path) {
    listen(first);
    listen(second);
    ASSERT_TRUE(pair.connect());
    publish_and_read(pair, 10);
    pair.world.network.drop = [&](const SentDatagram& datagram) { return datagram.to == second; };
    pair.publication->release_reference(pair.world.clock.now_ns);
    pair.run(20, 100 * kMs);
    EXPECT_FALSE(pair.image->is_end_of_stream());
    pair.world.network.drop = {};
    pair.run(5, 100 * kMs);
    EXPECT_TRUE(pair.image->is_end_of_stream());
}

TEST_F(TwoPaths, a_path_with_a_control_address_asks_there_for_streams_every_second) {
    const auto control = SocketAddress::ipv4({127, 0, 0, 1}, 24'600);
    pair.world.network.sent.clear();
    ReceiveDestination& path = listen(first, "|control=127.0.0.1:24600");
    ASSERT_EQ(count_sent(pair, wire::kStatusMessageFrameType, control), 1) << "at once";
    const auto asked = wire::decode_status_message(pair.world.network.sent.front().bytes);
    EXPECT_EQ(asked->flags, wire::status_flags::kSendSetup);
    EXPECT_EQ(asked->session_id, 0);
    EXPECT_EQ(asked->stream_id, 0);
    EXPECT_EQ(asked->receiver_id, 77);
    pair.world.network.drop = [](const SentDatagram&) { return true; };
    pair.run(35, 100 * kMs);
    EXPECT_EQ(count_sent(pair, wire::kStatusMessageFrameType, control), 4);
    pair.receiver.on_remove_destination(pair.receive_endpoint, path);
    pair.run(35, 100 * kMs);
    EXPECT_EQ(count_sent(pair, wire::kStatusMessageFrameType, control), 4);
}

// Sessions --------------------------------------------------------------------------------------

TEST(Sessions, nobody_asks_for_a_stream_that_nobody_subscribed_to) {
    Pair pair;
    pair.receiver.on_remove_subscription(pair.receive_endpoint, kStreamId);
    pair.run(30, 100 * kMs);
    EXPECT_TRUE(pair.world.requests.images.empty());
    EXPECT_EQ(count_sent(pair, wire::kStatusMessageFrameType), 0);
    pair.receiver.on_add_subscription(pair.receive_endpoint, kStreamId);
    EXPECT_TRUE(pair.connect());
}

TEST(Sessions, a_subscription_of_one_session_gets_that_one_only) {
    Pair pair;
    pair.receiver.on_remove_subscription(pair.receive_endpoint, kStreamId);
    pair.receiver.on_add_subscription(pair.receive_endpoint, kStreamId, kSessionId + 1);
    pair.run(30, 100 * kMs);
    EXPECT_EQ(pair.image, nullptr);
    pair.receiver.on_add_subscription(pair.receive_endpoint, kStreamId, kSessionId);
    EXPECT_TRUE(pair.connect());
    pair.receiver.on_remove_subscription(pair.receive_endpoint, kStreamId, kSessionId);
    const auto before = pair.image_counters.receiver_high_water_mark.get();
    ASSERT_GT(pair.appender.append(INT64_MAX, message_of(1)), 0);
    pair.run(10);
    EXPECT_EQ(pair.image_counters.receiver_high_water_mark.get(), before);
}

TEST(Sessions, an_image_that_went_without_its_end_cools_down_until_the_conductor_says_so) {
    Pair pair;
    ASSERT_TRUE(pair.connect());
    pair.receiver.on_remove_image(*pair.image);
    pair.world.network.sent.clear();
    pair.run(30, 100 * kMs);
    EXPECT_EQ(count_sent(pair, wire::kStatusMessageFrameType), 0);
    pair.image.reset();
    pair.receiver.on_remove_cool_down(pair.receive_endpoint, kStreamId, kSessionId);
    EXPECT_TRUE(pair.connect());
}

TEST(Sessions, an_image_that_the_conductor_could_not_make_is_asked_for_again) {
    Pair pair;
    ASSERT_TRUE(pair.run_until([&] { return !pair.world.requests.images.empty(); }));
    pair.world.requests.images.clear();
    pair.run(5, 100 * kMs);
    EXPECT_EQ(pair.image, nullptr) << "it is being made, as far as the receiver knows";
    pair.receiver.on_remove_init_in_progress(pair.receive_endpoint, kStreamId, kSessionId);
    EXPECT_TRUE(pair.connect());
}

TEST(Sessions, beyond_the_limit_of_a_stream_no_image_is_asked_for) {
    Pair pair({.session_limit = 1});
    ASSERT_TRUE(pair.connect());
    wire::SetupFrame setup;
    setup.session_id = 5;
    setup.stream_id = kStreamId;
    setup.term_length = 65'536;
    setup.mtu_length = 1'408;
    const auto send_setup = [&] {
        pair.receive_endpoint.on_datagram(
            *pair.receive_endpoint.destinations().front(), wire::encode(setup).bytes(),
            SocketAddress::ipv4({127, 0, 0, 1}, 9), pair.world.clock.now_ns, pair.world.requests);
    };
    send_setup();
    EXPECT_TRUE(pair.world.requests.images.empty());
    EXPECT_THAT(
        pair.world.errors,
        ::testing::ElementsAre(::testing::HasSubstr("exceeded session limit, stream-id=1001")));
    setup.stream_id = kStreamId + 1;
    pair.receiver.on_add_subscription(pair.receive_endpoint, kStreamId + 1);
    send_setup();
    EXPECT_EQ(pair.world.requests.images.size(), 1U) << "it is counted by stream";
}

TEST(Sessions, answers_that_may_not_get_as_far_as_the_stream_came_are_counted) {
    World world;
    world.network.interface_list = {{.name = "eth0",
                                     .index = 2,
                                     .address = SocketAddress::ipv4({127, 0, 0, 1}, 0),
                                     .prefix_length = 8,
                                     .loopback = false,
                                     .multicast = true,
                                     .up = true}};
    for (const auto& [parameters, is_counted] :
         {std::pair{"", true}, std::pair{"|ttl=4", true}, std::pair{"|ttl=5", false}}) {
        const std::int64_t before = world.counters[SystemCounter::possible_ttl_asymmetry];
        ReceiveChannelEndpoint endpoint(
            {.channel = channel_of(
                 world.network, "aeron:udp?endpoint=224.20.30.39:24700" + std::string(parameters))},
            world.network, world.counters.system, world.on_error);
        endpoint.activate(world.clock.now_ns);
        endpoint.add_subscription(kStreamId);
        const auto arrive = [&](ConstBytes datagram) {
            endpoint.on_datagram(*endpoint.destinations().front(), datagram,
                                 SocketAddress::ipv4({127, 0, 0, 1}, 9), world.clock.now_ns,
                                 world.requests);
        };
        wire::DataHeader heartbeat{};
        heartbeat.type = wire::kDataFrameType;
        heartbeat.session_id = kSessionId;
        heartbeat.stream_id = kStreamId;
        arrive(std::as_bytes(std::span(&heartbeat, 1)));  // elicits the SETUP
        wire::SetupFrame setup;
        setup.session_id = kSessionId;
        setup.stream_id = kStreamId;
        setup.term_length = 65'536;
        setup.mtu_length = 1'408;
        setup.ttl = 5;
        arrive(wire::encode(setup).bytes());
        EXPECT_EQ(world.counters[SystemCounter::possible_ttl_asymmetry], before + is_counted)
            << parameters;
    }
}

// Response channels -----------------------------------------------------------------------------

TEST(ResponseChannels, a_request_asks_for_a_response_and_is_told_its_session) {
    Pair pair({.response_correlation_id = 42});
    ASSERT_TRUE(pair.connect());
    EXPECT_TRUE(pair.image->params().is_response_requested);
    pair.run(10, 100 * kMs);
    EXPECT_TRUE(pair.world.requests.response_sessions.empty());
    pair.image->set_response_session_id(-99);
    pair.run(10, 100 * kMs);
    EXPECT_GE(pair.world.requests.response_sessions.size(), 3U) << "with each status message";
    EXPECT_EQ(pair.world.requests.response_sessions.front(), -99);
    pair.image->set_response_session_id(std::nullopt);
    pair.run(2, 100 * kMs);
    pair.world.requests.response_sessions.clear();
    pair.run(10, 100 * kMs);
    EXPECT_TRUE(pair.world.requests.response_sessions.empty());
}

TEST(ResponseChannels, a_response_goes_to_whoever_asked_for_its_setup) {
    Pair pair({.publication_uri = "aeron:udp?control-mode=response|control=127.0.0.1:24500",
               .is_response = true,
               .response_correlation_id = 43});
    pair.run(10, 100 * kMs);
    EXPECT_EQ(count_sent(pair, wire::kSetupFrameType), 0) << "nobody to send to yet";
    const wire::StatusMessage ask{.flags = wire::status_flags::kSendSetup,
                                  .session_id = kSessionId,
                                  .stream_id = kStreamId,
                                  .receiver_id = 77};
    pair.send_endpoint.on_control_datagram(wire::encode(ask).bytes(),
                                           SocketAddress::ipv4({127, 0, 0, 1}, 24'401),
                                           pair.world.clock.now_ns, pair.world.requests);
    ASSERT_TRUE(pair.connect());
    EXPECT_FALSE(pair.image->params().is_response_requested) << "a response asks for none";
    publish_and_read(pair, 20);
    EXPECT_EQ(pair.world.requests.connected, 1);
}

}  // namespace
}  // namespace tern::driver::testing
