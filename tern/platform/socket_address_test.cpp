#include "tern/platform/socket_address.hpp"

#include <gtest/gtest.h>

#include <unordered_set>

namespace tern::platform {
namespace {

TEST(SocketAddress, ReadsAndWritesBothFamilies) {
    for (const char* text : {"1.2.3.4:5", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:40123",
                             "[fe80::1:2]:7", "[ff02::1]:0"}) {
        const auto address = SocketAddress::parse(text);
        ASSERT_TRUE(address.has_value()) << address.error();
        EXPECT_EQ(address->to_string(), text);
    }
}

TEST(SocketAddress, RefusesWhatIsNotAnAddress) {
    for (const char* text :
         {"", ":", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3:5", "host:5",
          "::1:5", "[::1]", "[::1:5", "[]:5", "1.2.3.4:5x", "[fe80::1%no-such-interface]:5"}) {
        const auto address = SocketAddress::parse(text);
        EXPECT_FALSE(address.has_value()) << text;
    }
}

TEST(SocketAddress, KnowsItsKind) {
    EXPECT_TRUE(SocketAddress::parse("224.0.1.1:1")->is_multicast());
    EXPECT_FALSE(SocketAddress::parse("223.0.1.1:1")->is_multicast());
    EXPECT_TRUE(SocketAddress::parse("[ff02::1]:1")->is_multicast());
    EXPECT_TRUE(SocketAddress::parse("0.0.0.0:1")->is_wildcard());
    EXPECT_TRUE(SocketAddress::parse("[::]:1")->is_wildcard());
    EXPECT_TRUE(SocketAddress::parse("127.3.2.1:1")->is_loopback());
    EXPECT_TRUE(SocketAddress::parse("[::1]:1")->is_loopback());
    EXPECT_FALSE(SocketAddress::parse("[::2]:1")->is_loopback());
    EXPECT_TRUE(SocketAddress{}.empty());
    EXPECT_FALSE(SocketAddress{}.is_wildcard());
    EXPECT_EQ(SocketAddress{}.to_string(), "");
}

TEST(SocketAddress, IsAValue) {
    const auto address = *SocketAddress::parse("10.0.0.1:1");
    EXPECT_EQ(address.with_port(2).to_string(), "10.0.0.1:2");
    EXPECT_NE(address, address.with_port(2));
    EXPECT_NE(*SocketAddress::parse("0.0.0.0:1"), *SocketAddress::parse("[::]:1"));
    std::unordered_set<SocketAddress> set{address, address.with_port(2), address};
    EXPECT_EQ(set.size(), 2U);
}

}  // namespace
}  // namespace tern::platform
