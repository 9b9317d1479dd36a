// A service written for upstream, in upstream's container, on `tern node --service none`, with
// upstream's cluster client: three processes, looked at as an operator does.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "java_driver.hpp"
#include "tern/cluster/consensus/control_toggle.hpp"
#include "tern/memory/cluster_mark_file.hpp"
#include "tern/memory/counter_types.hpp"
#include "tern/memory/distinct_error_log.hpp"
#include "tern/platform/posix/platform.hpp"
#include "tests/support/tern_process.hpp"

namespace tern::interop {
namespace {

using cluster::ControlToggle;
using platform::posix::Process;
using support::await_line;
using support::expect_exit;
using ::testing::AllOf;
using ::testing::HasSubstr;

class JavaContainerOnTernNode : public ::testing::TestWithParam<std::string> {
  protected:
    void SetUp() override {
        ASSERT_NE(aeron_jar(), nullptr) << "set TERN_AERON_JAR, or run ./dev test interop";
    }

    /// Node and container, up to the member's leadership; expects the total that the service has
    /// recovered.
    void start(std::int64_t total) {
        std::vector<std::string> arguments = support::as_defines(member_.settings());
        arguments.insert(arguments.begin(), {"node", "-Dtern.node.threading=" + GetParam()});
        node_ = support::start_tern(arguments);
        await_line(*node_, "waiting for 1 service container");
        container_ = start_java_program("CounterServiceContainer",
                                        {member_.aeron_directory(), member_.cluster_directory()});
        EXPECT_EQ(await_line(*container_, "START"), "START " + std::to_string(total));
        await_line(*node_, "LEADER in leadership term");
    }

    /// Adds 1, 2, ... count to the total, and checks each total that comes back.
    void add(std::int64_t count, std::int64_t before, int message_length) {
        const auto client = start_java_program(
            "ClusterCounterClient",
            {member_.aeron_directory(), "0=" + member_.ingress_endpoint(), "1",
             std::to_string(count), std::to_string(before), std::to_string(message_length)});
        const std::int64_t total = before + count * (count + 1) / 2;
        EXPECT_THAT(expect_exit(*client, 0), HasSubstr("TOTAL " + std::to_string(total) + "\n"));
    }

    void toggle(ControlToggle value) { member_.toggle(static_cast<std::int64_t>(value)); }

    /// After SHUTDOWN or ABORT: everybody ends by itself, and nobody had an error.
    void expect_orderly_end() {
        EXPECT_THAT(expect_exit(*container_, 0), HasSubstr("CLOSED"));
        EXPECT_THAT(expect_exit(*node_, 0), HasSubstr("node closed"));
        // Upstream's container records its own expected end as if it were an error; nothing else.
        const std::string path = member_.cluster_directory() + "/cluster-mark-service-0.dat";
        const auto mark_file = memory::ClusterMarkFile::open(platform_.storage, path);
        const std::string container_errors = memory::error_report(mark_file.error_log());
        EXPECT_THAT(container_errors, AllOf(HasSubstr("expected termination"),
                                            HasSubstr("\n1 distinct errors observed")));
        EXPECT_EQ(member_.error_logs(), path + ":\n" + container_errors);
    }

    platform::Platform platform_ = platform::posix::make_platform();
    ScratchDirectory scratch_{platform_};
    support::MemberFiles member_{platform_, scratch_.path()};
    std::unique_ptr<Process> node_;
    std::unique_ptr<Process> container_;
};

TEST_P(JavaContainerOnTernNode, KeepsItsStateOverSnapshotShutdownAbortAndRestart) {
    start(0);
    add(1000, 0, 8);
    add(20, 500500, 3000);  // fragmented
    toggle(ControlToggle::snapshot);
    member_.await_counter(memory::counter_type::kClusterSnapshotCount, 1);
    EXPECT_EQ(await_line(*container_, "SNAPSHOT"), "SNAPSHOT 500710");
    add(100, 500710, 8);
    toggle(ControlToggle::shutdown);
    EXPECT_EQ(await_line(*container_, "SNAPSHOT"), "SNAPSHOT 505760");
    EXPECT_EQ(await_line(*container_, "TERMINATE"), "TERMINATE 505760");
    expect_orderly_end();

    start(505760);
    add(10, 505760, 8);
    toggle(ControlToggle::abort);  // no snapshot: the log has the rest
    EXPECT_EQ(await_line(*container_, "TERMINATE"), "TERMINATE 505815");
    expect_orderly_end();

    start(505760);
    add(1, 505815, 8);
    toggle(ControlToggle::shutdown);
    EXPECT_EQ(await_line(*container_, "SNAPSHOT"), "SNAPSHOT 505816");
    expect_orderly_end();
}

INSTANTIATE_TEST_SUITE_P(Threading, JavaContainerOnTernNode,
                         ::testing::Values("single", "shared", "dedicated"),
                         [](const auto& threading) { return threading.param; });

}  // namespace
}  // namespace tern::interop
