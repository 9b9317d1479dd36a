#pragma once
// A whole node in the test's process, with a built-in service, in a directory of its own: started,
// looked at and closed as an operator would, as often as the test likes.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tern/base/duration.hpp"
#include "tern/cluster/consensus/control_toggle.hpp"
#include "tern/memory/archive_mark_file.hpp"
#include "tern/memory/cluster_mark_file.hpp"
#include "tern/memory/cnc_file.hpp"
#include "tern/memory/counter_types.hpp"
#include "tern/memory/distinct_error_log.hpp"
#include "tern/node/builtin_services.hpp"
#include "tern/node/clustered_node.hpp"
#include "tern/platform/idle_strategy.hpp"
#include "tern/platform/posix/platform.hpp"
#include "tests/support/scratch_directory.hpp"

namespace tern::support {

class TestNode {
  public:
    static constexpr std::int64_t kPatienceNs = 30 * kNanosPerSecond;

    TestNode(platform::Platform platform, node::NodeThreading threading)
        : platform_(platform),
          threading_(threading),
          scratch_(platform),
          ingress_(free_endpoint(platform)) {}

    [[nodiscard]] std::string aeron_directory() const { return scratch_.path() + "/aeron"; }
    [[nodiscard]] std::string cluster_directory() const { return scratch_.path() + "/cluster"; }
    [[nodiscard]] std::string archive_directory() const { return scratch_.path() + "/archive"; }
    [[nodiscard]] std::string ingress_endpoints() const { return "0=" + ingress_; }

    /// Properties beside or instead of the usual ones.
    Properties& properties() noexcept { return extra_; }
    /// Sees the context before each start; may change it.
    std::function<void(node::NodeContext&)> on_start;

    /// What start() launches; for tests that put the parts together themselves.
    node::NodeContext make_context(std::string_view service = "counter") {
        node::NodeContext context = node::NodeContext::from_properties(all_properties(), platform_);
        context.container = cluster::ServiceContainerContext::from_properties(all_properties());
        context.container->service = node::make_builtin_service(service);
        context.threading = threading_;
        context.is_owner_driven = is_owner_driven();
        context.error_handler = [this](const std::exception& error) {
            const std::lock_guard lock(errors_mutex_);
            errors_.emplace_back(error.what());
        };
        if (on_start) on_start(context);
        return context;
    }
    void start(std::string_view service = "counter") {
        node_ = node::ClusteredNode::launch(make_context(service), platform_);
    }

    /// With `single` threading the test's thread drives the node: while it waits here, and through
    /// this function where it waits elsewhere.
    int invoke() { return is_owner_driven() && node_ ? node_->invoke() : 0; }

    /// Waits until the condition holds, driving the node.
    template <typename Condition>
    void await(Condition&& condition, const char* what) {
        const auto idle = platform::make_idle_strategy("backoff");
        const std::int64_t deadline = platform_.clock.nano_time() + kPatienceNs;
        while (!condition()) {
            if (platform_.clock.nano_time() > deadline) {
                FAIL() << "waited for " << what << ": " << (node_ ? node_->failure() : "no node")
                       << " errors " << ::testing::PrintToString(errors());
            }
            idle->idle(invoke());
        }
    }

    /// Value of the first counter of that type; -1 when there is none.
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

    void toggle(cluster::ControlToggle value) {
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

    void take_snapshot() {
        const std::int64_t before = counter(memory::counter_type::kClusterSnapshotCount);
        toggle(cluster::ControlToggle::snapshot);
        await([&] { return counter(memory::counter_type::kClusterSnapshotCount) == before + 1; },
              "the snapshot");
    }

    void shut_down(cluster::ControlToggle how = cluster::ControlToggle::shutdown) {
        toggle(how);
        await([&] { return node_->ended(); }, "the shutdown");
    }

    void close() { node_->close(); }

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
        EXPECT_EQ(driver_errors, "");
        EXPECT_EQ(cluster_errors("cluster-mark.dat"), "");
        EXPECT_EQ(cluster_errors("cluster-mark-service-0.dat"), "");
        EXPECT_EQ(
            memory::error_report(memory::ArchiveMarkFile::open(
                                     platform_.storage, archive_directory() + "/archive-mark.dat")
                                     .error_log()),
            "");
        EXPECT_EQ(errors(), std::vector<std::string>{});
    }

    [[nodiscard]] std::vector<std::string> errors() {
        const std::lock_guard lock(errors_mutex_);
        return errors_;
    }
    node::ClusteredNode& node() { return *node_; }

  private:
    [[nodiscard]] bool is_owner_driven() const { return threading_ == node::NodeThreading::single; }
    [[nodiscard]] Properties all_properties() const {
        Properties all = extra_;
        const auto put = [&](const char* name, const std::string& value) {
            if (!all.find(name)) all.set(name, value);
        };
        put("aeron.dir", aeron_directory());
        put("aeron.term.buffer.length", "64k");
        put("aeron.ipc.term.buffer.length", "64k");
        put("aeron.archive.dir", archive_directory());
        put("aeron.archive.segment.file.length", "128k");
        put("aeron.archive.control.channel", "aeron:udp?endpoint=localhost:0");
        put("aeron.archive.replication.channel", "aeron:udp?endpoint=localhost:0");
        put("aeron.cluster.dir", cluster_directory());
        put("aeron.cluster.members",
            "0," + ingress_ + ",localhost:1,localhost:2,localhost:3,localhost:4");
        put("aeron.cluster.ingress.channel", "aeron:udp?term-length=64k");
        put("aeron.cluster.log.channel", "aeron:udp?term-length=64k");
        put("aeron.cluster.replication.channel", "aeron:udp?endpoint=localhost:0");
        return all;
    }
    [[nodiscard]] std::string cluster_errors(const std::string& mark_file) const {
        return memory::error_report(
            memory::ClusterMarkFile::open(platform_.storage, cluster_directory() + "/" + mark_file)
                .error_log());
    }

    platform::Platform platform_;
    node::NodeThreading threading_;
    ScratchDirectory scratch_;
    std::string ingress_;
    Properties extra_;
    std::mutex errors_mutex_;
    std::vector<std::string> errors_;
    std::unique_ptr<node::ClusteredNode> node_;
};

/// Names of test instances.
[[nodiscard]] inline std::string threading_name(
    const ::testing::TestParamInfo<node::NodeThreading>& threading) {
    switch (threading.param) {
        case node::NodeThreading::single:
            return "Single";
        case node::NodeThreading::shared:
            return "Shared";
        case node::NodeThreading::dedicated:
            return "Dedicated";
    }
    return "Unknown";
}

}  // namespace tern::support
