// The commands that look at a running driver, and the samples, as their users meet them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "tern/platform/posix/platform.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/tern_process.hpp"

namespace tern {
namespace {

using nlohmann::json;
using platform::posix::Process;
using support::await_line;
using support::expect_exit;
using support::kPatienceNs;
using support::ScratchDirectory;
using support::start_tern;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::StartsWith;

using Words = std::vector<std::string>;

class DriverTools : public ::testing::Test {
  protected:
    /// `tern COMMAND --dir DIRECTORY MORE...`
    [[nodiscard]] std::unique_ptr<Process> start(const std::string& command,
                                                 const Words& more = {}) const {
        Words words = {command, "--dir", directory()};
        words.insert(words.end(), more.begin(), more.end());
        return start_tern(words);
    }
    [[nodiscard]] std::string run(const std::string& command, const Words& more = {}) const {
        return expect_exit(*start(command, more), 0);
    }
    /// The last line, which is the report or the summary.
    [[nodiscard]] json run_json(const std::string& command, Words more = {}) const {
        more.emplace_back("--json");
        return last_line(run(command, more));
    }
    [[nodiscard]] static json last_line(std::string output) {
        if (output.ends_with('\n')) output.pop_back();
        return json::parse(output.substr(output.rfind('\n') + 1));
    }
    [[nodiscard]] std::unique_ptr<Process> start_driver(const Words& defines = {}) const {
        Words words = {"driver", "-Daeron.dir=" + directory(), "-Daeron.threading.mode=SHARED",
                       "-Daeron.term.buffer.length=256k", "-Daeron.ipc.term.buffer.length=256k"};
        words.insert(words.end(), defines.begin(), defines.end());
        auto driver = start_tern(words);
        await_line(*driver, "ready");
        return driver;
    }
    [[nodiscard]] std::string directory() const { return scratch_.path() + "/aeron"; }
    [[nodiscard]] std::string udp() const { return "aeron:udp?endpoint=" + endpoint_; }

    platform::Platform platform_ = platform::posix::make_platform();
    ScratchDirectory scratch_{platform_};
    std::string endpoint_ = support::free_endpoint(platform_);
};

TEST_F(DriverTools, WithoutADriverEachSaysWhereItLookedAndWhatToDo) {
    std::vector<std::pair<std::string, std::unique_ptr<Process>>> processes;
    for (const std::string command :
         {"stat", "streams", "backlog", "loss", "ping", "pong", "publish", "subscribe"}) {
        processes.emplace_back(command, start(command));
    }
    processes.emplace_back("errors", start_tern({"errors"}, {{"AERON_DIR", directory()}}));
    for (const auto& [command, process] : processes) {
        const std::string output = expect_exit(*process, 1);
        EXPECT_THAT(output, AllOf(StartsWith("tern: no media driver in " + directory() +
                                             ": there is no cnc.dat. Start one with `tern driver`"),
                                  HasSubstr("--dir")))
            << command;
        EXPECT_EQ(std::ranges::count(output, '\n'), 1) << output;
    }
}

TEST_F(DriverTools, AMistakeIsOneClearLine) {
    struct Mistake {
        Words words;
        std::string explanation;
    };
    const std::vector<Mistake> mistakes = {
        {{"stat", "kind=1"}, "Unrecognised argument: 'kind=1'"},
        {{"stat", "type=["}, "'type=[': no regular expression"},
        {{"stat", "--watch", "often"}, "--watch: Value often"},
        {{"publish", "--rate", "-1"}, "--rate: Value -1"},
        {{"publish", "--length", "17m"}, "--length: Value 17825792"},
        {{"publish", "--driver", "--length", "8", "--verify"}, "--verify needs at least 12 bytes"},
        {{"publish", "--driver", "--length", "1m", "-c", "aeron:ipc?term-length=64k"},
         "--length 1048576: messages on aeron:ipc?term-length=64k have at most 8192 bytes"},
        {{"ping", "--driver", "--length", "7"}, "--length 7: a ping has at least 8 bytes"},
        {{"pong", "--idle", "nap"}, "idle strategy \"nap\""},
    };
    for (const Mistake& mistake : mistakes) {
        auto process = start_tern(mistake.words, {{"AERON_DIR", directory()}});
        EXPECT_THAT(expect_exit(*process, 2), HasSubstr(mistake.explanation));
    }
}

TEST_F(DriverTools, HelpHasExamples) {
    for (const std::string command : {"stat", "errors", "streams", "backlog", "loss", "ping",
                                      "pong", "publish", "subscribe", "driver"}) {
        EXPECT_THAT(expect_exit(*start_tern({command, "--help"}), 0),
                    AllOf(HasSubstr("Example"), HasSubstr("  tern " + command)));
    }
}

TEST_F(DriverTools, ARunningStreamIsSeenFromAllSides) {
    auto driver = start_driver();
    auto subscriber = start("subscribe", {"-c", udp(), "-s", "77"});
    auto publisher =
        start("publish", {"-c", udp(), "-s", "77", "--messages", "0", "--rate", "1000"});
    await_line(*subscriber, "Available image");
    await_line(*subscriber, "msgs/sec");

    std::vector<std::string> names;
    const json streams = run_json("streams")["streams"];
    for (const json& stream : streams) {
        EXPECT_EQ(stream["stream_id"], 77);
        EXPECT_THAT(stream["channel"].get<std::string>(), StartsWith(udp()));
        for (const json& counter : stream["counters"]) names.push_back(counter["name"]);
    }
    EXPECT_THAT(names, IsSupersetOf({"pub-pos (exclusive)", "pub-lmt", "snd-pos", "snd-lmt",
                                     "rcv-hwm", "rcv-pos", "sub-pos"}));
    EXPECT_THAT(run("streams"), HasSubstr("stream 77  session "));
    EXPECT_THAT(run("backlog"), AllOf(HasSubstr("─for publisher "), HasSubstr("─subscriber ")));
    EXPECT_GT(run_json("stat", {"label=^Bytes sent$"})["counters"][0]["value"], 0);
    EXPECT_EQ(run_json("stat", {"type=^4$", "stream=^77$"})["counters"].size(), 1U);
    EXPECT_EQ(run_json("loss")["losses"], json::array());
    EXPECT_THAT(run("loss"), HasSubstr("\n0 loss entries\n"));
    EXPECT_EQ(run_json("errors")["logs"][0]["errors"], json::array());

    publisher->signal(SIGINT);
    EXPECT_THAT(expect_exit(*publisher, 0), HasSubstr("Done streaming: "));
    subscriber->signal(SIGTERM);
    EXPECT_THAT(expect_exit(*subscriber, 0), HasSubstr("Received "));
    driver->terminate();
    expect_exit(*driver, 0);
}

TEST_F(DriverTools, AWatchOutlivesADriverAndEndsOnASignal) {
    auto driver = start_driver();
    auto watch = start("stat", {"--watch", "0.02", "--json"});
    await_line(*watch, R"("driver":"active")");
    driver->terminate();
    expect_exit(*driver, 0);
    await_line(*watch, R"("driver":"closed")");
    platform_.storage.remove_all(directory());
    await_line(*watch, R"({"error":"no media driver in )");
    driver = start_driver();
    await_line(*watch, R"("driver":"active")");
    watch->signal(SIGINT);
    expect_exit(*watch, 0);
}

TEST_F(DriverTools, AWatchEndsWhenNobodyReadsAnyMore) {
    auto driver = start_driver();
    platform::posix::ProcessOptions options;
    options.arguments = {
        "sh", "-c",
        std::string(TERN_BINARY) + " stat --watch 0.01 --dir " + directory() + " | head -n 1"};
    options.output = platform::posix::Output::pipe;
    Process shell(options);
    EXPECT_THAT(expect_exit(shell, 0), HasSubstr("Aeron Stat"));
}

TEST_F(DriverTools, ErrorsAreReadWhereTheDriverKeepsThem) {
    auto driver = start_driver();
    EXPECT_THAT(expect_exit(*start("subscribe", {"-c", "aeron:udp?endpoint=nowhere"}), 1),
                HasSubstr("tern: "));
    EXPECT_THAT(run("errors"), AllOf(HasSubstr("MEDIA_DRIVER"), HasSubstr("1 observations from "),
                                     HasSubstr("\n1 distinct errors observed.\n")));
    EXPECT_THAT(run_json("errors")["logs"][0]["errors"][0]["text"].get<std::string>(),
                HasSubstr("nowhere"));
}

class Samples : public DriverTools, public ::testing::WithParamInterface<std::string> {
  protected:
    [[nodiscard]] std::string channel() const { return GetParam() == "ipc" ? "aeron:ipc" : udp(); }
};

TEST_P(Samples, WhatIsPublishedIsReceivedWholeAndInOrder) {
    auto driver = start_driver();
    for (const std::string length : {"12", "32", "5k"}) {
        auto subscriber =
            start("subscribe", {"-c", channel(), "--verify", "--until-end", "--json"});
        const json sent =
            run_json("publish", {"-c", channel(), "--verify", "-m", "20k", "-L", length});
        const json received = last_line(expect_exit(*subscriber, 0));
        EXPECT_EQ(sent["messages"], 20'000);
        EXPECT_EQ(received["messages"], 20'000);
        EXPECT_EQ(received["bytes"], sent["bytes"]);
        EXPECT_EQ(received["verification"]["good"], 20'000);
        EXPECT_EQ(received["verification"]["passed"], true);
    }
}

TEST_P(Samples, VerificationFailsOnWhatWasNotMeantForIt) {
    auto driver = start_driver();
    auto subscriber = start("subscribe", {"-c", channel(), "--verify", "-m", "10"});
    auto publisher =
        start("publish", {"-c", channel(), "--text", "no checksum in this", "-m", "0"});
    EXPECT_THAT(expect_exit(*subscriber, 1), AllOf(HasSubstr("Verification FAILED: 0 good, 1"),
                                                   HasSubstr("not those that were sent")));
    publisher->signal(SIGINT);
    expect_exit(*publisher, 0);
}

TEST_P(Samples, TextIsPrinted) {
    auto driver = start_driver();
    auto subscriber = start("subscribe", {"-c", channel(), "--print", "-m", "2"});
    EXPECT_THAT(run("publish", {"-c", channel(), "-m", "2", "--text", "Hello World!"}),
                HasSubstr("Done streaming: 2 messages, 24 bytes"));
    EXPECT_THAT(expect_exit(*subscriber, 0), HasSubstr("<<Hello World!>>"));
}

TEST_P(Samples, RoundTripsAreMeasuredOneAtATimeAndAtARate) {
    auto driver = start_driver();
    const std::string back = GetParam() == "ipc"
                                 ? "aeron:ipc"
                                 : "aeron:udp?endpoint=" + support::free_endpoint(platform_);
    const Words channels = {"-c", channel(), "-C", back};
    auto pong = start("pong", channels);
    for (const Words& how : {Words{}, Words{"--rate", "5000"}, Words{"--length", "6k"}}) {
        Words words = channels;
        words.insert(words.end(), {"--messages", "2000", "--warm-up", "100"});
        words.insert(words.end(), how.begin(), how.end());
        const json summary = run_json("ping", words);
        EXPECT_EQ(summary["messages"], 2'000);
        EXPECT_GT(summary["min_us"], 0);
        EXPECT_LE(summary["p50_us"], summary["p99_us"]);
        EXPECT_LE(summary["p99_us"], summary["p99.9_us"]);
        EXPECT_LE(summary["p99.9_us"], summary["max_us"]);
    }
    pong->signal(SIGINT);
    EXPECT_THAT(expect_exit(*pong, 0), HasSubstr("6,300 messages sent back"));
}

INSTANTIATE_TEST_SUITE_P(Media, Samples, ::testing::Values("ipc", "udp"),
                         [](const auto& media) { return media.param; });

TEST_F(DriverTools, PingIsInterruptedWithWhatItHas) {
    auto driver = start_driver();
    auto lonely = start("ping", {"-c", "aeron:ipc", "-C", "aeron:ipc"});
    await_line(*lonely, "Waiting for new image from Pong");
    lonely->signal(SIGINT);
    EXPECT_THAT(expect_exit(*lonely, 0), Not(HasSubstr("p99")));

    auto pong = start("pong", {"-c", "aeron:ipc", "-C", "aeron:ipc"});
    auto ping = start("ping", {"-c", "aeron:ipc", "-C", "aeron:ipc", "-m", "1g", "-w", "1"});
    await_line(*ping, "Pinging");
    const auto consumed = [&] {
        return run_json("stat", {"type=^4$", "stream=^1003$"})["counters"][0]["value"].get<int>();
    };
    const std::int64_t deadline_ns = platform_.clock.nano_time() + kPatienceNs;
    while (consumed() < 64'000) ASSERT_LT(platform_.clock.nano_time(), deadline_ns);
    ping->signal(SIGINT);
    EXPECT_THAT(expect_exit(*ping, 0), HasSubstr("p99.9"));
}

TEST_F(DriverTools, PingSaysThatPongHasGone) {
    auto driver = start_driver();
    auto pong = start("pong", {"-c", "aeron:ipc", "-C", "aeron:ipc"});
    auto ping = start("ping", {"-c", "aeron:ipc", "-C", "aeron:ipc", "-m", "1g", "-w", "1"});
    await_line(*ping, "Pinging");
    pong->terminate();
    expect_exit(*pong, 0);
    EXPECT_THAT(expect_exit(*ping, 1), HasSubstr("tern: pong has gone after "));
}

TEST_F(DriverTools, ASampleCanBringItsDriver) {
    auto pong = start("pong", {"--driver", "-c", "aeron:ipc", "-C", "aeron:ipc"});
    await_line(*pong, "Publishing Pong");
    EXPECT_EQ(run_json("ping",
                       {"-c", "aeron:ipc", "-C", "aeron:ipc", "-m", "100", "-w", "10"})["messages"],
              100);
    EXPECT_THAT(expect_exit(*start("publish", {"--driver"}), 1),
                HasSubstr("Active media driver detected"));
    auto publisher = start("publish", {"-c", "aeron:ipc"});
    await_line(*publisher, "Waiting for a subscriber");
    pong->signal(SIGINT);
    expect_exit(*pong, 0);
    EXPECT_THAT(expect_exit(*publisher, 1), HasSubstr("the media driver has gone"));
}

/// The commands below "## First steps" of the README.
std::string readme_commands(platform::Storage& storage) {
    const auto file = storage.open(TERN_SOURCE_DIR "/README.md", platform::Access::read_only);
    std::string text(static_cast<std::size_t>(file->size()), ' ');
    file->read_at(0, std::as_writable_bytes(std::span(text)));
    const std::string fence = "\n```\n";
    const std::size_t begin = text.find(fence, text.find("## First steps")) + fence.size();
    return text.substr(begin, text.find(fence, begin) - begin);
}

TEST_F(DriverTools, TheReadmesFirstStepsWork) {
    std::string commands = readme_commands(platform_.storage);
    // Where other tests run too, the streams have ports of their own.
    const auto insert_after = [&](const std::string& command, const std::string& words) {
        for (std::size_t at = 0; (at = commands.find(command, at)) != std::string::npos;) {
            commands.insert(at += command.size(), words);
        }
    };
    const std::string pong = "aeron:udp?endpoint=" + support::free_endpoint(platform_);
    for (const std::string command : {"tern subscribe", "tern publish"}) {
        insert_after(command, " -c " + udp());
    }
    for (const std::string command : {"tern pong", "tern ping"}) {
        insert_after(command, " -c " + udp() + " -C " + pong);
    }
    platform::posix::ProcessOptions options;
    options.arguments = {
        "bash", "-ec",
        "shopt -s expand_aliases\n" + commands +
            "\nwhile [ $(jobs -pr | wc -l) -gt 2 ]; do sleep 0.05; done  # the subscribers"
            "\nkill $(jobs -pr)\nwait\necho all done\n"};
    const std::string alias = "alias tern=build/release/bin/tern";
    std::string& script = options.arguments.back();
    ASSERT_NE(script.find(alias), std::string::npos) << script;
    script.replace(script.find(alias), alias.size(), std::string("alias tern=") + TERN_BINARY);
    options.environment = {{"AERON_DIR", directory()}};
    options.output = platform::posix::Output::pipe;
    Process shell(options);
    const std::string output = expect_exit(shell, 0);
    EXPECT_THAT(output,
                AllOf(HasSubstr("<<Hello World!>>"), HasSubstr("p99.9"),
                      HasSubstr("Verification passed: 20,000 good"), HasSubstr("Aeron Stat"),
                      HasSubstr("distinct errors observed"), HasSubstr("all done")));
}

TEST_F(DriverTools, ALowJitterDriverSaysWhatItSet) {
    auto driver = start_tern({"driver", "--profile", "low-jitter", "-Daeron.dir=" + directory()});
    EXPECT_THAT(await_line(*driver, "profile: "), HasSubstr("aeron.threading.mode="));
    driver->terminate();
    expect_exit(*driver, 0);
    EXPECT_THAT(expect_exit(*start_tern({"driver", "--profile", "low-jitter",
                                         "-Daeron.threading.mode=INVOKER"}),
                            2),
                HasSubstr("take one of them away"));
    EXPECT_THAT(expect_exit(*start_tern({"driver", "-Dtern.driver.profile=fast"}), 2),
                HasSubstr("tern.driver.profile=fast: expected default or low-jitter"));
}

}  // namespace
}  // namespace tern
