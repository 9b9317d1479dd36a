// A node whose recording.log was lost does not start as if nothing had ever been acknowledged.

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>

#include "tern/cluster/client/cluster_client.hpp"
#include "tests/support/test_node.hpp"

namespace tern {
namespace {

using support::TestNode;

class LostRecordingLog : public ::testing::Test {
  protected:
    /// Adds to the counter service's total, and returns it.
    std::int64_t add(std::int64_t value) {
        std::optional<std::int64_t> total;
        cluster::ClusterClientContext context;
        context.ingress_channel = "aeron:udp?term-length=64k";
        context.ingress_endpoints = node_.ingress_endpoints();
        context.egress_channel = "aeron:udp?endpoint=localhost:0|term-length=64k";
        context.listener.on_message = [&](const cluster::EgressMessage& message) {
            total = load<std::int64_t>(message.payload.data());
        };
        client::Context aeron;
        aeron.aeron_directory = node_.aeron_directory();
        aeron.use_conductor_invoker = true;
        const auto client = cluster::ClusterClient::connect(context, aeron, platform_);
        std::array<std::byte, sizeof(value)> bytes;
        store(bytes.data(), value);
        client->send(bytes);
        client->poll_until([&] { return total.has_value(); }, "the total");
        return *total;
    }
    void serve_and_lose_the_file() {
        node_.start();
        node_.await_leader();
        EXPECT_EQ(add(7), 7);
        node_.close_and_expect_no_errors();
        const std::string path = node_.cluster_directory() + "/recording.log";
        platform_.storage.open(path, platform::Access::read_write)->truncate(0);
    }

    platform::Platform platform_ = platform::posix::make_platform();
    TestNode node_{platform_, node::NodeThreading::shared};
};

TEST_F(LostRecordingLog, IsNoticedAndTheStartRefused) {
    serve_and_lose_the_file();
    node_.start();
    node_.await([&] { return node_.node().ended(); }, "the node's end");
    const std::string failure = node_.node().failure();
    EXPECT_NE(failure.find("recording.log in " + node_.cluster_directory()), std::string::npos)
        << failure;
    EXPECT_NE(failure.find("tern.cluster.new.log"), std::string::npos) << failure;
    node_.close();
}

TEST_F(LostRecordingLog, IsForgottenWhenTheOperatorSaysSo) {
    serve_and_lose_the_file();
    node_.properties().set("tern.cluster.new.log", "true");
    node_.start();
    node_.await_leader();
    EXPECT_EQ(add(1), 1);
    node_.close_and_expect_no_errors();
}

}  // namespace
}  // namespace tern
