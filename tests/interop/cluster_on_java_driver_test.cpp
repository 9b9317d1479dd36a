// Our consensus module and service container on upstream's driver and archive, with upstream's
// cluster client: each part of ours meets a real peer before it meets another part of ours.

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "java_driver.hpp"
#include "tern/base/duration.hpp"
#include "tern/cluster/consensus/consensus_module.hpp"
#include "tern/cluster/consensus/control_toggle.hpp"
#include "tern/cluster/service/service_container.hpp"
#include "tern/memory/counter_types.hpp"
#include "tern/node/builtin_services.hpp"
#include "tern/platform/idle_strategy.hpp"

namespace tern::interop {
namespace {

constexpr std::int64_t kPatienceNs = 30 * kNanosPerSecond;

class ClusterOnJavaDriver : public ::testing::Test {
  protected:
    void SetUp() override {
        ASSERT_NE(aeron_jar(), nullptr) << "set TERN_AERON_JAR, or run ./dev test interop";
        start_driver();
    }

    void start_driver() {
        java_ = start_java("io.aeron.archive.ArchivingMediaDriver",
                           {"aeron.dir=" + aeron_directory(), "aeron.dir.delete.on.start=true",
                            "aeron.archive.dir=" + scratch_.path() + "/archive",
                            "aeron.archive.control.channel=aeron:udp?endpoint=localhost:0",
                            "aeron.archive.replication.channel=aeron:udp?endpoint=localhost:0",
                            "aeron.threading.mode=SHARED", "aeron.archive.threading.mode=SHARED",
                            "aeron.archive.segment.file.length=131072"},
                           scratch_.path() + "/archive.log");
    }
    [[nodiscard]] std::string aeron_directory() const { return scratch_.path() + "/aeron"; }

    void start_node() {
        ErrorHandler on_error = [this](const std::exception& error) {
            errors_.push_back(error.what());
        };
        cluster::ConsensusModuleContext module;
        module.aeron_directory = aeron_directory();
        module.cluster_directory = scratch_.path() + "/cluster";
        module.cluster_members =
            "0,localhost:24110,localhost:24220,localhost:24330,localhost:24440,localhost:24550";
        module.ingress_channel = "aeron:udp?term-length=64k";
        module.log_channel = "aeron:udp?term-length=64k";
        module.replication_channel = "aeron:udp?endpoint=localhost:0";
        module.archive.control_request_channel = "aeron:ipc?term-length=64k";
        module.archive.control_response_channel = "aeron:ipc?term-length=64k";
        module.archive.control_response_stream_id = 0;
        module.error_handler = on_error;
        module_ = std::make_unique<cluster::ConsensusModule>(module, platform_);

        cluster::ServiceContainerContext container =
            cluster::ServiceContainerContext::from_properties({});
        container.aeron_directory = aeron_directory();
        container.cluster_directory = module.cluster_directory;
        container.service = node::make_builtin_service("counter");
        container.error_handler = on_error;
        container_ = std::make_unique<cluster::ServiceContainer>(container, platform_);
        module_ended_ = container_ended_ = std::nullopt;
    }

    /// One duty cycle of both, each until it ends itself.
    int work() { return run(*module_, module_ended_) + run(*container_, container_ended_); }
    static int run(Agent& agent, std::optional<bool>& ended) {
        if (ended) return 0;
        try {
            return agent.do_work();
        } catch (const AgentTermination& termination) {
            ended = termination.expected();
            agent.on_close();
            return 1;
        }
    }

    template <typename Condition>
    void await(Condition&& condition, const char* what) {
        const auto idle = platform::make_idle_strategy("backoff");
        const std::int64_t deadline = platform_.clock.nano_time() + kPatienceNs;
        while (!condition()) {
            if (platform_.clock.nano_time() > deadline) {
                const auto status = module_->status();
                FAIL() << "waited for " << what << "; module state "
                       << cluster::to_string(status.state) << " election "
                       << cluster::to_string(status.election_state) << " errors "
                       << ::testing::PrintToString(errors_);
            }
            const int done = work();
            if (!module_ended_) module_->check_invariants();
            idle->idle(done);
        }
    }

    void await_leader() {
        await(
            [&] {
                return module_->status().election_state == cluster::ElectionState::closed &&
                       container_->status().role == cluster::Role::leader;
            },
            "a leader");
    }

    /// Runs upstream's client to its end and returns what it printed last.
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
                             "0=localhost:24110",
                             std::to_string(first),
                             std::to_string(count),
                             std::to_string(before),
                             std::to_string(length)};
        options.output = platform::posix::Output::pipe;
        platform::posix::Process client(options);
        await([&] { return client.wait(0).has_value(); }, "the client's end");
        const std::string output = client.read_all(kNanosPerSecond);
        EXPECT_EQ(client.wait(0), 0) << output;
        const auto last = output.rfind('\n', output.size() - 2);
        return output.substr(last + 1);
    }

    void toggle(cluster::ControlToggle value) {
        auto mapping = platform_.storage.open_mapped(aeron_directory() + "/cnc.dat",
                                                     platform::Access::read_write);
        const memory::CncFile cnc(mapping->bytes());
        const memory::CountersReader counters = cnc.counters();
        std::int32_t toggle_id = -1;
        counters.for_each([&](std::int32_t id) {
            if (counters.type_id(id) == memory::counter_type::kClusterControlToggle) {
                toggle_id = id;
            }
        });
        ASSERT_GE(toggle_id, 0);
        memory::Counter(cnc.counters_values(), toggle_id).set(static_cast<std::int64_t>(value));
    }

    void shut_down() {
        toggle(cluster::ControlToggle::shutdown);
        await([&] { return module_ended_ && container_ended_; }, "the shutdown");
        EXPECT_EQ(module_ended_, true);
        EXPECT_EQ(container_ended_, true);
        EXPECT_EQ(errors_, std::vector<std::string>{});
        container_.reset();
        module_.reset();
    }

    platform::Platform platform_ = platform::posix::make_platform();
    ScratchDirectory scratch_{platform_};
    std::unique_ptr<platform::posix::Process> java_;
    std::vector<std::string> errors_;
    std::unique_ptr<cluster::ConsensusModule> module_;
    std::unique_ptr<cluster::ServiceContainer> container_;
    std::optional<bool> module_ended_;
    std::optional<bool> container_ended_;
};

TEST_F(ClusterOnJavaDriver, ServesUpstreamsClientSnapshotsAndRestarts) {
    start_node();
    await_leader();
    EXPECT_EQ(run_client(1, 1000, 0, 8), "TOTAL 500500\n");
    EXPECT_EQ(run_client(1, 20, 500500, 3000), "TOTAL 500710\n");

    toggle(cluster::ControlToggle::snapshot);
    await([&] { return module_->status().snapshot_count == 1; }, "the snapshot");
    EXPECT_EQ(run_client(1, 100, 500710, 8), "TOTAL 505760\n");
    shut_down();

    start_node();
    await_leader();
    EXPECT_EQ(run_client(1, 1, 505760, 8), "TOTAL 505761\n");
    shut_down();
}

}  // namespace
}  // namespace tern::interop
