// Our cluster client, on our driver, with three members of upstream's: redirects, and a leader that
// is killed.

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <string>

#include "java_driver.hpp"
#include "tern/base/duration.hpp"
#include "tern/cluster/client/cluster_client.hpp"
#include "tern/driver/media_driver.hpp"
#include "tests/support/tern_process.hpp"

namespace tern::interop {
namespace {

using cluster::ClusterClient;
using platform::posix::Process;

constexpr int kMembers = 3;
constexpr std::int64_t kPatienceNs = 60 * kNanosPerSecond;

class ClusterClientWithJavaCluster : public ::testing::Test {
  protected:
    void SetUp() override {
        ASSERT_NE(aeron_jar(), nullptr) << "set TERN_AERON_JAR, or run ./dev test interop";
        start_members();
        driver::DriverContext context;
        context.aeron_directory = scratch_.path() + "/client";
        context.image_liveness_timeout_ns = 2 * kNanosPerSecond;
        driver_ = driver::MediaDriver::launch(context, platform_);
    }
    void TearDown() override {
        for (auto& container : containers_) container->kill();
        for (auto& node : nodes_) node->kill();
        if (driver_) driver_->close();
    }

    void start_members() {
        std::string members;
        for (int i = 0; i < kMembers; ++i) {
            members += fmt::format("{}{}", i == 0 ? "" : "|", i);
            for (int endpoint = 0; endpoint < 5; ++endpoint) {
                const std::string address = support::free_endpoint(platform_);
                if (endpoint == 0) ingress_[static_cast<std::size_t>(i)] = address;
                members += "," + address;
            }
        }
        for (int i = 0; i < kMembers; ++i) {
            nodes_.push_back(start_java_program(
                "UpstreamNode", {directory(i) + "/aeron", directory(i), members, std::to_string(i)},
                {"aeron.cluster.leader.heartbeat.timeout=3s",
                 "aeron.cluster.startup.canvass.timeout=10s",
                 "aeron.cluster.log.channel=aeron:udp?term-length=64k",
                 "aeron.term.buffer.length=65536", "aeron.ipc.term.buffer.length=65536"}));
        }
        for (int i = 0; i < kMembers; ++i) {
            support::await_line(*nodes_[static_cast<std::size_t>(i)], "STARTED");
            containers_.push_back(start_java_program(
                "CounterServiceContainer", {directory(i) + "/aeron", directory(i) + "/cluster"}));
        }
        for (auto& container : containers_) support::await_line(*container, "START 0");
    }
    [[nodiscard]] std::string directory(int member) const {
        return fmt::format("{}/member-{}", scratch_.path(), member);
    }
    [[nodiscard]] std::string endpoint_of(int member) const {
        return fmt::format("{}={}", member, ingress_[static_cast<std::size_t>(member)]);
    }

    std::unique_ptr<ClusterClient> connect(const std::string& ingress_endpoints) {
        cluster::ClusterClientContext context;
        context.ingress_channel = "aeron:udp?term-length=64k";
        context.ingress_endpoints = ingress_endpoints;
        context.egress_channel = "aeron:udp?endpoint=localhost:0|term-length=64k";
        context.message_timeout_ns = kPatienceNs;
        context.new_leader_timeout_ns = kPatienceNs;
        context.listener.on_message = [this](const cluster::EgressMessage& message) {
            total_ = load<std::int64_t>(message.payload.data());
            ++answers_;
        };
        client::Context aeron;
        aeron.aeron_directory = scratch_.path() + "/client";
        return ClusterClient::connect(context, aeron, platform_);
    }
    void send_ones(ClusterClient& client, std::int64_t count) {
        const std::int64_t before = answers_;
        const std::int64_t one = 1;
        for (std::int64_t i = 0; i < count; ++i) {
            client.send(std::as_bytes(std::span(&one, 1)));
            client.poll();
        }
        client.poll_until([&] { return answers_ - before == count; }, "the answers");
    }

    platform::Platform platform_ = platform::posix::make_platform();
    ScratchDirectory scratch_{platform_};
    std::array<std::string, kMembers> ingress_;
    std::vector<std::unique_ptr<Process>> nodes_;
    std::vector<std::unique_ptr<Process>> containers_;
    std::unique_ptr<driver::MediaDriver> driver_;
    std::int64_t answers_ = 0;
    std::int64_t total_ = 0;
};

TEST_F(ClusterClientWithJavaCluster, finds_the_leader_from_any_member_and_goes_over_to_the_next) {
    auto client = connect(endpoint_of(0) + "," + endpoint_of(1) + "," + endpoint_of(2));
    const std::int32_t leader = client->async().leader_member_id();
    // Two of the three are followers, and redirect.
    for (int member = 0; member < kMembers; ++member) {
        auto redirected = connect(endpoint_of(member));
        EXPECT_EQ(redirected->async().leader_member_id(), leader) << "by way of member " << member;
        send_ones(*redirected, 10);
        redirected->close();
    }
    send_ones(*client, 70);
    EXPECT_EQ(total_, 100);

    nodes_[static_cast<std::size_t>(leader)]->kill();
    client->poll_until(
        [&] { return client->is_closed() || client->async().leader_member_id() != leader; },
        "a new leader");
    client->poll_until([&] { return client->async().is_connected(); }, "the way to the new leader");
    EXPECT_EQ(client->async().leadership_term_id(), 1);
    send_ones(*client, 100);
    EXPECT_EQ(total_, 200);
    client->close();
}

}  // namespace
}  // namespace tern::interop
