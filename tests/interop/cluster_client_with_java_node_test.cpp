// Our cluster client with upstream's node and upstream's service container, on upstream's driver.

#include <gmock/gmock.h>

#include <cstring>
#include <string>

#include "java_driver.hpp"
#include "tern/base/duration.hpp"
#include "tern/cluster/client/cluster_client.hpp"
#include "tern/platform/idle_strategy.hpp"
#include "tests/support/tern_process.hpp"

namespace tern::interop {
namespace {

using cluster::ClusterClient;
using ::testing::HasSubstr;

constexpr std::int64_t kPatienceNs = 30 * kNanosPerSecond;

class ClusterClientWithJavaNode : public ::testing::Test {
  protected:
    void SetUp() override {
        ASSERT_NE(aeron_jar(), nullptr) << "set TERN_AERON_JAR, or run ./dev test interop";
        std::string members = "0";
        for (int i = 0; i < 5; ++i) {
            const std::string endpoint = support::free_endpoint(platform_);
            if (i == 0) ingress_ = endpoint;
            members += "," + endpoint;
        }
        node_ = start_java_program("UpstreamNode", {aeron_directory(), scratch_.path(), members});
        support::await_line(*node_, "STARTED");
        container_ = start_java_program("CounterServiceContainer",
                                        {aeron_directory(), scratch_.path() + "/cluster"});
        support::await_line(*container_, "START 0");
    }
    void TearDown() override {
        for (auto* process : {container_.get(), node_.get()}) {
            if (process == nullptr) continue;
            process->terminate();
            EXPECT_TRUE(process->wait(kPatienceNs));
        }
    }
    [[nodiscard]] std::string aeron_directory() const { return scratch_.path() + "/aeron"; }

    std::unique_ptr<ClusterClient> connect(const std::string& egress_channel) {
        cluster::ClusterClientContext context;
        context.ingress_channel = "aeron:udp?term-length=64k";
        context.ingress_endpoints = "0=" + ingress_;
        context.egress_channel = egress_channel;
        context.message_timeout_ns = kPatienceNs;
        context.listener.on_message = [this](const cluster::EgressMessage& message) {
            ASSERT_EQ(message.payload.size(), sizeof(total_));
            total_ = load<std::int64_t>(message.payload.data());
            ++answers_;
        };
        client::Context aeron;
        aeron.aeron_directory = aeron_directory();
        aeron.driver_timeout_ns = 2 * kNanosPerSecond;
        return ClusterClient::connect(context, aeron, platform_);
    }
    void send_numbers(ClusterClient& client, std::int64_t first, std::int64_t last,
                      std::size_t length = sizeof(std::int64_t)) {
        std::vector<std::byte> message(length);
        const std::int64_t before = answers_;
        for (std::int64_t i = first; i <= last; ++i) {
            store(message.data(), i);
            client.send(message);
            client.poll();
        }
        client.poll_until([&] { return answers_ - before == last - first + 1; }, "the answers");
    }

    platform::Platform platform_ = platform::posix::make_platform();
    ScratchDirectory scratch_{platform_};
    std::string ingress_;
    std::unique_ptr<platform::posix::Process> node_;
    std::unique_ptr<platform::posix::Process> container_;
    std::int64_t answers_ = 0;
    std::int64_t total_ = 0;
};

TEST_F(ClusterClientWithJavaNode, commands_are_answered_and_the_session_ends_by_its_close) {
    auto client = connect("aeron:udp?endpoint=localhost:0");
    send_numbers(*client, 1, 1'000);
    EXPECT_EQ(total_, 500'500);
    send_numbers(*client, 1, 20, 3'000);
    EXPECT_EQ(total_, 500'710);
    client->send_keep_alive();
    // Upstream, too, denies it by default.
    EXPECT_THAT([&] { client->request_snapshot(); },
                ::testing::ThrowsMessage<Error>(HasSubstr("UNAUTHORISED_ACCESS")));
    client->close();

    auto again = connect("aeron:ipc");
    send_numbers(*again, 1, 10);
    EXPECT_EQ(total_, 500'765);
    again->close();
}

TEST_F(ClusterClientWithJavaNode, its_end_is_noticed) {
    auto client = connect("aeron:udp?endpoint=localhost:0");
    send_numbers(*client, 1, 10);
    container_->terminate();
    node_->kill();
    const auto idle = platform::make_idle_strategy("backoff");
    const std::int64_t deadline = platform_.clock.nano_time() + kPatienceNs;
    while (!client->is_closed()) {
        ASSERT_LT(platform_.clock.nano_time(), deadline);
        idle->idle(client->poll());
    }
    EXPECT_EQ(client->async().end_reason(), cluster::AsyncClusterClient::EndReason::aeron_closed);
}

}  // namespace
}  // namespace tern::interop
