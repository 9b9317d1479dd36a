#include "tern/cluster/consensus/log_channels.hpp"

#include <gtest/gtest.h>

#include "tern/wire/channel_uri.hpp"

namespace tern::cluster {
namespace {

using wire::ChannelUri;

void expect_channel(std::string_view actual, std::string_view expected) {
    EXPECT_TRUE(ChannelUri::parse(actual) == ChannelUri::parse(expected))
        << actual << "\nexpected " << expected;
}

LeaderLogChannel spec() {
    return {.log_channel = "aeron:udp?term-length=64k",
            .channel_tag = 11,
            .publication_tag = 12,
            .own_log_endpoint = "h:9003"};
}

TEST(LogChannelsTest, AFreshSingleMemberLogStartsAtZero) {
    expect_channel(leader_publication_channel(spec()),
                   "aeron:udp?term-length=64k|alias=log|tags=11,12|control-mode=manual|"
                   "control=h:0|ssc=true|init-term-id=0|term-id=0|term-offset=0");
}

TEST(LogChannelsTest, AnExistingLogGoesOnWhereItsRecordingStopped) {
    auto with_log = spec();
    with_log.is_single_member = false;
    with_log.is_log_control_enabled = false;
    with_log.log =
        RecoveryPlan::Log{.initial_term_id = 7, .term_buffer_length = 65536, .mtu_length = 1344};
    with_log.position = 65536 + 96;
    expect_channel(leader_publication_channel(with_log),
                   "aeron:udp?term-length=64k|alias=log|tags=11,12|control-mode=manual|ssc=false|"
                   "init-term-id=7|term-id=8|term-offset=96|mtu=1344");
}

TEST(LogChannelsTest, AMulticastOrIpcLogIsNotMdc) {
    auto fixed = spec();
    fixed.log_channel = "aeron:udp?endpoint=224.0.1.1:4000";
    expect_channel(leader_publication_channel(fixed),
                   "aeron:udp?endpoint=224.0.1.1:4000|alias=log|tags=11,12|ssc=true|"
                   "init-term-id=0|term-id=0|term-offset=0");
    fixed.log_channel = "aeron:ipc";
    expect_channel(leader_publication_channel(fixed),
                   "aeron:ipc?alias=log|tags=11,12|init-term-id=0|term-id=0|term-offset=0");
}

TEST(LogChannelsTest, ServicesSpyOnAUdpLogAndSubscribeToAnIpcLog) {
    const auto udp = leader_recording_channel("aeron:udp?term-length=64k", 11, -5);
    expect_channel(udp, "aeron:udp?tags=11|session-id=-5|alias=log");
    expect_channel(leader_services_channel(udp),
                   "aeron-spy:aeron:udp?tags=11|session-id=-5|alias=log");
    const auto ipc = leader_recording_channel("aeron:ipc", 11, -5);
    expect_channel(leader_services_channel(ipc), "aeron:ipc?tags=11|session-id=-5|alias=log");
}

TEST(LogChannelsTest, IngressTakesTheMembersEndpointUnlessItHasOne) {
    expect_channel(ingress_subscription_channel("aeron:udp?term-length=64k", "h:9000"),
                   "aeron:udp?term-length=64k|endpoint=h:9000|rejoin=false|reliable=true");
    expect_channel(ingress_subscription_channel("aeron:udp?endpoint=x:1", "h:9000"),
                   "aeron:udp?endpoint=x:1|rejoin=false|reliable=true");
}

TEST(LogChannelsTest, TheEgressTemplateOverridesResponseChannels) {
    EXPECT_EQ(refine_response_channel("aeron:udp?endpoint=c:1", "", false),
              "aeron:udp?endpoint=c:1");
    expect_channel(
        refine_response_channel("aeron:udp?endpoint=c:1|mtu=8k", "aeron:udp?mtu=1408|ttl=2", false),
        "aeron:udp?endpoint=c:1|mtu=1408|ttl=2");
    EXPECT_EQ(refine_response_channel("aeron:ipc", "aeron:udp?endpoint=c:1", true), "aeron:ipc");
    EXPECT_EQ(refine_response_channel("aeron:ipc", "aeron:udp?endpoint=c:1", false),
              "aeron:udp?endpoint=c:1");
}

}  // namespace
}  // namespace tern::cluster
