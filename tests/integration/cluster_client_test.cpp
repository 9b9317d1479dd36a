// The cluster client with a node in the same process, on one thread and on several.

#include <gmock/gmock.h>

#include <cstring>

#include "tern/cluster/client/cluster_client.hpp"
#include "tests/support/test_node.hpp"

namespace tern::integration {
namespace {

using cluster::AsyncClusterClient;
using cluster::ClusterClient;
using cluster::ClusterClientContext;
using cluster::EgressMessage;
using EndReason = AsyncClusterClient::EndReason;
using ::testing::HasSubstr;

class ClusterClientTest : public ::testing::TestWithParam<node::NodeThreading> {
  protected:
    ClusterClientContext context() {
        ClusterClientContext context;
        context.ingress_channel = "aeron:udp?term-length=64k";
        context.ingress_endpoints = node_.ingress_endpoints();
        context.egress_channel = "aeron:udp?endpoint=localhost:0|term-length=64k";
        context.listener.on_message = [this](const EgressMessage& message) {
            last_ = std::string(as_text(message.payload));
            ++answers_;
        };
        return context;
    }
    std::unique_ptr<ClusterClient> connect(ClusterClientContext context) {
        client::Context aeron;
        aeron.aeron_directory = node_.aeron_directory();
        aeron.await_idle = [this] { node_.invoke(); };
        return ClusterClient::connect(std::move(context), aeron, platform_, idle());
    }
    ClusterClient::Idle idle() {
        std::shared_ptr<platform::IdleStrategy> backoff = platform::make_idle_strategy("backoff");
        return [this, backoff](int work) { backoff->idle(work + node_.invoke()); };
    }
    /// And receives the answers. The service waits for who does not read them, and on one thread
    /// everybody waits with it: only so many commands are under way.
    void send_numbers(ClusterClient& client, std::int64_t first, std::int64_t last) {
        constexpr std::int64_t kWindow = 100;
        const std::int64_t before = answers_;
        for (std::int64_t i = first; i <= last; ++i) {
            client.send(bytes_of(i));
            const std::int64_t sent = i - first + 1;
            client.poll_until([&] { return sent - (answers_ - before) < kWindow; }, "answers");
        }
        client.poll_until([&] { return answers_ - before == last - first + 1; }, "the last answer");
    }
    static ConstBytes bytes_of(const std::int64_t& value) {
        return std::as_bytes(std::span(&value, 1));
    }
    static std::int64_t to_int(std::string_view bytes) {
        std::int64_t value = 0;
        std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof(value)));
        return value;
    }

    platform::Platform platform_ = platform::posix::make_platform();
    testing::TestNode node_{platform_, GetParam()};
    std::int64_t answers_ = 0;
    std::string last_;
};

TEST_P(ClusterClientTest, connects_sends_receives_and_closes) {
    node_.start("counter");
    auto client = connect(context());
    EXPECT_GT(client->async().cluster_session_id(), 0);
    EXPECT_EQ(client->async().leader_member_id(), 0);
    send_numbers(*client, 1, 2'000);
    EXPECT_EQ(to_int(last_), 2'000 * 2'001 / 2);
    client->close();
    EXPECT_TRUE(client->is_closed());
    EXPECT_EQ(client->async().end_reason(), EndReason::none);
    client->close();
    const std::int64_t one = 1;
    EXPECT_EQ(client->offer(bytes_of(one)), client::kPublicationClosed);
    node_.close_and_expect_no_errors();
}

INSTANTIATE_TEST_SUITE_P(Threading, ClusterClientTest,
                         ::testing::Values(node::NodeThreading::single, node::NodeThreading::shared,
                                           node::NodeThreading::dedicated),
                         testing::threading_name);

}  // namespace
}  // namespace tern::integration
