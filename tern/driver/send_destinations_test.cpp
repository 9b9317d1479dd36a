// Whereto multi-destination publications send: who is known, for how long, and what is counted.
#include "tern/driver/send_destinations.hpp"

#include <gtest/gtest.h>

#include "tern/driver/testing/data_path.hpp"

namespace tern::driver::testing {
namespace {

using platform::SocketAddress;

SocketAddress at(std::uint8_t host, std::uint16_t port) {
    return SocketAddress::ipv4({10, 0, 0, host}, port);
}

class Destinations : public ::testing::Test {
  protected:
    /// Where one frame goes.
    std::vector<SocketAddress> send(SendDestinations& destinations) {
        network.sent.clear();
        static constexpr std::array<std::byte, 32> kFrame{};
        platform::Train train{kFrame, kFrame.size(), nullptr};
        const auto result = destinations.send(*socket, {&train, 1}, clock.now_ns);
        EXPECT_EQ(result.bytes, std::ssize(kFrame)) << "the stream goes on in any case";
        std::vector<SocketAddress> reached;
        for (const SentDatagram& sent : network.sent) reached.push_back(sent.to);
        return reached;
    }

    std::unique_ptr<platform::UdpSocket> open() {
        platform::UdpSocketOptions options;
        options.bind_address = at(1, 1);
        return *network.open(options);
    }

    ManualClock clock;
    FakeNetwork network;
    Counters counters{clock};
    memory::Counter count = counters.allocate();
    std::unique_ptr<platform::UdpSocket> socket = open();
    SendDestinations manual{true, count};
    SendDestinations dynamic{false, count};
};

TEST_F(Destinations, a_dynamic_list_learns_each_receiver_once_and_tells_how_many) {
    dynamic.on_status_message(1, at(2, 700), clock.now_ns);
    dynamic.on_status_message(2, at(3, 700), clock.now_ns);
    dynamic.on_status_message(1, at(2, 700), clock.now_ns);
    EXPECT_EQ(count.get(), 2);
    EXPECT_EQ(send(dynamic).size(), 2U);
    dynamic.on_status_message(1, at(9, 700), clock.now_ns);
    EXPECT_EQ(count.get(), 2) << "the address is not compared, receiver and port are";
    dynamic.on_status_message(1, at(2, 701), clock.now_ns);
    EXPECT_EQ(count.get(), 3);
}

TEST_F(Destinations, a_dynamic_destination_lasts_for_5_s_behind_its_last_word) {
    dynamic.on_status_message(1, at(2, 700), clock.now_ns);
    dynamic.on_status_message(2, at(3, 700), clock.now_ns);
    clock.now_ns += 3'000 * kMs;
    dynamic.on_status_message(2, at(3, 700), clock.now_ns);
    clock.now_ns += 2'000 * kMs;
    EXPECT_EQ(send(dynamic).size(), 2U);
    clock.now_ns += 1;
    EXPECT_EQ(send(dynamic), (std::vector{at(3, 700)}));
    EXPECT_EQ(count.get(), 1);
}

TEST_F(Destinations, a_dynamic_list_is_bounded) {
    for (int i = 0; i < 5'000; ++i) dynamic.on_status_message(i, at(2, 700), clock.now_ns);
    EXPECT_EQ(count.get(), static_cast<std::int64_t>(kMaxSendDestinations));
}

TEST_F(Destinations, a_manual_list_changes_by_command_only) {
    EXPECT_TRUE(manual.add(at(2, 700), "a:700", 11, clock.now_ns));
    EXPECT_TRUE(manual.add(at(3, 700), "b:700", 12, clock.now_ns));
    manual.on_status_message(5, at(4, 700), clock.now_ns);
    EXPECT_EQ(count.get(), 2);
    clock.now_ns += 60'000 * kMs;
    EXPECT_EQ(send(manual).size(), 2U) << "it does not expire";
    EXPECT_TRUE(manual.remove(at(2, 700)));
    EXPECT_FALSE(manual.remove(at(2, 700)));
    EXPECT_EQ(send(manual), (std::vector{at(3, 700)}));
    EXPECT_TRUE(manual.remove(12));
    EXPECT_FALSE(manual.remove(12));
    EXPECT_EQ(count.get(), 0);
    EXPECT_TRUE(send(manual).empty());
}

TEST_F(Destinations, the_same_address_twice_is_sent_to_twice) {
    manual.add(at(2, 700), "a:700", 11, clock.now_ns);
    manual.add(at(2, 700), "a:700", 12, clock.now_ns);
    EXPECT_EQ(send(manual).size(), 2U);
    manual.remove(at(2, 700));
    EXPECT_EQ(send(manual).size(), 1U);
}

TEST_F(Destinations, an_error_is_of_the_destination_that_it_came_from) {
    manual.add(at(2, 700), "a:700", 11, clock.now_ns);
    manual.add(at(3, 700), "b:700", 12, clock.now_ns);
    EXPECT_EQ(manual.registration_id_of(5, at(3, 700)), 12) << "by address at first";
    manual.on_status_message(5, at(3, 700), clock.now_ns);
    EXPECT_EQ(manual.registration_id_of(5, at(8, 700)), 12) << "then by receiver and port";
    EXPECT_EQ(manual.registration_id_of(6, at(3, 700)), -1);
    EXPECT_EQ(manual.registration_id_of(6, at(2, 700)), 11);
    dynamic.on_status_message(7, at(4, 700), clock.now_ns);
    EXPECT_EQ(dynamic.registration_id_of(7, at(4, 700)), -1);
}

TEST_F(Destinations, one_without_an_address_waits_until_its_name_resolves) {
    manual.add({}, "later:700", 11, clock.now_ns);
    EXPECT_TRUE(send(manual).empty());
    EXPECT_EQ(manual.resolve("other:700", at(2, 700)), 0U);
    EXPECT_EQ(manual.resolve("later:700", at(2, 700)), 1U);
    EXPECT_EQ(send(manual), (std::vector{at(2, 700)}));
}

TEST_F(Destinations, each_silent_one_is_told_once_in_5_s) {
    manual.add(at(2, 700), "a:700", 11, clock.now_ns);
    manual.add(at(3, 700), "b:700", 12, clock.now_ns);
    manual.add(at(4, 700), "c:700", 13, clock.now_ns);
    clock.now_ns += 5'000 * kMs;
    EXPECT_FALSE(manual.next_silent(clock.now_ns));
    manual.on_status_message(5, at(3, 700), clock.now_ns);
    clock.now_ns += 1;
    EXPECT_EQ(manual.next_silent(clock.now_ns), 11);
    EXPECT_EQ(manual.next_silent(clock.now_ns), 13);
    EXPECT_FALSE(manual.next_silent(clock.now_ns));
}

TEST_F(Destinations, one_that_cannot_be_reached_does_not_stop_the_others) {
    dynamic.on_status_message(1, at(2, 700), clock.now_ns);
    dynamic.on_status_message(2, at(3, 700), clock.now_ns);
    network.sendable_datagrams = 1;
    EXPECT_EQ(send(dynamic).size(), 1U);
    network.sendable_datagrams = 1;
    const auto first = send(dynamic);
    network.sendable_datagrams = 1;
    EXPECT_NE(send(dynamic), first) << "another one goes first each time";
}

}  // namespace
}  // namespace tern::driver::testing
