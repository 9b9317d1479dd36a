#include "tern/cluster/consensus/consensus_module_context.hpp"

#include <gtest/gtest.h>

namespace tern::cluster {
namespace {

Properties minimal() {
    Properties p;
    p.set("aeron.cluster.members", "0,h:1,h:2,h:3,h:4,h:5");
    p.set("aeron.cluster.ingress.channel", "aeron:udp?endpoint=h:1");
    p.set("aeron.cluster.replication.channel", "aeron:udp?endpoint=h:0");
    return p;
}

std::string refusal(const Properties& p) {
    try {
        ConsensusModuleContext::from_properties(p).validate();
    } catch (const ConfigurationError& e) {
        return e.what();
    }
    return "";
}

TEST(ConsensusModuleContextTest, DefaultsAreUpstreams) {
    const auto ctx = ConsensusModuleContext::from_properties(minimal());
    EXPECT_NO_THROW(ctx.validate());
    EXPECT_EQ(ctx.log_channel, "aeron:udp?term-length=64m");
    EXPECT_EQ(ctx.control_channel, "aeron:ipc?term-length=128k");
    EXPECT_EQ(ctx.snapshot_stream_id, 107);
    EXPECT_EQ(ctx.archive.control_request_stream_id, 10);
    EXPECT_EQ(ctx.archive.control_response_stream_id, 120);
    EXPECT_EQ(ctx.session_timeout_ns, 10'000'000'000);
    EXPECT_EQ(ctx.name(), "consensus-module-0-0");
}

TEST(ConsensusModuleContextTest, ReadsUpstreamsProperties) {
    auto p = minimal();
    p.set("aeron.cluster.id", "7");
    p.set("aeron.cluster.session.timeout", "2s");
    p.set("aeron.cluster.clock", "io.aeron.cluster.NanosecondClusterClock");
    p.set("aeron.archive.file.sync.level", "2");
    const auto ctx = ConsensusModuleContext::from_properties(p);
    EXPECT_EQ(ctx.archive.control_response_stream_id, 820);
    EXPECT_EQ(ctx.session_timeout_ns, 2'000'000'000);
    EXPECT_EQ(ctx.time_unit, TimeUnit::nanoseconds);
    EXPECT_EQ(ctx.file_sync_level, 2);
    EXPECT_EQ(ctx.name(), "consensus-module-7-0");
}

TEST(ConsensusModuleContextTest, SaysWhatCannotBeUsed) {
    const auto with = [](std::string_view name, std::string_view value) {
        auto p = minimal();
        p.set(name, value);
        return refusal(p);
    };
    EXPECT_EQ(refusal(Properties{}), "ConsensusModule.Context.clusterMembers must be set");
    EXPECT_EQ(with("aeron.cluster.log.channel", "aeron:udp?term-id=4"),
              "logChannel must not contain: term-id");
    EXPECT_EQ(with("aeron.cluster.service.count", "11"), "service count of range [0, 10]: 11");
    EXPECT_EQ(with("aeron.cluster.member.id", "3"), "memberId=3 not found in clusterMembers");
    EXPECT_EQ(with("aeron.cluster.ingress.channel", ""), "ingressChannel must be specified");
    EXPECT_EQ(with("aeron.cluster.replication.channel", ""), "replicationChannel must be set");
    EXPECT_EQ(with("aeron.archive.local.control.channel", "aeron:udp?endpoint=h:9"),
              "local archive control must be IPC");
    EXPECT_EQ(with("aeron.cluster.startup.canvass.timeout", "19s"),
              "startupCanvassTimeoutNs=19000000000 must be a multiple of "
              "leaderHeartbeatTimeoutNs=10000000000");
    EXPECT_EQ(with("aeron.cluster.clock", "x"), "failed to instantiate ClusterClock x");
}

}  // namespace
}  // namespace tern::cluster
