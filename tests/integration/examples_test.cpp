// The programs of examples/, run as their first readers will run them.

#include <gmock/gmock.h>

#include <string>

#include "tern/platform/posix/platform.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/tern_process.hpp"

namespace tern::integration {
namespace {

using platform::posix::Process;
using support::await_line;
using support::expect_exit;

class Examples : public ::testing::Test {
  protected:
    static std::unique_ptr<Process> start(const std::string& example,
                                          const std::vector<std::string>& arguments) {
        const std::string tern = TERN_BINARY;
        platform::posix::ProcessOptions options;
        options.arguments = {tern.substr(0, tern.rfind('/')) + "/example_" + example};
        options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
        options.output = platform::posix::Output::pipe;
        return std::make_unique<Process>(options);
    }

    platform::Platform platform_ = platform::posix::make_platform();
    support::ScratchDirectory scratch_{platform_};
};

TEST_F(Examples, service_and_client) {
    const support::MemberFiles member(platform_, scratch_.path());
    const std::vector<std::string> settings = support::as_defines(member.settings());
    const auto cycle = [&](const std::vector<std::string>& names, const std::string& started,
                           const std::string& greetings) {
        std::vector<std::string> arguments = {"node", "--service", "none"};
        arguments.insert(arguments.end(), settings.begin(), settings.end());
        auto node = support::start_tern(arguments);
        await_line(*node, "waiting for 1 service container");
        auto service = start("greeting_service", settings);
        EXPECT_EQ(await_line(*service, "started"), started);
        await_line(*node, "ready");
        std::vector<std::string> client_arguments = {member.aeron_directory(),
                                                     "0=" + member.ingress_endpoint()};
        client_arguments.insert(client_arguments.end(), names.begin(), names.end());
        EXPECT_EQ(expect_exit(*start("greeting_client", client_arguments), 0), greetings);
        expect_exit(*support::start_tern(
                        {"cluster-tool", member.cluster_directory(), "shutdown", "--wait"}),
                    0);
        EXPECT_EQ(expect_exit(*service, 0), "");
        expect_exit(*node, 0);
        EXPECT_EQ(member.error_logs(), "");
    };
    cycle({"Ada", "Grace"}, "started with 0 visitors",
          "Hello Ada, you are visitor 1\nHello Grace, you are visitor 2\n");
    cycle({"Barbara"}, "started with 2 visitors", "Hello Barbara, you are visitor 3\n");
}

TEST_F(Examples, publisher_and_subscriber) {
    const std::string directory = scratch_.path() + "/aeron";
    auto driver = support::start_tern({"driver", "-Daeron.dir=" + directory});
    const std::string channel = "aeron:udp?endpoint=" + support::free_endpoint(platform_);
    auto subscriber = start("subscriber", {directory, channel, "1001"});
    await_line(*subscriber, "waiting on " + channel);
    const std::string output =
        expect_exit(*start("publisher", {directory, channel, "1001", "hello", "world"}), 0);
    EXPECT_THAT(output, ::testing::StartsWith("published 2 lines"));
    EXPECT_EQ(expect_exit(*subscriber, 0), "hello\nworld\nthe publisher is done\n");
    driver->terminate();
    expect_exit(*driver, 0);
}

}  // namespace
}  // namespace tern::integration
