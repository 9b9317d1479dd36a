// Every kind of UDP channel between two drivers, over the machine's real sockets.
#include <gmock/gmock.h>

#include "tern/wire/udp_frames.hpp"
#include "tests/data_path/host.hpp"

namespace tern::data_path {
namespace {

using client::RegistrationException;
using memory::SystemCounter;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
namespace type = memory::counter_type;

class Channels : public Hosts {
  protected:
    void SetUp() override {
        here = &start();
        there = &start();
    }
    std::unique_ptr<client::ExclusivePublication> publish(const std::string& channel) {
        return here->aeron().add_exclusive_publication(channel, kStream);
    }

    Host* here = nullptr;   ///< publishes
    Host* there = nullptr;  ///< subscribes
};

TEST_F(Channels, Unicast) {
    const std::string channel = "aeron:udp?endpoint=" + free_endpoint();
    Reader& reader = subscribe(*there, channel);
    const auto publication = publish(channel);
    flow(*publication, {&reader});
    EXPECT_TRUE(reader.image()->source_identity().starts_with("127.0.0.1:"));
    EXPECT_EQ(there->counter(type::kReceiveChannelStatus, "rcv-channel: "), 1);
    EXPECT_EQ(here->counter(type::kSendChannelStatus, "snd-channel: "), 1);
}

TEST_F(Channels, ADriverOfAnyCountersLengthHasClients) {
    driver::DriverContext context = quick_driver();
    context.counters_values_buffer_length = (1 << 20) + 1;
    Host& host = start(context);
    const std::string channel = "aeron:udp?endpoint=" + free_endpoint();
    Reader& reader = subscribe(host, channel);
    flow(*publish(channel), {&reader});
}

TEST_F(Channels, UnicastOverIpv6) {
    const std::string channel = "aeron:udp?endpoint=[::1]:" + free_port();
    Reader& reader = subscribe(*there, channel);
    const auto publication = publish(channel);
    flow(*publication, {&reader});
    EXPECT_TRUE(reader.image()->source_identity().starts_with("[::1]:"));
}

TEST_F(Channels, MulticastReachesEveryHostOfTheGroup) {
    const std::string channel =
        "aeron:udp?endpoint=224.20.30.39:" + free_port() + "|interface=127.0.0.1|ttl=4";
    Reader& near = subscribe(*here, channel);
    Reader& far = subscribe(*there, channel);
    const auto publication = publish(channel);
    await_connected(*publication, {&near, &far});
    flow(*publication, {&near, &far});
    EXPECT_EQ((*there)[SystemCounter::possible_ttl_asymmetry], 0);
}

TEST_F(Channels, MulticastWithAShorterWayBackIsNoticed) {
    const std::string group = "aeron:udp?endpoint=224.20.30.41:" + free_port();
    const auto publication = publish(group + "|interface=127.0.0.1|ttl=8");
    Reader& first = subscribe(*here, group + "|interface=127.0.0.1|ttl=8");
    await_connected(*publication, {&first});
    Reader& late = subscribe(*there, group + "|interface=127.0.0.1|ttl=2");
    await_connected(*publication, {&first, &late});
    flow(*publication, {&late, &first});
    EXPECT_EQ((*there)[SystemCounter::possible_ttl_asymmetry], 1);
    EXPECT_EQ((*here)[SystemCounter::possible_ttl_asymmetry], 0);
}

TEST_F(Channels, MulticastOverIpv6) {
    const auto interfaces = platform_.network.interfaces();
    const auto found = std::ranges::find_if(interfaces, [](const auto& each) {
        return each.up && each.multicast && !each.loopback &&
               each.address.family() == platform::SocketAddress::Family::ipv6;
    });
    if (found == interfaces.end()) GTEST_SKIP() << "no interface for IPv6 multicast";
    const std::string channel =
        "aeron:udp?endpoint=[ff05::39]:" + free_port() + "|interface={" + found->name + "}|ttl=1";
    Reader& near = subscribe(*here, channel);
    Reader& far = subscribe(*there, channel);
    const auto publication = publish(channel);
    await_connected(*publication, {&near, &far});
    flow(*publication, {&near, &far});
}

TEST_F(Channels, ManualDestinationsComeAndGo) {
    const std::string first = "aeron:udp?endpoint=" + free_endpoint();
    const std::string second = "aeron:udp?endpoint=" + free_endpoint();
    Reader& near = subscribe(*here, first);
    Reader& far = subscribe(*there, second);
    const auto publication = publish("aeron:udp?control-mode=manual");
    EXPECT_EQ(here->counter(type::kMdcDestinations), 0);
    static_cast<void>(publication->add_destination(first));
    const std::int64_t id = publication->add_destination(second);
    EXPECT_EQ(here->counter(type::kMdcDestinations), 2);
    await_connected(*publication, {&near, &far});
    flow(*publication, {&near, &far});
    publication->remove_destination(id);
    EXPECT_EQ(here->counter(type::kMdcDestinations), 1);
    await([&] { return !far.subscription().is_connected(); }, "its image to end");
    flow(*publication, {&near});
    publication->remove_destination(first);
    await([&] { return !publication->is_connected(); }, "nobody to be left");
}

TEST_F(Channels, DynamicDestinationsComeByThemselvesAndLeaveByThemselves) {
    const std::string control = free_endpoint();
    const auto publication = publish("aeron:udp?control-mode=dynamic|control=" + control);
    const auto receiver = [&] {
        return "aeron:udp?control=" + control + "|endpoint=" + free_endpoint();
    };
    Reader& near = subscribe(*here, receiver());
    Reader& far = subscribe(*there, receiver());
    await_connected(*publication, {&near, &far});
    EXPECT_EQ(here->counter(type::kMdcDestinations), 2);
    flow(*publication, {&near, &far});
    far.close();
    await([&] { return here->counter(type::kMdcDestinations) == 1; }, "one to expire");
    EXPECT_TRUE(publication->is_connected());
    flow(*publication, {&near});
}

TEST_F(Channels, ASubscriptionOfSeveralPathsReadsEachStreamOnce) {
    const std::string first = "aeron:udp?endpoint=" + free_endpoint();
    const std::string second = "aeron:udp?endpoint=" + free_endpoint();
    const auto publication = publish("aeron:udp?control-mode=manual");
    static_cast<void>(publication->add_destination(first));
    static_cast<void>(publication->add_destination(second));
    Reader& reader = subscribe(*there, "aeron:udp?control-mode=manual");
    reader.subscription().add_destination(first);
    reader.subscription().add_destination(second);
    await_connected(*publication, {&reader});
    flow(*publication, {&reader});
    await([&] { return reader.image()->active_transport_count() == 2; }, "both paths");
    EXPECT_EQ(reader.subscription().image_count(), 1U);
    EXPECT_EQ(reader.subscription().local_socket_addresses().size(), 2U);
    reader.subscription().remove_destination(first);
    await([&] { return reader.image()->active_transport_count() == 1; }, "one path");
    flow(*publication, {&reader});
    EXPECT_EQ(reader.subscription().local_socket_addresses().size(), 1U);
}

TEST_F(Channels, ASubscriptionOfSeveralPathsTakesIpcAndSpiesToo) {
    const std::string network = "aeron:udp?ssc=true|endpoint=" + free_endpoint();
    Reader& reader = subscribe(*here, "aeron:udp?control-mode=manual");
    reader.subscription().add_destination("aeron-spy:" + network);
    const auto publication = publish(network);
    await_connected(*publication, {&reader});
    flow(*publication, {&reader});
    reader.subscription().remove_destination("aeron-spy:" + network);
    await([&] { return reader.subscription().has_no_images(); }, "the spy's image to go");
    reader.subscription().add_destination("aeron:ipc");
    const auto ipc = publish("aeron:ipc");
    await([&] { return reader.subscription().image_count() == 1; }, "the IPC image");
}

TEST_F(Channels, ASpyReadsWhatIsSentAndSimulatesAReceiverOnlyWhenAsked) {
    const std::string plain = "aeron:udp?endpoint=" + free_endpoint();
    const auto alone = publish(plain);
    Reader& spy = subscribe(*here, "aeron-spy:" + plain);
    await([&] { return spy.subscription().is_connected(); }, "the spy's image");
    EXPECT_FALSE(alone->is_connected());
    Reader& receiver = subscribe(*there, plain);
    await_connected(*alone, {&receiver});
    flow(*alone, {&spy, &receiver});

    const std::string simulating = "aeron:udp?ssc=true|endpoint=" + free_endpoint();
    const auto simulated = publish(simulating);
    Reader& only = subscribe(*here, "aeron-spy:" + simulating);
    await_connected(*simulated, {&only});
    flow(*simulated, {&only}, 2'000);  // far beyond the window
    const std::string counter = "snd-pos: " + std::to_string(simulated->registration_id()) + " ";
    await([&] { return here->counter(type::kSenderPosition, counter) == simulated->position(); },
          "the sender to follow its spy");
    only.close();
    await([&] { return !simulated->is_connected(); }, "the spy to be missed");
}

TEST_F(Channels, AGroupIsConnectedOnceItIsCompleteAndGoesAtItsSlowestMembersPace) {
    const std::string control = free_endpoint();
    const auto publication =
        publish("aeron:udp?control-mode=dynamic|control=" + control + "|fc=min,g:/2,t:2s");
    const auto receiver = [&] {
        return "aeron:udp?control=" + control + "|endpoint=" + free_endpoint();
    };
    Reader& near = subscribe(*here, receiver());
    await([&] { return near.subscription().is_connected(); }, "the first member's image");
    pass(100 * kNanosPerMilli);
    EXPECT_FALSE(publication->is_connected());
    EXPECT_EQ(here->counter(type::kFlowControlReceivers), 1);
    Reader& far = subscribe(*there, receiver());
    await_connected(*publication, {&near, &far});
    EXPECT_EQ(here->counter(type::kFlowControlReceivers), 2);
    flow(*publication, {&near, &far});

    std::int64_t offered = 0;
    const auto offer_all = [&] {
        while (publication->offer(std::vector<std::byte>(1'000)) > 0) offered += 1'056;
        return false;
    };
    const std::int64_t start_ns = platform_.clock.nano_time();
    await([&] { return offer_all() || platform_.clock.nano_time() > start_ns + kNanosPerSecond; },
          "a second");
    EXPECT_LE(here->counter(type::kSenderPosition), publication->position());
    EXPECT_LT(offered, 2 * (256 << 10)) << "nobody reads";
    far.close();
    await([&] { return !publication->is_connected(); }, "the group to be incomplete");
}

TEST_F(Channels, OfATaggedGroupOnlyTaggedMembersAreWaitedFor) {
    const std::string control = free_endpoint();
    const auto publication =
        publish("aeron:udp?control-mode=dynamic|control=" + control + "|fc=tagged,g:55/1,t:2s");
    const auto receiver = [&](const std::string& more) {
        return "aeron:udp?control=" + control + "|endpoint=" + free_endpoint() + more;
    };
    Reader& other = subscribe(*there, receiver("|gtag=56"));
    await([&] { return other.subscription().is_connected(); }, "an image");
    pass(100 * kNanosPerMilli);
    EXPECT_FALSE(publication->is_connected());
    Reader& tagged = subscribe(*there, receiver("|gtag=55"));
    await_connected(*publication, {&tagged});
    EXPECT_EQ(here->counter(type::kFlowControlReceivers), 1);
    flow(*publication, {&tagged}, 1'000);  // the other one does not read
}

TEST_F(Channels, ARejectedImageEndsAndThePublisherLearnsWhy) {
    const std::string channel = "aeron:udp?endpoint=" + free_endpoint();
    Reader& reader = subscribe(*there, channel);
    const auto publication = publish(channel);
    await_connected(*publication, {&reader});
    static_cast<void>(reader.image()->reject("not today"));
    await([&] { return !here->rejections.empty(); }, "the reason");
    EXPECT_EQ(here->rejections.front(), "not today");
    EXPECT_GT((*here)[SystemCounter::error_frames_received], 0);
    EXPECT_GT((*there)[SystemCounter::error_frames_sent], 0);
    EXPECT_EQ((*there)[SystemCounter::images_rejected], 1);
    await([&] { return !publication->is_connected(); }, "the publisher to notice");
    await([&] { return reader.subscription().has_no_images(); }, "the image to end");
    await_connected(*publication, {&reader});  // the session may come again
    flow(*publication, {&reader});
}

TEST_F(Channels, ARevokedPublicationEndsItsImageAtOnce) {
    const std::string channel = "aeron:udp?endpoint=" + free_endpoint();
    Reader& reader = subscribe(*there, channel);
    const auto publication = publish(channel);
    flow(*publication, {&reader}, 20);
    const auto image = reader.image();
    publication->revoke();
    await([&] { return image->is_closed(); }, "the image to end");
    EXPECT_TRUE(image->is_publication_revoked());
    EXPECT_EQ((*here)[SystemCounter::publications_revoked], 1);
    EXPECT_EQ((*there)[SystemCounter::publication_images_revoked], 1);
}

TEST_F(Channels, AStreamWithACubicWindowMeasuresItsRoundTrips) {
    driver::DriverContext context = quick_driver();
    context.cubic.measure_rtt = true;
    Host& measuring = start(context);
    const std::string channel = "aeron:udp?cc=cubic|endpoint=" + free_endpoint();
    Reader& reader = subscribe(measuring, channel);
    const auto publication = publish("aeron:udp?mtu=1408|" + channel.substr(10));
    flow(*publication, {&reader}, 1'000);
    EXPECT_GT(measuring.counter(type::kPerImage, "rcv-cc-cubic-rtt: "), 0);
    EXPECT_GE(measuring.counter(type::kPerImage, "rcv-cc-cubic-wnd: "), 10 * 1408);
    EXPECT_THAT([&] { subscribe(*there, "aeron:udp?cc=vegas|endpoint=localhost:1"); },
                ThrowsMessage<RegistrationException>(HasSubstr("cc=vegas")));
}

TEST_F(Channels, TimestampsTellOfEveryStation) {
    const std::string endpoint = "aeron:udp?endpoint=" + free_endpoint();
    const auto subscription = there->aeron().add_subscription(
        endpoint + "|media-rcv-ts-offset=8|channel-rcv-ts-offset=16", kStream);
    const auto publication = publish(endpoint + "|channel-snd-ts-offset=0");
    const std::int64_t before_ns = platform_.clock.epoch_ns();
    bool arrived = false;
    await(
        [&] {
            if (publication->position() == 0) publication->offer(std::vector<std::byte>(64));
            subscription->poll(
                [&](ConstBytes message, const client::Header&) {
                    const auto at = [&](std::size_t offset) {
                        return load<std::int64_t>(message.data() + offset);
                    };
                    EXPECT_GE(at(0), before_ns);
                    EXPECT_GE(at(8), at(0));
                    EXPECT_GE(at(16), at(8));
                    EXPECT_LE(at(16), platform_.clock.epoch_ns());
                    EXPECT_EQ(at(24), 0);
                    arrived = true;
                },
                1);
            return arrived;
        },
        "the message");
    EXPECT_THAT([&] { subscribe(*there, endpoint + "|media-rcv-ts-offset=0"); },
                ThrowsMessage<RegistrationException>(
                    HasSubstr("option conflicts with existing subscription: "
                              "media-rcv-ts-offset=0  existingChannel=")));
}

TEST_F(Channels, WildcardPortsAreOfTheRangeThatIsConfigured) {
    driver::DriverContext context = quick_driver();
    context.receiver_wildcard_port_range = {.low = 29'700, .high = 29'701};
    context.sender_wildcard_port_range = {.low = 29'710, .high = 29'719};
    Host& ranged = start(context);
    Reader& first = subscribe(ranged, "aeron:udp?endpoint=localhost:0");
    Reader& second = subscribe(ranged, "aeron:udp?endpoint=localhost:0");
    EXPECT_EQ(first.subscription().resolved_endpoint(), "127.0.0.1:29700");
    EXPECT_EQ(second.subscription().resolved_endpoint(), "127.0.0.1:29701");
    EXPECT_THAT(
        [&] { subscribe(ranged, "aeron:udp?endpoint=localhost:0"); },
        ThrowsMessage<RegistrationException>(HasSubstr("no available ports in range 29700 29701")));
    const auto publication = ranged.aeron().add_exclusive_publication(
        "aeron:udp?control-mode=dynamic|control=localhost:0", kStream);
    EXPECT_EQ(publication->local_socket_addresses().front(), "127.0.0.1:29710");
    second.close();
    await([&] { return ranged.counter(type::kReceiveChannelStatus) == 1; }, "the port to be free");
    pass(100 * kNanosPerMilli);
    EXPECT_NO_THROW(subscribe(ranged, "aeron:udp?endpoint=localhost:0"));
}

TEST_F(Channels, AWindowIsAsLargeAsAskedForAndNoLargerThanItsSocketsBuffer) {
    const std::string endpoint = "endpoint=" + free_endpoint();
    const auto publication = publish("aeron:udp?" + endpoint);
    Reader& reader = subscribe(*there, "aeron:udp?rcv-wnd=4k|" + endpoint);
    await_connected(*publication, {&reader});
    EXPECT_EQ(here->counter(type::kSenderLimit), 4'096);
    EXPECT_THAT(
        [&] { subscribe(*there, "aeron:udp?rcv-wnd=1g|endpoint=" + free_endpoint()); },
        ThrowsMessage<RegistrationException>(HasSubstr("Initial window greater than SO_RCVBUF")));
    EXPECT_THAT([&] { subscribe(*there, "aeron:udp?so-rcvbuf=64k|" + endpoint); },
                ThrowsMessage<RegistrationException>(HasSubstr("so-rcvbuf=65536 does not match")));
    EXPECT_THAT([&] { publish("aeron:udp?mtu=65504|so-sndbuf=8k|endpoint=" + free_endpoint()); },
                ThrowsMessage<RegistrationException>(HasSubstr("MTU greater than SO_SNDBUF")));
}

TEST_F(Channels, AConnectedPublicationListensToItsReceiverAlone) {
    driver::DriverContext context = quick_driver();
    context.connect_enabled = false;
    Host& open = start(context);
    for (Host* const host : {here, &open}) {
        const auto publication = host->aeron().add_exclusive_publication(
            "aeron:udp?endpoint=" + free_endpoint(), kStream);
        const auto address =
            platform::SocketAddress::parse(publication->local_socket_addresses().front());
        platform::UdpSocketOptions options;
        options.bind_address = *platform::SocketAddress::parse("127.0.0.1:0");
        const auto stranger = *platform_.network.open(options);
        const wire::StatusMessage message{.session_id = publication->session_id(),
                                          .stream_id = kStream,
                                          .consumption_term_id = publication->initial_term_id(),
                                          .receiver_window_length = 65'536};
        const auto frame = wire::encode(message);
        const auto to = platform::SocketAddress::ipv4({127, 0, 0, 1}, address->port());
        const platform::Train train{frame.bytes(), static_cast<std::uint32_t>(frame.bytes().size()),
                                    &to};
        ASSERT_GT(stranger->send({&train, 1}).bytes, 0);
        pass(100 * kNanosPerMilli);
        EXPECT_EQ(publication->is_connected(), host == &open);
    }
}

}  // namespace
}  // namespace tern::data_path
