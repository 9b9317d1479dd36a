// Real sockets on loopback: what a peer sees of trains, with every combination of offloads.

#include "tern/platform/posix/network.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <numeric>

#include "tern/platform/posix/clock.hpp"
#include "tern/platform/posix/socket_poller.hpp"
#include "tern/platform/posix/udp_socket.hpp"

namespace tern::platform::posix {
namespace {

constexpr std::int64_t kDeadlineNs = 5'000'000'000;

SocketAddress loopback() { return SocketAddress::ipv4({127, 0, 0, 1}, 0); }

std::vector<std::byte> pattern(std::size_t length) {
    std::vector<std::byte> bytes(length);
    std::uint32_t state = 7;
    for (auto& byte : bytes) {
        state = state * 1664525 + 1013904223;
        byte = static_cast<std::byte>(state >> 24);
    }
    return bytes;
}

std::unique_ptr<UdpSocket> open_socket(Network& network, UdpSocketOptions options = {}) {
    if (options.bind_address.empty()) options.bind_address = loopback();
    options.receive_buffer_length = 4 << 20;
    auto socket = network.open(options);
    EXPECT_TRUE(socket.has_value()) << socket.error().text;
    return std::move(*socket);
}

/// Datagrams as a peer sees them, until `count` of them or the deadline.
std::vector<std::string> receive(UdpSocket& socket, std::size_t count, std::size_t span = 8) {
    PosixClock clock;
    std::vector<std::string> received;
    std::vector<Datagram> batch(span);
    const std::int64_t deadline_ns = clock.nano_time() + kDeadlineNs;
    while (received.size() < count && clock.nano_time() < deadline_ns) {
        const std::size_t got = socket.receive(batch);
        for (std::size_t i = 0; i < got; ++i) received.emplace_back(as_text(batch[i].bytes));
    }
    return received;
}

std::vector<std::string> segments_of(ConstBytes bytes, std::size_t length) {
    std::vector<std::string> segments;
    for (std::size_t at = 0; at < bytes.size(); at += length) {
        segments.emplace_back(as_text(bytes.subspan(at, std::min(length, bytes.size() - at))));
    }
    return segments;
}

class Trains : public testing::TestWithParam<std::tuple<bool, bool>> {
  protected:
    PosixNetwork network_{Offload{std::get<0>(GetParam()), std::get<1>(GetParam())}};
    std::unique_ptr<UdpSocket> sender_ = open_socket(network_);
    std::unique_ptr<UdpSocket> receiver_ = open_socket(network_);
    SocketAddress to_ = receiver_->local_address();
};

std::string offloads_name(const testing::TestParamInfo<std::tuple<bool, bool>>& offloads) {
    return std::string(std::get<0>(offloads.param) ? "Gso" : "Plain") +
           (std::get<1>(offloads.param) ? "Gro" : "Plain");
}

INSTANTIATE_TEST_SUITE_P(Offloads, Trains, testing::Combine(testing::Bool(), testing::Bool()),
                         offloads_name);

TEST_P(Trains, ArriveAsOrdinaryDatagrams) {
    const auto bytes = pattern(10 * 1408 + 96);
    const Train train{bytes, 1408, &to_};
    const SendResult result = sender_->send({&train, 1});
    EXPECT_EQ(result.error, 0);
    EXPECT_EQ(result.bytes, std::ssize(bytes));
    EXPECT_EQ(receive(*receiver_, 11), segments_of(bytes, 1408));
}

TEST_P(Trains, LongerThanTheKernelTakesAtOnce) {
    for (const std::size_t segment : {32UZ, 1408UZ, 9000UZ, 40000UZ}) {
        const auto bytes = pattern(segment * 150 / (segment / 1000 + 1) + 11);
        const Train train{bytes, static_cast<std::uint32_t>(segment), &to_};
        EXPECT_EQ(sender_->send({&train, 1}).bytes, std::ssize(bytes));
        const auto expected = segments_of(bytes, segment);
        EXPECT_EQ(receive(*receiver_, expected.size()), expected) << segment;
    }
}

TEST_P(Trains, SeveralToSeveralDestinationsInOneCall) {
    auto other = open_socket(network_);
    const SocketAddress to_other = other->local_address();
    const auto bytes = pattern(5000);
    const std::array trains{Train{ConstBytes(bytes).first(3000), 1000, &to_},
                            Train{ConstBytes(bytes).subspan(3000), 1500, &to_other},
                            Train{ConstBytes(bytes).first(64), 64, &to_}};
    EXPECT_EQ(sender_->send(trains).bytes, 5064);
    auto expected = segments_of(ConstBytes(bytes).first(3000), 1000);
    expected.emplace_back(as_text(ConstBytes(bytes).first(64)));
    EXPECT_EQ(receive(*receiver_, 4), expected);
    EXPECT_EQ(receive(*other, 2), segments_of(ConstBytes(bytes).subspan(3000), 1500));
}

TEST_P(Trains, WhatTheCallersSpanDoesNotHoldComesWithTheNextCall) {
    const auto bytes = pattern(100 * 200);
    const Train train{bytes, 200, &to_};
    sender_->send({&train, 1});
    EXPECT_EQ(receive(*receiver_, 100, 3), segments_of(bytes, 200));
    std::array<Datagram, 1> none;
    EXPECT_EQ(receiver_->receive(none), 0U);
}

TEST_P(Trains, AFullSocketBufferIsAShortCountOfWholeDatagrams) {
    UdpSocketOptions options;
    options.bind_address = loopback();
    options.send_buffer_length = 4096;
    auto small = network_.open(options);
    ASSERT_TRUE(small.has_value());
    const auto bytes = pattern(1 << 20);
    const Train train{bytes, 1000, &to_};
    const SendResult result = (*small)->send({&train, 1});
    EXPECT_TRUE(result.error == 0) << result.error;
    EXPECT_TRUE(result.bytes == std::ssize(bytes) || result.bytes % 1000 == 0) << result.bytes;
}

TEST_P(Trains, ABrokenDestinationIsAnErrorAndEndsThePrefix) {
    const SocketAddress nowhere = loopback();  // port 0
    const auto bytes = pattern(4000);
    const std::array trains{Train{bytes, 1000, &to_}, Train{bytes, 1000, &nowhere}};
    const SendResult result = sender_->send(trains);
    EXPECT_EQ(result.bytes, 4000);
    EXPECT_EQ(result.error, EINVAL);
    EXPECT_EQ(dynamic_cast<PosixUdpSocket&>(*sender_).segmentation(), std::get<0>(GetParam()));
    EXPECT_EQ(receive(*receiver_, 4), segments_of(bytes, 1000));
}

TEST_P(Trains, APollerTellsWhichSocketsHaveSomething) {
    auto other = open_socket(network_);
    auto poller = network_.make_poller();
    poller->add(*receiver_, 17);
    poller->add(*other, 23);
    std::array<std::uint64_t, 4> tokens;
    EXPECT_EQ(poller->poll(tokens), 0U);

    const auto bytes = pattern(4000);
    const Train train{bytes, 1000, &to_};
    sender_->send({&train, 1});
    std::array<Datagram, 1> one;
    for (int i = 0; i < 4; ++i) {  // also while datagrams lie in the socket's own slots
        ASSERT_GE(poller->poll(tokens), 1U) << i;
        EXPECT_EQ(tokens[0], 17U);
        EXPECT_EQ(receiver_->receive(one), 1U);
    }
    EXPECT_EQ(poller->poll(tokens), 0U);

    const SocketAddress to_other = other->local_address();
    const Train second{bytes, 1000, &to_other};
    sender_->send({&second, 1});
    poller->remove(*other);
    EXPECT_EQ(poller->poll(tokens), 0U);
    receiver_.reset();  // leaves the poller by itself
    EXPECT_EQ(poller->poll(tokens), 0U);
}

TEST(SocketPoller, TellsOfManySocketsAsOfFew) {
    PosixNetwork network;
    auto sender = open_socket(network);
    auto poller = network.make_poller();
    std::vector<std::unique_ptr<UdpSocket>> sockets;
    const auto expect_all_told = [&] {
        std::vector<std::uint64_t> expected;
        for (std::size_t i = 0; i < sockets.size(); ++i) {
            const SocketAddress to = sockets[i]->local_address();
            const auto bytes = pattern(100);
            const Train train{bytes, 100, &to};
            ASSERT_EQ(sender->send({&train, 1}).bytes, 100);
            expected.push_back(i);
        }
        std::vector<std::uint64_t> tokens(2 * kFewSockets);
        tokens.resize(poller->poll(tokens));
        EXPECT_THAT(tokens, testing::UnorderedElementsAreArray(expected));
        for (const auto& socket : sockets) EXPECT_EQ(receive(*socket, 1).size(), 1U);
        EXPECT_EQ(poller->poll(tokens), 0U);
    };
    for (int round = 0; round < 2; ++round) {
        while (sockets.size() < kFewSockets + 4) {
            sockets.push_back(open_socket(network));
            poller->add(*sockets.back(), sockets.size() - 1);
            if (sockets.size() % 5 == 0) expect_all_told();
        }
        while (sockets.size() > 4) {
            sockets.pop_back();  // leaves the poller by itself
            if (sockets.size() % 5 == 4) expect_all_told();
        }
    }
}

TEST(UdpSocket, GoesOnWithoutOffloadWhenTheKernelRefusesIt) {
    PosixNetwork network;
    auto sender = open_socket(network);
    auto receiver = open_socket(network);
    const SocketAddress to = receiver->local_address();
    auto& posix_socket = dynamic_cast<PosixUdpSocket&>(*sender);
    const int on = 1;  // without checksums the kernel segments nothing: EIO
    ASSERT_EQ(::setsockopt(posix_socket.fd(), SOL_SOCKET, SO_NO_CHECK, &on, sizeof(on)), 0);
    ASSERT_TRUE(posix_socket.segmentation());

    const auto bytes = pattern(100 * 500 + 3);
    const Train train{bytes, 500, &to};
    EXPECT_EQ(sender->send({&train, 1}).bytes, std::ssize(bytes));
    EXPECT_EQ(receive(*receiver, 101), segments_of(bytes, 500));
    EXPECT_FALSE(posix_socket.segmentation());
}

TEST(UdpSocket, TellsTheSourceAndTheTimestampAndAllowsWriting) {
    PosixNetwork network;
    UdpSocketOptions options;
    options.receive_timestamps = true;
    auto sender = open_socket(network);
    auto receiver = open_socket(network, options);
    const SocketAddress to = receiver->local_address();
    const auto bytes = pattern(100);
    const Train train{bytes, 100, &to};
    const std::int64_t before_ns = PosixClock{}.epoch_ns();
    sender->send({&train, 1});
    std::array<Datagram, 2> received;
    ASSERT_EQ(receiver->receive(received), 1U);
    EXPECT_EQ(received[0].source, sender->local_address());
    EXPECT_NEAR(static_cast<double>(received[0].receive_timestamp_ns),
                static_cast<double>(before_ns), 1e9);
    received[0].bytes[0] = std::byte{1};
}

TEST(UdpSocket, AnEmptyDatagramIsADatagram) {
    PosixNetwork network;
    auto sender = open_socket(network);
    auto receiver = open_socket(network);
    const int fd = dynamic_cast<PosixUdpSocket&>(*sender).fd();
    sockaddr_storage to{};
    socklen_t length = sizeof(to);
    ::getsockname(dynamic_cast<PosixUdpSocket&>(*receiver).fd(), reinterpret_cast<sockaddr*>(&to),
                  &length);
    ASSERT_EQ(::sendto(fd, "", 0, 0, reinterpret_cast<sockaddr*>(&to), length), 0);
    EXPECT_EQ(receive(*receiver, 1), std::vector<std::string>{""});
}

TEST(UdpSocket, SpeaksIpv6) {
    PosixNetwork network;
    UdpSocketOptions options;
    options.bind_address = *SocketAddress::parse("[::1]:0");
    auto opened = network.open(options);
    if (!opened) GTEST_SKIP() << opened.error().text;
    auto receiver = open_socket(network, options);
    const SocketAddress to = receiver->local_address();
    EXPECT_EQ(to.host(), "::1");
    const auto bytes = pattern(3000);
    const Train train{bytes, 1000, &to};
    (*opened)->send({&train, 1});
    EXPECT_EQ(receive(*receiver, 3), segments_of(bytes, 1000));
}

TEST(UdpSocket, JoinsAMulticastGroup) {
    PosixNetwork network;
    UdpSocketOptions options;
    options.bind_address = SocketAddress::ipv4({0, 0, 0, 0}, 0);
    options.multicast_group = SocketAddress::ipv4({224, 20, 30, 39}, 0);
    options.multicast_interface = loopback();
    options.reuse_address = true;
    auto receiver = open_socket(network, options);
    UdpSocketOptions sender_options;
    sender_options.multicast_interface = loopback();
    sender_options.multicast_ttl = 4;
    auto sender = open_socket(network, sender_options);
    const SocketAddress to = options.multicast_group.with_port(receiver->local_address().port());
    const auto bytes = pattern(700);
    const Train train{bytes, 300, &to};
    ASSERT_EQ(sender->send({&train, 1}).error, 0);
    EXPECT_EQ(receive(*receiver, 3), segments_of(bytes, 300));
}

TEST(Network, AnAddressInUseIsAnErrorThatNamesIt) {
    PosixNetwork network;
    auto first = open_socket(network);
    UdpSocketOptions options;
    options.bind_address = first->local_address();
    const auto second = network.open(options);
    ASSERT_FALSE(second.has_value());
    EXPECT_THAT(second.error().text, testing::HasSubstr(first->local_address().to_string()));
    EXPECT_THAT(second.error().text, testing::HasSubstr("in use"));
}

TEST(Network, ResolvesNamesAndNumbers) {
    PosixNetwork network;
    EXPECT_EQ(network.resolve("localhost", 9, false)->to_string(), "127.0.0.1:9");
    EXPECT_EQ(network.resolve("10.1.2.3", 80, true)->to_string(), "10.1.2.3:80");
    EXPECT_EQ(network.resolve("[::1]", 7, false)->to_string(), "[::1]:7");
    const auto missing = network.resolve("no-such-host.invalid", 1, false);
    ASSERT_FALSE(missing.has_value());
    EXPECT_THAT(missing.error(), testing::HasSubstr("no-such-host.invalid"));
}

TEST(Network, KnowsTheLoopbackInterfaceAndTheBufferLimits) {
    PosixNetwork network;
    const auto interfaces = network.interfaces();
    const auto found = std::ranges::find_if(interfaces, [](const NetworkInterface& candidate) {
        return candidate.loopback && candidate.address.family() == SocketAddress::Family::ipv4;
    });
    ASSERT_NE(found, interfaces.end());
    EXPECT_EQ(found->address.host(), "127.0.0.1");
    EXPECT_EQ(found->prefix_length, 8);
    EXPECT_TRUE(found->up);
    EXPECT_GT(found->index, 0U);
    EXPECT_GT(network.buffer_limits().default_receive, 0U);
    EXPECT_GT(network.buffer_limits().max_receive, 0U);
}

}  // namespace
}  // namespace tern::platform::posix
