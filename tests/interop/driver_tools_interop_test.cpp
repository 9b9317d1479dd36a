// Upstream's own stat tools and ours, on the files of the same running driver, upstream's and ours:
// they have to say the same.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>

#include "java_driver.hpp"
#include "tern/memory/loss_report.hpp"
#include "tern/platform/idle_strategy.hpp"
#include "tests/support/tern_process.hpp"

namespace tern::interop {
namespace {

using nlohmann::json;
using platform::posix::Process;
using support::await_line;
using support::expect_exit;
using support::start_tern;
using ::testing::HasSubstr;

using Lines = std::vector<std::string>;

// Each look at a driver starts a JVM.
constexpr std::int64_t kPatienceNs = 90 * kNanosPerSecond;

Lines lines_of(const std::string& text) {
    Lines lines(1);
    for (const char c : text) {
        if (c == '\n') {
            lines.emplace_back();
        } else {
            lines.back().push_back(c);
        }
    }
    if (lines.back().empty()) lines.pop_back();
    return lines;
}

Lines without_first(Lines lines, std::size_t count) {
    lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(count));
    return lines;
}

class DriverToolsInterop : public ::testing::TestWithParam<std::string> {
  protected:
    void SetUp() override {
        ASSERT_NE(aeron_jar(), nullptr) << "set TERN_AERON_JAR, or run ./dev test interop";
        if (GetParam() == "java") {
            java_.emplace(platform_);
            directory_ = java_->aeron_directory();
        } else {
            directory_ = scratch_.path() + "/aeron";
            tern_ =
                start_tern({"driver", "-Daeron.dir=" + directory_, "-Daeron.threading.mode=SHARED",
                            "-Daeron.term.buffer.length=64k", "-Daeron.counters.buffer.length=1m"});
        }
        await("the driver", [&] {
            return memory::check_driver_presence(platform_.storage, directory_,
                                                 platform_.clock.epoch_ms(),
                                                 10'000) == memory::DriverPresence::active;
        });
    }

    void await(const char* what, const std::function<bool()>& condition) {
        const auto idle = platform::make_idle_strategy("sleep-ms");
        const std::int64_t deadline_ns = platform_.clock.nano_time() + kPatienceNs;
        while (!condition()) {
            ASSERT_LT(platform_.clock.nano_time(), deadline_ns) << "awaiting " << what;
            idle->idle(0);
        }
    }
    /// A stream that stands still, with everybody there.
    void start_stream() {
        const std::string channel = "aeron:udp?endpoint=" + support::free_endpoint(platform_);
        subscriber_ = start("subscribe", {"-c", channel});
        publisher_ = start("publish", {"-c", channel, "-m", "1000", "--linger", "600"});
        await("all messages", [&] {
            const auto stat = tern("stat", {"type=^4$", "--json"});
            const json counters = json::parse(stat)["counters"];
            return counters.size() == 1 && counters[0]["value"] == 64'000;
        });
    }
    [[nodiscard]] std::unique_ptr<Process> start(const std::string& command,
                                                 const Lines& more) const {
        Lines words = {command, "--dir", directory_};
        words.insert(words.end(), more.begin(), more.end());
        return start_tern(words);
    }
    [[nodiscard]] std::string tern(const std::string& command, const Lines& more = {}) const {
        return expect_exit(*start(command, more), 0);
    }
    [[nodiscard]] std::string upstream(const std::string& tool, const Lines& words = {}) const {
        return expect_exit(
            *start_java_program("io.aeron.samples." + tool, words, {"aeron.dir=" + directory_}), 0);
    }
    /// Until both say the same: the publisher's position is sampled once a second.
    void await_same(const std::function<Lines()>& theirs, const std::function<Lines()>& ours) {
        const std::int64_t deadline_ns = platform_.clock.nano_time() + kPatienceNs;
        Lines their_lines = theirs();
        Lines our_lines = ours();
        while (their_lines != our_lines && platform_.clock.nano_time() < deadline_ns) {
            their_lines = theirs();
            our_lines = ours();
        }
        EXPECT_EQ(our_lines, their_lines);
        EXPECT_FALSE(their_lines.empty());
    }

    platform::Platform platform_ = platform::posix::make_platform();
    ScratchDirectory scratch_{platform_};
    std::optional<JavaDriver> java_;
    std::unique_ptr<Process> tern_;
    std::string directory_;
    std::unique_ptr<Process> subscriber_;
    std::unique_ptr<Process> publisher_;
};

/// Lines of counters; without the values of those that move by themselves.
Lines counter_lines(const std::string& output) {
    static const std::regex kCounter(R"(^( *\d+): +([-\d,]+) - (.*)$)");
    static const std::regex kStill("^(pub-|snd-pos|snd-lmt|snd-bpe|snd-channel|rcv-|sub-)");
    Lines lines;
    for (const std::string& line : lines_of(output)) {
        std::smatch match;
        if (!std::regex_match(line, match, kCounter)) continue;
        const std::string label = match[3];
        lines.push_back(std::regex_search(label, kStill) ? line : match[1].str() + ": " + label);
    }
    return lines;
}

TEST_P(DriverToolsInterop, CountersAndFilters) {
    start_stream();
    for (const Lines& filters : {Lines{}, Lines{"type=^[1-5]$", "stream=1001"},
                                 Lines{"type=^0$", "identity=^1"}, Lines{"channel=no such"}}) {
        Lines words = filters;
        words.emplace_back("watch=false");
        await_same([&] { return counter_lines(upstream("AeronStat", words)); },
                   [&] { return counter_lines(tern("stat", filters)); });
    }
}

/// As StreamStat has it.
Lines stream_lines(const json& report) {
    Lines lines;
    for (const json& stream : report["streams"]) {
        std::string& line = lines.emplace_back(
            fmt::format("sessionId={} streamId={} channel={} :", stream["session_id"].get<int>(),
                        stream["stream_id"].get<int>(), stream["channel"].get<std::string>()));
        for (const json& counter : stream["counters"]) {
            line += fmt::format(" {}:{}:{}", counter["name"].get<std::string>(),
                                counter["registration_id"].get<std::int64_t>(),
                                counter["value"].get<std::int64_t>());
        }
    }
    return lines;
}

TEST_P(DriverToolsInterop, StreamsAndBacklogs) {
    start_stream();
    await_same([&] { return without_first(lines_of(upstream("StreamStat")), 1); },
               [&] { return stream_lines(json::parse(tern("streams", {"--json"}))); });
    const auto sorted = [](Lines lines) {
        std::ranges::sort(lines);  // upstream's order of streams is not specified
        return lines;
    };
    await_same([&] { return sorted(without_first(lines_of(upstream("BacklogStat")), 1)); },
               [&] { return sorted(without_first(lines_of(tern("backlog")), 2)); });
}

TEST_P(DriverToolsInterop, Errors) {
    expect_exit(*start("subscribe", {"-c", "aeron:udp?endpoint=127.0.0.1"}), 1);
    const Lines ours = without_first(lines_of(tern("errors")), 1);
    EXPECT_EQ(ours, without_first(lines_of(upstream("ErrorStat")), 1));
    EXPECT_THAT(ours, ::testing::Contains("1 distinct errors observed."));
}

TEST_P(DriverToolsInterop, Losses) {
    const auto file = platform_.storage.open_mapped(directory_ + "/loss-report.dat",
                                                    platform::Access::read_write);
    memory::LossReport report(file->bytes());
    ASSERT_TRUE(report.create_entry(1'408, 1'795'395'148'057, -5, 1001,
                                    "aeron:udp?endpoint=localhost:20121", "127.0.0.1:40123"));
    const Lines theirs = lines_of(upstream("LossStat"));
    ASSERT_EQ(theirs.size(), 3U);
    const Lines ours = lines_of(tern("loss"));
    ASSERT_EQ(ours.size(), 5U);
    EXPECT_EQ(ours.back(), theirs.back());
    std::string row = std::regex_replace(ours[3], std::regex(",(?=\\d)"), "");  // thousands
    row = std::regex_replace(row, std::regex("^ +"), "");
    EXPECT_EQ(std::regex_replace(row, std::regex("  +"), ","), theirs[1]);
}

/// Channels of a test's own: upstream's ping keeps to the first image that it sees.
struct PingChannels {
    std::string ping, pong;
    [[nodiscard]] Lines ours() const { return {"-c", ping, "-C", pong}; }
    [[nodiscard]] Lines theirs(const std::string& directory) const {
        return {"aeron.dir=" + directory,
                "aeron.sample.ping.channel=" + ping,
                "aeron.sample.pong.channel=" + pong,
                "aeron.sample.messages=1000",
                "aeron.sample.warmup.messages=10",
                "aeron.sample.warmup.iterations=1",
                "aeron.sample.idleStrategy=org.agrona.concurrent.YieldingIdleStrategy"};
    }
};

PingChannels free_channels(platform::Platform platform) {
    const std::string ping = "aeron:udp?endpoint=" + support::free_endpoint(platform);
    return {ping, "aeron:udp?endpoint=" + support::free_endpoint(platform)};
}

TEST_P(DriverToolsInterop, OurPingWithUpstreamsPong) {
    const PingChannels channels = free_channels(platform_);
    const auto pong = start_java_program("io.aeron.samples.Pong", {}, channels.theirs(directory_));
    await_line(*pong, "Publishing Pong");
    Lines words = channels.ours();
    words.insert(words.end(), {"-m", "1000", "-w", "10", "--json"});
    const std::string output = tern("ping", words);
    EXPECT_EQ(json::parse(output)["messages"], 1'000) << output;
}

TEST_P(DriverToolsInterop, UpstreamsPingWithOurPong) {
    const PingChannels channels = free_channels(platform_);
    const auto pong = start("pong", channels.ours());
    await_line(*pong, "Publishing Pong");
    const auto ping = start_java_program("io.aeron.samples.Ping", {}, channels.theirs(directory_));
    await_line(*ping, "Histogram of RTT latencies");
    EXPECT_THAT(await_line(*ping, "Total count"), HasSubstr("1000"));
    pong->terminate();
    EXPECT_THAT(expect_exit(*pong, 0), HasSubstr("1,010 messages sent back"));
}

INSTANTIATE_TEST_SUITE_P(Drivers, DriverToolsInterop, ::testing::Values("tern", "java"),
                         [](const auto& driver) { return driver.param; });

}  // namespace
}  // namespace tern::interop
