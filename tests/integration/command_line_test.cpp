// The long-running commands as an operator meets them: configuration, signals, exit codes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <csignal>
#include <string>
#include <vector>

#include "tern/cluster/consensus/control_toggle.hpp"
#include "tern/memory/cnc_file.hpp"
#include "tern/platform/posix/platform.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/tern_process.hpp"

namespace tern {
namespace {

using cluster::ControlToggle;
using support::as_defines;
using support::await_line;
using support::expect_exit;
using support::MemberFiles;
using support::ScratchDirectory;
using support::start_tern;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::vector<std::string> with_defines(std::vector<std::string> arguments,
                                      const support::Settings& settings) {
    for (std::string& define : as_defines(settings)) arguments.push_back(std::move(define));
    return arguments;
}

class CommandLine : public ::testing::Test {
  protected:
    [[nodiscard]] std::string write_file(const std::string& name, std::string_view text) {
        const std::string path = scratch_.path() + "/" + name;
        platform_.storage.create(path, {})->write_at(
            0, std::as_bytes(std::span(text.data(), text.size())));
        return path;
    }

    platform::Platform platform_ = platform::posix::make_platform();
    ScratchDirectory scratch_{platform_};
};

TEST_F(CommandLine, ADriverIsConfiguredAndClosedLikeUpstreams) {
    const std::string directory = scratch_.path() + "/from-environment";
    const std::string file = write_file("file.properties", "aeron.threading.mode=INVOKER\n");
    for (const int signal : {SIGINT, SIGTERM}) {
        auto by_default = start_tern({"driver"}, {{"AERON_DIR", directory}});
        EXPECT_THAT(await_line(*by_default, "ready"), HasSubstr("(DEDICATED)"));
        by_default->signal(signal);
        expect_exit(*by_default, 0);
        for (const std::string threading : {"DEDICATED", "SHARED_NETWORK", "SHARED", "INVOKER"}) {
            // The environment names the directory; the file comes after -D.
            std::vector<std::string> arguments = {"driver", "-Daeron.threading.mode=" + threading};
            if (threading == "INVOKER")
                arguments = {"driver", file, "-Daeron.threading.mode=SHARED"};
            auto driver = start_tern(arguments, {{"AERON_DIR", directory}});
            EXPECT_THAT(await_line(*driver, "ready"),
                        HasSubstr(directory + " (" + threading + ")"));
            const std::int64_t before_ns = platform_.clock.nano_time();
            driver->signal(signal);
            expect_exit(*driver, 0);
            EXPECT_LT(platform_.clock.nano_time() - before_ns, kNanosPerSecond);
            const auto cnc =
                platform_.storage.open_mapped(directory + "/cnc.dat", platform::Access::read_only);
            EXPECT_EQ(memory::CncFile(cnc->bytes()).driver_heartbeat_ms(), -1);
        }
    }
}

TEST_F(CommandLine, AConfigurationMistakeIsOneClearLineAndExitCodeTwo) {
    const std::string file = write_file("bad.properties", "aeron.dir=/nowhere\nno separator\n");
    const MemberFiles member(platform_, scratch_.path());
    support::Settings without_members = member.settings();
    std::erase_if(without_members,
                  [](const auto& s) { return s.first == "aeron.cluster.members"; });
    struct Mistake {
        std::vector<std::string> arguments;
        std::string explanation;
    };
    const std::vector<Mistake> mistakes = {
        {{"driver", "-Daeron.mtu.length=many"}, "aeron.mtu.length=many: expected a size"},
        {{"driver", "-Daeron.threading.mode=FAST"}, "aeron.threading.mode=FAST: expected one of"},
        {{"driver", "-Daeron.mtu.length=33"}, "mtuLength must be a multiple of FRAME_ALIGNMENT"},
        {{"driver", "-Dnonsense"}, "malformed define: nonsense"},
        {{"driver", "/nowhere.properties"}, "could not open properties file: /nowhere.properties"},
        {{"driver", scratch_.path()}, "it is a directory"},
        {{"driver", file}, "bad.properties: line 2 malformed"},
        {{"driver", "http://localhost/x"}, "not fetched from the network"},
        {{"driver", "-Dtern.node.threds=1"}, "tern.node.threds is not a setting"},
        {{"driver", "-Daeron.conductor.idle.strategy=nap"}, "nap"},
        {with_defines({"node", "-Dtern.node.threading=many"}, member.settings()),
         "tern.node.threading=many: expected single, shared or dedicated"},
        {with_defines({"node"}, without_members), "clusterMembers must be set"},
    };
    for (const Mistake& mistake : mistakes) {
        auto process = start_tern(mistake.arguments, {{"AERON_DIR", scratch_.path() + "/aeron"}});
        const std::string output = expect_exit(*process, 2);
        EXPECT_THAT(output, HasSubstr(mistake.explanation));
        EXPECT_EQ(std::ranges::count(output, '\n'), 1) << output;
    }
    auto process = start_tern({"node", "--service", "magic"});
    EXPECT_THAT(expect_exit(*process, 2), HasSubstr("magic"));
}

TEST_F(CommandLine, ADriverThatFindsAnotherAtWorkSaysSo) {
    const std::vector<std::string> arguments = {"driver", "-Daeron.dir=" + scratch_.path() + "/a"};
    auto first = start_tern(arguments);
    await_line(*first, "ready");
    auto second = start_tern(arguments);
    EXPECT_THAT(expect_exit(*second, 1), HasSubstr("Active media driver detected"));
    first->terminate();
    expect_exit(*first, 0);
}

TEST_F(CommandLine, ANodeTakesItsSettingsFromTheEnvironmentToo) {
    const MemberFiles member(platform_, scratch_.path());
    support::Settings environment;
    for (auto [name, value] : member.settings()) {
        for (char& c : name) {
            c = c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        }
        environment.emplace_back(name, value);  // AERON_CLUSTER_DIR, AERON_ARCHIVE_DIR, ...
    }
    environment.emplace_back("TERN_NODE_THREADING", "single");
    auto node = start_tern({"node", "--service", "echo"}, environment);
    await_line(*node, "LEADER in leadership term");
    EXPECT_TRUE(platform_.storage.exists(member.cluster_directory() + "/recording.log"));
    node->terminate();
    expect_exit(*node, 0);
}

class NodeCommand : public CommandLine, public ::testing::WithParamInterface<std::string> {
  protected:
    std::unique_ptr<platform::posix::Process> start(const std::string& service,
                                                    support::Settings more = {}) {
        support::Settings settings = member_.settings();
        settings.emplace_back("tern.node.threading", GetParam());
        settings.insert(settings.end(), more.begin(), more.end());
        return start_tern(with_defines({"node", "--service", service}, settings));
    }

    const MemberFiles member_{platform_, scratch_.path()};
};

TEST_P(NodeCommand, EndsByItselfAfterTheClustersShutdownOrAbort) {
    for (const ControlToggle toggle : {ControlToggle::shutdown, ControlToggle::abort}) {
        auto node = start("counter");
        await_line(*node, "LEADER in leadership term");
        member_.toggle(static_cast<std::int64_t>(toggle));
        EXPECT_THAT(expect_exit(*node, 0), HasSubstr("node has ended, closing"));
        EXPECT_EQ(member_.error_logs(), "");
    }
}

TEST_P(NodeCommand, ClosesOnASignalAtAnyStage) {
    for (const std::string stage : {"node started", "LEADER in leadership term"}) {
        auto node = start("echo");
        await_line(*node, stage);
        node->terminate();
        EXPECT_THAT(expect_exit(*node, 0), HasSubstr("node closed"));
        EXPECT_EQ(member_.error_logs(), "");
    }
}

TEST_P(NodeCommand, SaysWhyItFailed) {
    auto node = start(
        "none", {{"aeron.client.liveness.timeout", "200ms"}, {"aeron.timer.interval", "50ms"}});
    EXPECT_THAT(expect_exit(*node, 1),
                AllOf(HasSubstr("tern: the node ended by a failure: "),
                      HasSubstr("must be longer than the keepalive interval")));
}

INSTANTIATE_TEST_SUITE_P(Threading, NodeCommand, ::testing::Values("single", "shared", "dedicated"),
                         [](const auto& threading) { return threading.param; });

}  // namespace
}  // namespace tern
