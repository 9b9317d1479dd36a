// Upstream's ClusterTool, ErrorStat and AeronStat on our node's directories, and ours on those of
// upstream's node: the two print the same, line by line, but for what changes with time.

#include <gmock/gmock.h>

#include <cstdlib>
#include <regex>
#include <string>
#include <vector>

#include "java_driver.hpp"
#include "tern/base/duration.hpp"
#include "tern/cluster/recording_log.hpp"
#include "tern/tools/cluster_tool.hpp"
#include "tern/tools/error_logs.hpp"
#include "tests/support/test_node.hpp"

namespace tern::interop {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kPatienceNs = 60 * kNanosPerSecond;

std::unique_ptr<platform::posix::Process> start_class(const std::vector<std::string>& defines,
                                                      const std::string& main_class,
                                                      const std::vector<std::string>& arguments) {
    platform::posix::ProcessOptions options;
    options.arguments = {"java",
                         "-cp",
                         std::string(aeron_jar()) + ":" + std::getenv("TERN_JAVA_CLASSES"),
                         "--add-opens",
                         "java.base/jdk.internal.misc=ALL-UNNAMED",
                         "-XX:+UseSerialGC",
                         "-XX:TieredStopAtLevel=1"};
    for (const auto& define : defines) options.arguments.push_back("-D" + define);
    options.arguments.push_back(main_class);
    options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
    options.output = platform::posix::Output::pipe;
    return std::make_unique<platform::posix::Process>(options);
}

/// Times, and what follows from them, become '#'.
std::string without_times(const std::string& text) {
    static const std::regex kTimes(
        "(currentTimeNs=|timeOfLastAppendPositionNs=|activityTimestamp=|(?:Type: [A-Z_]+ )|"
        "activity: )(?:[0-9-]+ )?[0-9:]+");
    return std::regex_replace(text, kTimes, "$1#");
}

struct Outcome {
    int exit_code = -1;
    std::string text;
    bool operator==(const Outcome&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
    return out << "exit code " << outcome.exit_code << ":\n" << outcome.text;
}

class ClusterToolInterop : public ::testing::Test {
  protected:
    void SetUp() override {
        ASSERT_NE(aeron_jar(), nullptr) << "set TERN_AERON_JAR, or run ./dev test interop";
    }

    Outcome java(const std::vector<std::string>& defines, const std::string& main_class,
                 const std::vector<std::string>& arguments) {
        const auto process = start_class(defines, main_class, arguments);
        const std::string output = process->read_all(kPatienceNs);
        return {process->wait(kPatienceNs).value_or(-1), without_times(output)};
    }
    Outcome java_tool(const std::string& directory, std::vector<std::string> command,
                      const std::string& aeron_directory) {
        command.insert(command.begin(), directory);
        return java({"aeron.dir=" + aeron_directory, "aeron.archive.control.channel=aeron:ipc",
                     "aeron.archive.control.response.channel=aeron:ipc"},
                    "io.aeron.cluster.ClusterTool", command);
    }
    Outcome tern_tool(const std::string& directory, const std::vector<std::string>& command,
                      std::optional<std::int64_t> wait_ns = {}) {
        Outcome outcome;
        tools::ClusterTool tool(
            {.directory = directory, .properties = {}, .json = false, .wait_ns = wait_ns},
            platform_, [&](std::string_view line) { outcome.text += std::string(line) + "\n"; });
        outcome.exit_code = tool.run(command.front(), std::span(command).subspan(1));
        outcome.text = without_times(outcome.text);
        return outcome;
    }
    void expect_the_same(const std::string& directory, const std::string& aeron_directory,
                         const std::vector<std::string>& command) {
        SCOPED_TRACE(command.front());
        EXPECT_EQ(tern_tool(directory, command), java_tool(directory, command, aeron_directory));
    }

    /// Again and again while the node has not yet done what it was asked before.
    Outcome tern_tool_once_free(const std::string& directory, const std::string& command,
                                std::optional<std::int64_t> wait_ns = {}) {
        const auto idle = platform::make_idle_strategy("backoff");
        const std::int64_t deadline = platform_.clock.nano_time() + kPatienceNs;
        Outcome outcome = tern_tool(directory, {command}, wait_ns);
        while (outcome.exit_code != 0 && platform_.clock.nano_time() < deadline) {
            idle->idle(0);
            outcome = tern_tool(directory, {command}, wait_ns);
        }
        return outcome;
    }

    platform::Platform platform_ = platform::posix::make_platform();
};

TEST_F(ClusterToolInterop, upstreams_tools_on_our_node) {
    support::TestNode node(platform_, node::NodeThreading::shared);
    node.start();
    node.await_leader();
    const auto upstream = [&](const std::string& command) {
        return java_tool(node.cluster_directory(), {command}, node.aeron_directory());
    };
    for (const auto* command : {"describe", "pid", "list-members", "recording-log", "errors"}) {
        expect_the_same(node.cluster_directory(), node.aeron_directory(), {command});
    }
    expect_the_same(node.cluster_directory(), node.aeron_directory(), {"recovery-plan", "1"});
    EXPECT_EQ(upstream("is-leader").exit_code, 0);
    EXPECT_EQ(upstream("suspend"), (Outcome{0, "Member [0]: SUSPEND applied successfully\n"}));
    expect_the_same(node.cluster_directory(), node.aeron_directory(), {"snapshot"});
    EXPECT_EQ(upstream("resume"), (Outcome{0, "Member [0]: RESUME applied successfully\n"}));
    EXPECT_EQ(upstream("snapshot"), (Outcome{0, "Member [0]: SNAPSHOT applied successfully\n"}));
    expect_the_same(node.cluster_directory(), node.aeron_directory(), {"recording-log"});

    const auto errors =
        java({"aeron.dir=" + node.aeron_directory()}, "io.aeron.samples.ErrorStat", {});
    EXPECT_EQ(errors.exit_code, 0);
    EXPECT_THAT(errors.text, HasSubstr("0 distinct errors observed."));
    const auto counters = java({"aeron.dir=" + node.aeron_directory()},
                               "io.aeron.samples.AeronStat", {"watch=false"});
    EXPECT_EQ(counters.exit_code, 0);
    EXPECT_THAT(counters.text, HasSubstr("Consensus Module state"));

    EXPECT_EQ(upstream("shutdown"), (Outcome{0, "Member [0]: SHUTDOWN applied successfully\n"}));
    node.await([&] { return node.node().ended(); }, "the shutdown");
    node.close_and_expect_no_errors();
    expect_the_same(node.cluster_directory(), node.aeron_directory(), {"describe"});
    expect_the_same(node.cluster_directory(), node.aeron_directory(), {"recording-log"});

    node.start();
    node.await_leader();
    EXPECT_EQ(upstream("abort"), (Outcome{0, "Member [0]: ABORT applied successfully\n"}));
    node.await([&] { return node.node().ended(); }, "the abort");
    node.close_and_expect_no_errors();
}

TEST_F(ClusterToolInterop, our_tool_on_upstreams_node) {
    const ScratchDirectory scratch(platform_);
    const std::string aeron = scratch.path() + "/aeron";
    const std::string directory = scratch.path() + "/cluster";
    std::string members = "0";
    for (int i = 0; i < 5; ++i) members += "," + support::free_endpoint(platform_);
    const auto node = start_class({}, "UpstreamNode", {aeron, scratch.path(), members});
    const auto container = start_class({}, "CounterServiceContainer", {aeron, directory});
    const auto await_line = [](platform::posix::Process& process, std::string_view expected) {
        std::string seen;
        while (const auto line = process.read_line(kPatienceNs)) {
            if (*line == expected) return;
            seen += *line + '\n';
        }
        FAIL() << "waited for " << expected << " in:\n" << seen;
    };
    await_line(*node, "STARTED");
    await_line(*container, "START 0");
    const auto idle = platform::make_idle_strategy("backoff");
    const std::int64_t deadline = platform_.clock.nano_time() + kPatienceNs;
    while (tern_tool(directory, {"is-leader"}).exit_code != 0) {
        ASSERT_LT(platform_.clock.nano_time(), deadline) << "no leader";
        idle->idle(0);
    }
    for (const auto* command : {"describe", "pid", "list-members", "recording-log", "errors"}) {
        expect_the_same(directory, aeron, {command});
    }
    expect_the_same(directory, aeron, {"recovery-plan", "1"});
    EXPECT_EQ(tools::find_error_logs(platform_.storage, aeron).size(), 1U);
    EXPECT_EQ(tools::find_error_logs(platform_.storage, directory).size(), 2U);
    EXPECT_EQ(tools::find_error_logs(platform_.storage, scratch.path() + "/archive").size(), 1U);
    EXPECT_EQ(tern_tool(directory, {"suspend"}),
              (Outcome{0, "Member [0]: SUSPEND applied successfully\n"}));
    EXPECT_EQ(tern_tool_once_free(directory, "resume"),
              (Outcome{0, "Member [0]: RESUME applied successfully\n"}));
    EXPECT_EQ(tern_tool_once_free(directory, "snapshot"),
              (Outcome{0, "Member [0]: SNAPSHOT applied successfully\n"}));
    const auto shutdown = tern_tool_once_free(directory, "shutdown", kPatienceNs);
    EXPECT_EQ(shutdown.exit_code, 0) << shutdown;
    EXPECT_THAT(shutdown.text, HasSubstr("snapshot of service 0: recordingId=3 ended at"));
    EXPECT_EQ(node->wait(kPatienceNs), 0);
    EXPECT_EQ(container->wait(kPatienceNs), 0);
}

}  // namespace
}  // namespace tern::interop
