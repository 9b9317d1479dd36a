// Channels: addresses, what shares an endpoint, which interface, which port.
#include "tern/driver/udp_channel.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tern/driver/port_manager.hpp"
#include "tern/driver/send_endpoints.hpp"
#include "tern/driver/testing/data_path.hpp"

namespace tern::driver::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

platform::NetworkInterface interface_of(std::string name, std::uint32_t index,
                                        std::string_view address, std::uint8_t prefix,
                                        bool is_loopback = false) {
    return {.name = std::move(name),
            .index = index,
            .address = *platform::SocketAddress::parse(address),
            .prefix_length = prefix,
            .loopback = is_loopback,
            .multicast = !is_loopback,
            .up = true};
}

class Channels : public ::testing::Test {
  protected:
    Channels() {
        network.interface_list = {
            interface_of("lo", 1, "127.0.0.1:0", 8, true),
            interface_of("lo", 1, "[::1]:0", 128, true), interface_of("eth0", 2, "10.1.0.5:0", 16),
            interface_of("eth1", 3, "10.1.7.5:0", 24), interface_of("eth1", 3, "[fd00::5]:0", 64)};
    }
    UdpChannel parse(std::string_view parameters) {
        return channel_of(network, "aeron:udp?" + std::string(parameters));
    }
    void refuses(std::string_view parameters, const std::string& why) {
        EXPECT_THAT([&] { static_cast<void>(parse(parameters)); },
                    ThrowsMessage<Error>(HasSubstr(why)))
            << parameters;
    }
    std::string local(std::string_view parameters) { return parse(parameters).local().to_string(); }

    FakeNetwork network;
};

TEST_F(Channels, unicast_binds_any_and_sends_to_its_endpoint) {
    const UdpChannel channel = parse("endpoint=10.1.0.9:700");
    EXPECT_EQ(channel.remote_data().to_string(), "10.1.0.9:700");
    EXPECT_EQ(channel.remote_control(), channel.remote_data());
    EXPECT_EQ(channel.local().to_string(), "0.0.0.0:0");
    EXPECT_EQ(channel.canonical_form(), "UDP-0.0.0.0:0-10.1.0.9:700");
    EXPECT_FALSE(channel.has_group_semantics());
    EXPECT_EQ(local("endpoint=[fd00::9]:700"), "[::]:0");
    EXPECT_EQ(local("endpoint=10.1.0.9:700|interface=10.1.0.0:44/24"), "10.1.0.5:44");
}

TEST_F(Channels, control_is_where_it_is_bound) {
    const UdpChannel channel = parse("control=10.1.0.5:800|control-mode=dynamic");
    EXPECT_EQ(channel.local().to_string(), "10.1.0.5:800");
    EXPECT_EQ(channel.remote_data().to_string(), "0.0.0.0:0");
    EXPECT_TRUE(channel.has_group_semantics());
    EXPECT_EQ(parse("control=10.1.0.5:800|endpoint=localhost:700").canonical_form(),
              "UDP-10.1.0.5:800-localhost:700");
}

TEST_F(Channels, a_multicast_group_is_answered_on_the_next_one) {
    const UdpChannel channel = parse("endpoint=224.20.30.39:700|interface=10.1.7.0/24");
    EXPECT_TRUE(channel.is_multicast());
    EXPECT_EQ(channel.remote_data().to_string(), "224.20.30.39:700");
    EXPECT_EQ(channel.remote_control().to_string(), "224.20.30.40:700");
    EXPECT_EQ(channel.canonical_form(), "UDP-10.1.7.5:0-224.20.30.39:700");
    const UdpChannel v6 = parse("endpoint=[ff05::9]:700");
    EXPECT_EQ(v6.remote_control().to_string(), "[ff05::a]:700");
    EXPECT_EQ(v6.local().to_string(), "[fd00::5]:0");
    EXPECT_EQ(v6.interface_index(), 3U);
    EXPECT_EQ(parse("endpoint=224.20.30.255:700").remote_control().to_string(), "224.20.30.0:700");
    refuses("endpoint=224.20.30.40:700", "Multicast data address must be odd");
    EXPECT_FALSE(parse("endpoint=224.20.30.39:700|control=10.1.0.5:1").has_explicit_control());
}

TEST_F(Channels, of_interfaces_the_longest_netmask_wins_and_loopback_comes_last) {
    EXPECT_EQ(local("endpoint=224.0.0.1:700"), "10.1.7.5:0");
    EXPECT_EQ(local("endpoint=224.0.0.1:700|interface=10.1.0.0/16"), "10.1.7.5:0");
    EXPECT_EQ(local("endpoint=224.0.0.1:700|interface=10.1.0.5"), "10.1.0.5:0");
    EXPECT_EQ(local("endpoint=224.0.0.1:700|interface=127.0.0.1"), "127.0.0.1:0");
    EXPECT_EQ(local("endpoint=224.0.0.1:700|interface={eth0}:99"), "10.1.0.5:99");
    EXPECT_EQ(local("endpoint=[ff05::9]:700|interface=[fd00::]/64"), "[fd00::5]:0");
    network.interface_list.resize(2);
    EXPECT_EQ(local("endpoint=224.0.0.1:700"), "127.0.0.1:0");
    refuses("endpoint=224.0.0.1:700|interface=10.1.0.5",
            "could not find matching interface='10.1.0.5'");
    refuses("endpoint=224.0.0.1:700|interface={eth0}", "unknown interface eth0");
    network.interface_list.erase(network.interface_list.begin());
    refuses("endpoint=224.0.0.1:700|interface={lo}", "no INET addresses found on interface lo");
    refuses("endpoint=224.0.0.1:700|interface={lo", "could not parse interface='{lo'");
}

TEST_F(Channels, wildcard_ports_are_never_shared_but_by_tag) {
    EXPECT_NE(parse("endpoint=localhost:0").canonical_form(),
              parse("endpoint=localhost:0").canonical_form());
    EXPECT_EQ(parse("endpoint=localhost:0|tags=5").canonical_form(),
              parse("endpoint=localhost:0|tags=5").canonical_form());
    EXPECT_NE(parse("control-mode=manual").canonical_form(),
              parse("control-mode=manual").canonical_form());
    EXPECT_EQ(parse("endpoint=localhost:7|mtu=1408").canonical_form(),
              parse("endpoint=localhost:7").canonical_form());
    EXPECT_NE(parse("endpoint=localhost:7").canonical_form(),
              parse("endpoint=127.0.0.1:7").canonical_form())
        << "as written";
}

TEST_F(Channels, what_says_too_little_or_the_wrong_thing_is_refused) {
    refuses("control-mode=dynamic|endpoint=localhost:1",
            "explicit control expected with dynamic control mode");
    refuses("mtu=1408",
            "URIs for UDP must specify endpoint, control, tags, or control-mode=manual/response");
    refuses("endpoint=localhost", "port invalid");
    refuses("endpoint=localhost:70000", "port out of range");
    refuses("endpoint=fd00::9:1", "host address invalid");
    refuses("endpoint=localhost:1|ats=true",
            "ATS is not enabled and thus ats=true not allowed: channel=");
    refuses("endpoint=localhost:1|ats=maybe", "could not parse ats=maybe as bool from URI");
    EXPECT_NO_THROW(static_cast<void>(parse("endpoint=localhost:1|ats=false")));
}

TEST_F(Channels, a_tag_finds_its_endpoint_by_address_however_that_is_written) {
    const UdpChannel existing = parse("tags=5|endpoint=localhost:700");
    EXPECT_NO_THROW(check_tag_match(existing, parse("tags=5")));
    EXPECT_NO_THROW(check_tag_match(existing, parse("tags=5|endpoint=localhost:700")));
    EXPECT_NO_THROW(check_tag_match(existing, parse("tags=5|endpoint=127.0.0.1:700")));
    EXPECT_THAT([&] { check_tag_match(existing, parse("tags=5|endpoint=localhost:701")); },
                ThrowsMessage<Error>(HasSubstr("matching tag 5 has mismatched endpoint")));
    EXPECT_THAT([&] { check_tag_match(existing, parse("tags=5|control-mode=manual")); },
                ThrowsMessage<Error>(HasSubstr("matching tag 5 has mismatched control-mode")));
}

TEST(PortManager, ports_of_a_range_are_given_in_turn_and_only_once) {
    PortManager ports({.low = 100, .high = 102});
    EXPECT_EQ(ports.acquire(0), 100);
    EXPECT_EQ(ports.acquire(101), 101) << "named ones are in use, too";
    EXPECT_EQ(ports.acquire(0), 102);
    EXPECT_THAT([&] { static_cast<void>(ports.acquire(0)); },
                ThrowsMessage<Error>("no available ports in range 100 102"));
    ports.release(101);
    EXPECT_EQ(ports.acquire(0), 101);
    EXPECT_EQ(PortManager({}).acquire(0), 0) << "without a range the system chooses";
}

}  // namespace
}  // namespace tern::driver::testing
