// A whole Tern node, in every threading mode, with upstream's cluster client.

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "java_driver.hpp"
#include "tern/base/duration.hpp"
#include "tern/cluster/consensus/control_toggle.hpp"
#include "tern/memory/archive_mark_file.hpp"
#include "tern/memory/cluster_mark_file.hpp"
#include "tern/memory/counter_types.hpp"
#include "tern/memory/distinct_error_log.hpp"
#include "tern/node/builtin_services.hpp"
#include "tern/node/clustered_node.hpp"
#include "tern/platform/idle_strategy.hpp"

namespace tern::interop {
namespace {

using cluster::ControlToggle;
using node::ClusteredNode;
using node::NodeContext;
using node::NodeThreading;

constexpr std::int64_t kPatienceNs = 30 * kNanosPerSecond;

class NodeWithJavaClient : public ::testing::TestWithParam<NodeThreading> {
  protected:
    void SetUp() override {
        ASSERT_NE(aeron_jar(), nullptr) << "set TERN_AERON_JAR, or run ./dev test interop";
        ingress_ = free_endpoint();
    }

    std::string free_endpoint() {
        platform::UdpSocketOptions options;
        options.bind_address = *platform::SocketAddress::parse("127.0.0.1:0");
        auto socket = platform_.network.open(options);
        return (*socket)->local_address().to_string();
    }
    [[nodiscard]] std::string aeron_directory() const { return scratch_.path() + "/aeron"; }
    [[nodiscard]] std::string cluster_directory() const { return scratch_.path() + "/cluster"; }

    void start() {
        Properties properties;
        properties.set("aeron.dir", aeron_directory());
        properties.set("aeron.term.buffer.length", "64k");
        properties.set("aeron.ipc.term.buffer.length", "64k");
        properties.set("aeron.archive.dir", scratch_.path() + "/archive");
        properties.set("aeron.archive.segment.file.length", "128k");
        properties.set("aeron.archive.control.channel", "aeron:udp?endpoint=localhost:0");
        properties.set("aeron.archive.replication.channel", "aeron:udp?endpoint=localhost:0");
        properties.set("aeron.cluster.dir", cluster_directory());
        properties.set("aeron.cluster.members",
                       "0," + ingress_ + ",localhost:1,localhost:2,localhost:3,localhost:4");
        properties.set("aeron.cluster.ingress.channel", "aeron:udp?term-length=64k");
        properties.set("aeron.cluster.log.channel", "aeron:udp?term-length=64k");
        properties.set("aeron.cluster.replication.channel", "aeron:udp?endpoint=localhost:0");
        NodeContext context = NodeContext::from_properties(properties, platform_);
        context.container = cluster::ServiceContainerContext::from_properties(properties);
        context.container->service = node::make_builtin_service("counter");
        context.threading = GetParam();
        context.is_owner_driven = GetParam() == NodeThreading::single;
        context.error_handler = [this](const std::exception& error) {
            const std::lock_guard lock(errors_mutex_);
            errors_.push_back(error.what());
        };
        node_ = ClusteredNode::launch(context, platform_);
    }

    template <typename Condition>
    void await(Condition&& condition, const char* what) {
        const auto idle = platform::make_idle_strategy("backoff");
        const std::int64_t deadline = platform_.clock.nano_time() + kPatienceNs;
        while (!condition()) {
            if (platform_.clock.nano_time() > deadline) {
                const std::lock_guard lock(errors_mutex_);
                FAIL() << "waited for " << what << ": " << node_->failure() << " errors "
                       << ::testing::PrintToString(errors_);
            }
            idle->idle(GetParam() == NodeThreading::single ? node_->invoke() : 0);
        }
    }

    std::int64_t counter(std::int32_t type_id) {
        const memory::CountersReader& counters = node_->driver()->counters();
        std::int64_t value = -1;
        counters.for_each([&](std::int32_t id) {
            if (counters.type_id(id) == type_id) value = counters.value(id);
        });
        return value;
    }

    void await_leader() {
        await([&] { return counter(memory::counter_type::kClusterElectionState) == 17; },
              "a leader");
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
                             aeron_directory(),
                             "0=" + ingress_,
                             std::to_string(first),
                             std::to_string(count),
                             std::to_string(before),
                             std::to_string(length)};
        options.output = platform::posix::Output::pipe;
        platform::posix::Process client(options);
        await([&] { return client.wait(0).has_value(); }, "the client's end");
        const std::string output = client.read_all(kNanosPerSecond);
        EXPECT_EQ(client.wait(0), 0) << output;
        return output.substr(output.rfind('\n', output.size() - 2) + 1);
    }

    void toggle(ControlToggle value) {
        auto mapping = platform_.storage.open_mapped(aeron_directory() + "/cnc.dat",
                                                     platform::Access::read_write);
        const memory::CncFile cnc(mapping->bytes());
        const memory::CountersReader counters = cnc.counters();
        counters.for_each([&](std::int32_t id) {
            if (counters.type_id(id) == memory::counter_type::kClusterControlToggle) {
                memory::Counter(cnc.counters_values(), id).set(static_cast<std::int64_t>(value));
            }
        });
    }

    /// Closes the node and reads every error log from its file, as an operator would.
    void close_and_expect_no_errors() {
        std::string driver_errors;
        {
            auto cnc = platform_.storage.open_mapped(aeron_directory() + "/cnc.dat",
                                                     platform::Access::read_only);
            node_->close();
            driver_errors = memory::error_report(memory::CncFile(cnc->bytes()).error_log());
        }
        EXPECT_EQ(node_->failure(), "");
        node_.reset();
        platform::Storage& storage = platform_.storage;
        EXPECT_EQ(driver_errors, "");
        EXPECT_EQ(memory::error_report(memory::ClusterMarkFile::open(
                                           storage, cluster_directory() + "/cluster-mark.dat")
                                           .error_log()),
                  "");
        EXPECT_EQ(
            memory::error_report(memory::ClusterMarkFile::open(
                                     storage, cluster_directory() + "/cluster-mark-service-0.dat")
                                     .error_log()),
            "");
        EXPECT_EQ(memory::error_report(memory::ArchiveMarkFile::open(
                                           storage, scratch_.path() + "/archive/archive-mark.dat")
                                           .error_log()),
                  "");
        const std::lock_guard lock(errors_mutex_);
        EXPECT_EQ(errors_, std::vector<std::string>{});
    }

    platform::Platform platform_ = platform::posix::make_platform();
    ScratchDirectory scratch_{platform_};
    std::string ingress_;
    std::mutex errors_mutex_;
    std::vector<std::string> errors_;
    std::unique_ptr<ClusteredNode> node_;
};

TEST_P(NodeWithJavaClient, ServesSnapshotsShutsDownAndRestarts) {
    start();
    await_leader();
    EXPECT_EQ(run_client(1, 1000, 0, 8), "TOTAL 500500\n");
    EXPECT_EQ(run_client(1, 20, 500500, 3000), "TOTAL 500710\n");
    toggle(ControlToggle::snapshot);
    await([&] { return counter(memory::counter_type::kClusterSnapshotCount) == 1; },
          "the snapshot");
    EXPECT_EQ(run_client(1, 100, 500710, 8), "TOTAL 505760\n");
    toggle(ControlToggle::shutdown);
    await([&] { return node_->ended(); }, "the shutdown");
    close_and_expect_no_errors();

    start();
    await_leader();
    EXPECT_EQ(run_client(1, 1, 505760, 8), "TOTAL 505761\n");
    close_and_expect_no_errors();

    start();  // closed without a snapshot: the log brings the state back
    await_leader();
    EXPECT_EQ(run_client(1, 1, 505761, 8), "TOTAL 505762\n");
    toggle(ControlToggle::abort);
    await([&] { return node_->ended(); }, "the abort");
    close_and_expect_no_errors();
}

std::string threading_name(const ::testing::TestParamInfo<NodeThreading>& threading) {
    switch (threading.param) {
        case NodeThreading::single:
            return "Single";
        case NodeThreading::shared:
            return "Shared";
        case NodeThreading::dedicated:
            return "Dedicated";
    }
    return "Unknown";
}

INSTANTIATE_TEST_SUITE_P(Threading, NodeWithJavaClient,
                         ::testing::Values(NodeThreading::single, NodeThreading::shared,
                                           NodeThreading::dedicated),
                         threading_name);

}  // namespace
}  // namespace tern::interop
