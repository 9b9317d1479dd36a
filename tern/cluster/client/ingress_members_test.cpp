#include "tern/cluster/client/ingress_members.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace tern::cluster {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(IngressEndpoints, are_parsed) {
    const auto endpoints = parse_ingress_endpoints("0=h0:9010,2=[::1]:9012,1=h1:9011");
    ASSERT_EQ(endpoints.size(), 3U);
    EXPECT_EQ(endpoints[1].member_id, 2);
    EXPECT_EQ(endpoints[1].endpoint, "[::1]:9012");
    EXPECT_TRUE(parse_ingress_endpoints("").empty());
}

TEST(IngressEndpoints, later_duplicates_win) {
    const auto endpoints = parse_ingress_endpoints("0=a:1,1=b:1,0=c:1");
    ASSERT_EQ(endpoints.size(), 2U);
    EXPECT_EQ(endpoints[1].member_id, 0);
    EXPECT_EQ(endpoints[1].endpoint, "c:1");
}

TEST(IngressEndpoints, garbage_is_refused) {
    const auto parse = [](std::string_view text) {
        return [text] { (void)parse_ingress_endpoints(text); };
    };
    EXPECT_THAT(parse("0=a:1,b:1"),
                ThrowsMessage<ConfigurationError>("endpoint missing '=' separator: 0=a:1,b:1"));
    EXPECT_THAT(parse("x=a:1"), ThrowsMessage<ConfigurationError>(HasSubstr("x=a:1")));
    EXPECT_THAT(parse("=a:1"), ThrowsMessage<ConfigurationError>(HasSubstr("member id")));
    EXPECT_THAT(parse("99999999999=a:1"),
                ThrowsMessage<ConfigurationError>(HasSubstr("member id")));
    std::string many;
    for (std::size_t i = 0; i <= kMaxIngressMembers; ++i) many += fmt::format("{}=a:1,", i);
    EXPECT_THAT(parse(many), ThrowsMessage<ConfigurationError>(HasSubstr("more than 128")));
    many = "0=a:1";
    for (std::size_t i = 1; i < kMaxIngressMembers; ++i) many += fmt::format(",{}=a:1", i);
    EXPECT_EQ(parse_ingress_endpoints(many).size(), kMaxIngressMembers);
}

TEST(IngressChannel, has_the_endpoint_of_the_member) {
    EXPECT_EQ(member_ingress_channel("aeron:udp?term-length=64k", "h:1"),
              "aeron:udp?endpoint=h:1|term-length=64k");
    EXPECT_EQ(member_ingress_channel("aeron:udp?endpoint=x:9", "h:1"), "aeron:udp?endpoint=h:1");
    EXPECT_EQ(member_ingress_channel("aeron:ipc", "h:1"), "aeron:ipc");
}

}  // namespace
}  // namespace tern::cluster
