// A whole Tern node, in every threading mode, with upstream's cluster client.

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "java_driver.hpp"
#include "tests/support/test_node.hpp"

namespace tern::interop {
namespace {

using node::NodeThreading;

class NodeWithJavaClient : public ::testing::TestWithParam<NodeThreading> {
  protected:
    void SetUp() override {
        ASSERT_NE(aeron_jar(), nullptr) << "set TERN_AERON_JAR, or run ./dev test interop";
    }

    std::string run_client(std::int64_t first, std::int64_t count, std::int64_t before,
                           int length) {
        platform::posix::ProcessOptions options;
        options.arguments = {"java",
                             "-cp",
                             std::string(aeron_jar()) + ":" + std::getenv("TERN_JAVA_CLASSES"),
                             "--add-opens",
                             "java.base/jdk.internal.misc=ALL-UNNAMED",
                             "ClusterCounterClient",
                             node_.aeron_directory(),
                             node_.ingress_endpoints(),
                             std::to_string(first),
                             std::to_string(count),
                             std::to_string(before),
                             std::to_string(length)};
        options.output = platform::posix::Output::pipe;
        platform::posix::Process client(options);
        node_.await([&] { return client.wait(0).has_value(); }, "the client's end");
        const std::string output = client.read_all(kNanosPerSecond);
        EXPECT_EQ(client.wait(0), 0) << output;
        return output.substr(output.rfind('\n', output.size() - 2) + 1);
    }

    support::TestNode node_{platform::posix::make_platform(), GetParam()};
};

TEST_P(NodeWithJavaClient, ServesSnapshotsShutsDownAndRestarts) {
    node_.start();
    node_.await_leader();
    EXPECT_EQ(run_client(1, 1000, 0, 8), "TOTAL 500500\n");
    EXPECT_EQ(run_client(1, 20, 500500, 3000), "TOTAL 500710\n");
    node_.take_snapshot();
    EXPECT_EQ(run_client(1, 100, 500710, 8), "TOTAL 505760\n");
    node_.shut_down();
    node_.close_and_expect_no_errors();

    node_.start();
    node_.await_leader();
    EXPECT_EQ(run_client(1, 1, 505760, 8), "TOTAL 505761\n");
    node_.close_and_expect_no_errors();

    node_.start();  // closed without a snapshot: the log brings the state back
    node_.await_leader();
    EXPECT_EQ(run_client(1, 1, 505761, 8), "TOTAL 505762\n");
    node_.shut_down(cluster::ControlToggle::abort);
    node_.close_and_expect_no_errors();
}

INSTANTIATE_TEST_SUITE_P(Threading, NodeWithJavaClient,
                         ::testing::Values(NodeThreading::single, NodeThreading::shared,
                                           NodeThreading::dedicated),
                         support::threading_name);

}  // namespace
}  // namespace tern::interop
