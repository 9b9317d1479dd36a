// What the virtual network does to datagrams, each fault by itself.

#include "tern/platform/sim/network.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "tern/base/bytes.hpp"
#include "tern/platform/sim/world.hpp"

namespace tern::platform::sim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Networked : public testing::Test {
  protected:
    std::unique_ptr<UdpSocket> open(Process& process, std::string_view address,
                                    UdpSocketOptions options = {}) {
        options.bind_address = *SocketAddress::parse(address);
        auto socket = process.platform().network.open(options);
        EXPECT_TRUE(socket.has_value()) << socket.error().text;
        return std::move(*socket);
    }
    static SendResult send(UdpSocket& from, std::string_view text, const SocketAddress& to,
                           std::uint32_t segment_length = 1000) {
        const Train train{as_bytes(text), segment_length, &to};
        return from.send({&train, 1});
    }
    /// Numbers 0 to count - 1, one datagram each.
    static void send_numbers(UdpSocket& from, int count, const SocketAddress& to) {
        for (int i = 0; i < count; ++i) send(from, std::to_string(i), to);
    }
    static std::vector<std::string> receive(UdpSocket& socket) {
        std::vector<std::string> texts;
        std::array<platform::Datagram, 7> batch;
        while (const std::size_t count = socket.receive(batch)) {
            for (std::size_t i = 0; i < count; ++i) texts.emplace_back(as_text(batch[i].bytes));
        }
        return texts;
    }
    /// At least so much time.
    void pass(std::int64_t duration_ns) { world_.scheduler().run_for(duration_ns); }
    /// Exactly so much, in one step.
    void step(std::int64_t duration_ns) {
        world_.timeline().advance(duration_ns);
        world_.network().deliver();
    }

    World world_{7};
    Host& alpha_ = world_.add_host("alpha");
    Host& beta_ = world_.add_host("beta");
    Process& sender_ = alpha_.start("sender");
    Process& receiver_ = beta_.start("receiver");
    std::unique_ptr<UdpSocket> from_ = open(sender_, "0.0.0.0:0");
    std::unique_ptr<UdpSocket> to_ = open(receiver_, "0.0.0.0:5000");
    SocketAddress there_ = beta_.address().with_port(5000);
};

TEST_F(Networked, ATrainArrivesAsDatagramsAfterTheDelay) {
    EXPECT_EQ(send(*from_, "aaabbbc", there_, 3).bytes, 7);
    EXPECT_THAT(receive(*to_), IsEmpty());
    step(world_.network().options().link.delay_ns.min - 1);
    EXPECT_THAT(receive(*to_), IsEmpty());
    pass(world_.network().options().link.delay_ns.max);
    EXPECT_THAT(receive(*to_), ElementsAre("aaa", "bbb", "c"));
}

TEST_F(Networked, AReplyToTheSourceComesBack) {
    send(*from_, "ping", there_);
    pass(1'000'000);
    std::array<platform::Datagram, 1> received;
    ASSERT_EQ(to_->receive(received), 1U);
    EXPECT_EQ(received[0].source.host(), "10.0.0.1");
    const SocketAddress source = received[0].source;
    send(*to_, "pong", source);
    pass(1'000'000);
    EXPECT_THAT(receive(*from_), ElementsAre("pong"));
}

TEST_F(Networked, WithoutFaultsAllArriveInOrder) {
    send_numbers(*from_, 500, there_);
    pass(10'000'000);
    const auto texts = receive(*to_);
    ASSERT_EQ(texts.size(), 500U);
    for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(texts[i], std::to_string(i));
}

TEST_F(Networked, LossLosesAboutAsManyAsAsked) {
    world_.network().options().link.loss_ppm = 250'000;
    send_numbers(*from_, 1000, there_);
    pass(10'000'000);
    const auto texts = receive(*to_);
    EXPECT_NEAR(static_cast<double>(texts.size()), 750, 60);
    EXPECT_EQ(world_.network().counts().lost, 1000 - texts.size());
}

TEST_F(Networked, DuplicatesAndReorderingAreVisible) {
    world_.network().options().link.duplicate_ppm = 100'000;
    send_numbers(*from_, 500, there_);
    pass(10'000'000);
    EXPECT_EQ(receive(*to_).size(), 500 + world_.network().counts().duplicated);
    EXPECT_GT(world_.network().counts().duplicated, 20U);

    world_.network().options().link.duplicate_ppm = 0;
    world_.network().options().link.reorder_ppm = 100'000;
    send_numbers(*from_, 500, there_);
    pass(10'000'000);
    auto texts = receive(*to_);
    ASSERT_EQ(texts.size(), 500U);
    const auto by_number = [](const std::string& a, const std::string& b) {
        return std::stoi(a) < std::stoi(b);
    };
    EXPECT_FALSE(std::ranges::is_sorted(texts, by_number));
}

TEST_F(Networked, LossesComeInBurstsWhenAsked) {
    LinkOptions& link = world_.network().options().link;
    link.burst_begin_ppm = 10'000;
    link.burst_end_ppm = 100'000;
    send_numbers(*from_, 5000, there_);
    pass(10'000'000);
    const auto texts = receive(*to_);
    const double lost = 5000 - static_cast<double>(texts.size());
    EXPECT_NEAR(lost, 5000.0 / 11, 150);  // bad for 10 of 110
    int bursts = 0;
    int next = 0;
    for (const std::string& text : texts) {
        if (std::stoi(text) != next) ++bursts;
        next = std::stoi(text) + 1;
    }
    EXPECT_GT(lost / bursts, 5) << "independent losses are hardly ever two in a row";

    link.burst_begin_ppm = 0;  // ends a burst at once
    send_numbers(*from_, 100, there_);
    pass(10'000'000);
    EXPECT_EQ(receive(*to_).size(), 100U);
}

/// Whether it cannot be what was sent: of another length, or of a header that is none.
bool is_damaged(const std::string& text, std::size_t length) {
    if (text.size() != length) return true;
    const ConstBytes bytes = as_bytes(text);
    const auto frame_length = load<std::int32_t>(bytes.data());
    return frame_length < 8 || frame_length > (1 << 30) || bytes[4] != std::byte{0} ||
           load<std::uint16_t>(bytes.data() + 6) >= 0x1000;
}

std::string frame_of(std::int32_t length) {
    std::string frame(static_cast<std::size_t>(length), '\0');
    std::memcpy(frame.data(), &length, sizeof(length));
    return frame;
}

TEST_F(Networked, DamagedDatagramsArriveInsteadOfWhatWasSent) {
    world_.network().options().link.damage_ppm = kPpm;
    const std::string frame = frame_of(64);
    for (int i = 0; i < 500; ++i) send(*from_, frame, there_);
    pass(10'000'000);
    const auto texts = receive(*to_);
    ASSERT_EQ(texts.size(), 500U);
    EXPECT_EQ(world_.network().counts().damaged, 500U);
    std::set<std::size_t> lengths;
    int changed = 0;
    for (const std::string& text : texts) {
        EXPECT_TRUE(is_damaged(text, frame.size()));
        lengths.insert(text.size());
        if (text.size() == frame.size()) ++changed;
    }
    EXPECT_TRUE(lengths.contains(0));
    EXPECT_TRUE(lengths.contains(1));
    EXPECT_LT(*lengths.lower_bound(33), 64U);
    EXPECT_GT(*lengths.rbegin(), 120U);
    EXPECT_NEAR(changed, 500 * 4 / 6, 50);  // version, type, length, noise
}

TEST_F(Networked, DamagedCopiesComeBesidesWhatWasSent) {
    world_.network().options().link.damaged_copy_ppm = 200'000;
    const std::string frame = frame_of(64);
    for (int i = 0; i < 500; ++i) send(*from_, frame, there_);
    pass(10'000'000);
    const auto texts = receive(*to_);
    EXPECT_EQ(std::ranges::count(texts, frame), 500);
    EXPECT_EQ(texts.size(), 500 + world_.network().counts().damaged);
    EXPECT_NEAR(static_cast<double>(world_.network().counts().damaged), 100, 40);
}

TEST_F(Networked, AStalledLinkDeliversAllOfItInABurst) {
    send(*from_, "before", there_);
    world_.network().stall(alpha_.index(), beta_.index(), 50'000'000);
    world_.network().options().link.reorder_ppm = kPpm;  // nothing overtakes the stall
    for (int i = 0; i < 40; ++i) {
        send(*from_, "during", there_);
        step(1'000'000);
    }
    EXPECT_THAT(receive(*to_), ElementsAre("before"));
    step(15'000'000);
    EXPECT_EQ(receive(*to_).size(), 40U);
}

TEST_F(Networked, LinksStallByChance) {
    LinkOptions& link = world_.network().options().link;
    link.stall_ppm = 50'000;
    link.stall_ns = {20'000'000, 20'000'000};
    std::size_t longest = 0;
    for (int i = 0; i < 200; ++i) {
        send(*from_, "x", there_);
        step(1'000'000);
        longest = std::max(longest, receive(*to_).size());
    }
    EXPECT_GT(world_.network().counts().stalls, 2U);
    EXPECT_GT(longest, 10U);
}

TEST_F(Networked, ANarrowLinkQueuesAndThenDropsTheRest) {
    LinkOptions narrow;
    narrow.delay_ns = {1000, 1000};
    narrow.bytes_per_second = 1'000'000;  // a byte in a microsecond
    narrow.queue_length = 10'000;
    world_.network().set_link(alpha_.index(), beta_.index(), narrow);
    for (int i = 0; i < 50; ++i) send(*from_, std::string(1000, 'x'), there_);
    EXPECT_EQ(world_.network().counts().congested, 39U);  // one in the wire, ten in the queue
    step(5'600'000);
    EXPECT_EQ(receive(*to_).size(), 5U);
    send(*from_, std::string(1000, 'y'), there_);  // there is room again
    pass(10'000'000);
    EXPECT_EQ(receive(*to_).size(), 7U);
}

TEST_F(Networked, AfterAChangeToAFasterLinkNothingOvertakes) {
    LinkOptions link;
    link.delay_ns = {50'000'000, 50'000'000};
    world_.network().set_link(alpha_.index(), beta_.index(), link);
    send(*from_, "slow", there_);
    link.delay_ns = {1000, 1000};
    world_.network().set_link(alpha_.index(), beta_.index(), link);
    send(*from_, "fast", there_);
    link.loss_ppm = kPpm;
    world_.network().set_link(alpha_.index(), beta_.index(), link);
    send(*from_, "dead", there_);
    step(40'000'000);
    EXPECT_THAT(receive(*to_), IsEmpty());
    step(20'000'000);
    EXPECT_THAT(receive(*to_), ElementsAre("slow", "fast"));
}

TEST_F(Networked, PartitionsMayBePartial) {
    Host& gamma = world_.add_host("gamma");
    world_.add_host("delta");
    auto third = open(gamma.start("third"), "0.0.0.0:5000");
    world_.network().isolate(beta_.index());  // partition() puts its own in the place of this
    world_.network().partition({{0, 1}, {1, 2}});
    const SocketAddress at_gamma = gamma.address().with_port(5000);
    send(*from_, "parted", at_gamma);
    send(*from_, "joined", there_);
    send(*to_, "joined too", at_gamma);
    pass(1'000'000);
    EXPECT_THAT(receive(*to_), ElementsAre("joined"));
    EXPECT_THAT(receive(*third), ElementsAre("joined too"));
    world_.network().partition({{0}, {1}, {3}});
    send(*from_, "in no group", at_gamma);
    send(*from_, "parted", there_);
    pass(1'000'000);
    EXPECT_THAT(receive(*to_), IsEmpty());
    EXPECT_THAT(receive(*third), ElementsAre("in no group"));
    EXPECT_EQ(world_.network().counts().blocked, 2U);
}

TEST_F(Networked, PartitionsMayBeOneWayAndHeal) {
    world_.network().block(alpha_.index(), beta_.index());
    send(*from_, "lost", there_);
    send(*to_, "arrives", alpha_.address().with_port(from_->local_address().port()));
    pass(1'000'000);
    EXPECT_THAT(receive(*to_), IsEmpty());
    EXPECT_THAT(receive(*from_), ElementsAre("arrives"));
    world_.network().heal();
    world_.network().isolate(beta_.index());
    world_.network().unblock(alpha_.index(), beta_.index());
    send(*from_, "through", there_);
    pass(1'000'000);
    EXPECT_THAT(receive(*to_), ElementsAre("through"));
}

TEST_F(Networked, LinksAreSetByDirection) {
    LinkOptions slow;
    slow.delay_ns = {50'000'000, 50'000'000};
    world_.network().set_link(alpha_.index(), beta_.index(), slow);
    send(*from_, "slow", there_);
    pass(40'000'000);
    EXPECT_THAT(receive(*to_), IsEmpty());
    pass(20'000'000);
    EXPECT_THAT(receive(*to_), ElementsAre("slow"));
}

TEST_F(Networked, AFullReceiveBufferDrops) {
    UdpSocketOptions options;
    options.receive_buffer_length = 100;
    auto small = open(receiver_, "0.0.0.0:5001", options);
    EXPECT_EQ(small->receive_buffer_length(), 100U);
    for (int i = 0; i < 30; ++i) send(*from_, "ten bytes.", beta_.address().with_port(5001));
    pass(10'000'000);
    EXPECT_EQ(receive(*small).size(), 10U);
    EXPECT_EQ(world_.network().counts().overflowed, 20U);
}

TEST_F(Networked, ASendMayBeShortByWholeDatagrams) {
    world_.network().options().short_send_ppm = kPpm;
    const SendResult result = send(*from_, std::string(100, 'x'), there_, 10);
    EXPECT_EQ(result.error, 0);
    EXPECT_LT(result.bytes, 100);
    EXPECT_EQ(result.bytes % 10, 0);
    pass(10'000'000);
    EXPECT_EQ(receive(*to_).size(), static_cast<std::size_t>(result.bytes / 10));
}

TEST_F(Networked, MulticastReachesThoseWhoJoined) {
    UdpSocketOptions options;
    options.multicast_group = *SocketAddress::parse("224.0.1.1:6000");
    options.reuse_address = true;
    auto here = open(sender_, "0.0.0.0:6000", options);
    auto there = open(receiver_, "0.0.0.0:6000", options);
    auto again = open(receiver_, "0.0.0.0:6000", options);
    auto other = open(receiver_, "0.0.0.0:6001", options);
    send(*from_, "all", options.multicast_group);
    pass(1'000'000);
    for (UdpSocket* socket : {here.get(), there.get(), again.get()}) {
        EXPECT_THAT(receive(*socket), ElementsAre("all"));
    }
    EXPECT_THAT(receive(*other), IsEmpty());
}

TEST_F(Networked, BindsResolvesAndRefusesAsASystemDoes) {
    Network& network = sender_.platform().network;
    UdpSocketOptions options;
    options.bind_address = from_->local_address();
    EXPECT_FALSE(network.open(options).has_value());  // in use
    options.bind_address = beta_.address();
    EXPECT_FALSE(network.open(options).has_value());  // not this host's
    options.bind_address = *SocketAddress::parse("[::1]:0");
    EXPECT_FALSE(network.open(options).has_value());
    EXPECT_EQ(network.resolve("beta", 7)->to_string(), "10.0.0.2:7");
    EXPECT_EQ(network.resolve("localhost", 7)->to_string(), "127.0.0.1:7");
    EXPECT_EQ(network.resolve("1.2.3.4", 7)->to_string(), "1.2.3.4:7");
    EXPECT_FALSE(network.resolve("gamma", 7).has_value());
    EXPECT_EQ(network.interfaces().size(), 2U);
}

TEST_F(Networked, TellsHowLongAHostHeardNothingOfAnother) {
    const auto silence = [&](std::int64_t since_ns) {
        return world_.network().silence(alpha_.index(), beta_.index(), since_ns);
    };
    const auto hear = [&] {
        send(*from_, "hello", there_);
        pass(world_.network().options().link.delay_ns.max);
        receive(*to_);
    };
    hear();
    EXPECT_EQ(silence(0).total_ns, 0);
    pass(3 * kSilenceNs);
    EXPECT_GE(silence(0).longest_ns, 3 * kSilenceNs);
    hear();
    pass(2 * kSilenceNs);
    hear();
    const std::int64_t now_ns = world_.timeline().now_ns();
    EXPECT_GE(silence(0).total_ns, 5 * kSilenceNs);
    EXPECT_LT(silence(0).longest_ns, 4 * kSilenceNs);
    EXPECT_LT(silence(now_ns - kSilenceNs).longest_ns, 3 * kSilenceNs);
    EXPECT_EQ(silence(now_ns + 1).total_ns, 0);
}

TEST_F(Networked, APollerTellsWhatIsReadable) {
    auto poller = receiver_.platform().network.make_poller();
    auto second = open(receiver_, "0.0.0.0:5001");
    poller->add(*to_, 1);
    poller->add(*second, 2);
    std::array<std::uint64_t, 4> tokens;
    EXPECT_EQ(poller->poll(tokens), 0U);
    send(*from_, "x", beta_.address().with_port(5001));
    pass(1'000'000);
    ASSERT_EQ(poller->poll(tokens), 1U);
    EXPECT_EQ(tokens[0], 2U);
    second.reset();
    EXPECT_EQ(poller->poll(tokens), 0U);
}

TEST_F(Networked, AKilledProcessIsGoneFromTheNetwork) {
    send(*from_, "in flight", there_);
    receiver_.kill();
    pass(1'000'000);
    EXPECT_THAT(receive(*to_), IsEmpty());
    EXPECT_EQ(world_.network().counts().unreachable, 1U);
    EXPECT_EQ(send(*to_, "from the grave", from_->local_address()).error, 0);
    pass(1'000'000);
    EXPECT_THAT(receive(*from_), IsEmpty());
    auto successor = open(beta_.start("successor"), "0.0.0.0:5000");
    send(*from_, "hello", there_);
    pass(1'000'000);
    EXPECT_THAT(receive(*successor), ElementsAre("hello"));
}

}  // namespace
}  // namespace tern::platform::sim
