#include "tern/memory/loss_report.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tern/memory/testing/golden.hpp"

namespace tern::memory {
namespace {

using testing::AlignedBytes;

/// As the lines of loss-report.dat.decoded.txt, without the offset.
std::vector<std::string> lines(ConstBytes report) {
    std::vector<std::string> text;
    for_each_loss(report, [&](const LossEntry& entry) {
        text.push_back(fmt::format(
            "count={} bytes={} first={} last={} session={} stream={} channel={} source={}",
            entry.observation_count, entry.total_bytes_lost, entry.first_observation_epoch_ms,
            entry.last_observation_epoch_ms, entry.session_id, entry.stream_id, entry.channel,
            entry.source));
    });
    return text;
}

TEST(LossReport, ReadsUpstreamsReports) {
    for (const std::string driver : {"c", "java"}) {
        AlignedBytes report = testing::read_golden("shm/" + driver + "/loss-report.dat.xz");
        const auto expected =
            testing::golden_lines("shm/" + driver + "/loss-report.dat.decoded.txt");
        ASSERT_EQ(expected.size(), 2U);
        EXPECT_EQ("at 0: " + lines(report.bytes()).at(0), expected[1]);
    }
}

TEST(LossReport, WritesEntriesThatAccumulate) {
    AlignedBytes memory(4096);
    LossReport report(memory.bytes());
    const auto first = report.create_entry(64, 10, 1, 2, "aeron:udp?x", "127.0.0.1:1");
    const auto second = report.create_entry(1, 11, 3, 4, std::string(61, 'c'), "s");
    ASSERT_TRUE(first && second);
    first->record(36, 20);
    EXPECT_EQ(lines(memory.bytes()),
              (std::vector<std::string>{
                  "count=2 bytes=100 first=10 last=20 session=1 stream=2 channel=aeron:udp?x "
                  "source=127.0.0.1:1",
                  "count=1 bytes=1 first=11 last=11 session=3 stream=4 channel=" +
                      std::string(61, 'c') + " source=s"}));
    EXPECT_EQ(load<std::int64_t>(memory.data() + 128), 1);  // entries are aligned to 64

    LossReport continued(memory.bytes());
    EXPECT_TRUE(continued.create_entry(1, 1, 1, 1, "c", "s"));
    EXPECT_EQ(lines(memory.bytes()).size(), 3U);
}

TEST(LossReport, FullReportTakesNoMore) {
    AlignedBytes memory(128);
    LossReport report(memory.bytes());
    EXPECT_TRUE(report.create_entry(1, 1, 1, 1, "channel", "s"));
    EXPECT_TRUE(report.create_entry(1, 1, 1, 1, "channel", "s"));
    EXPECT_FALSE(report.create_entry(1, 1, 1, 1, "channel", "s"));
    EXPECT_EQ(lines(memory.bytes()).size(), 2U);
}

TEST(LossReport, GarbageIsNotFollowed) {
    for (const std::int32_t length : {-1, 88, 1000, INT32_MAX, INT32_MIN}) {
        AlignedBytes memory(128);
        store<std::int64_t>(memory.data(), 1);
        store(memory.data() + 40, length);
        EXPECT_TRUE(lines(memory.bytes()).empty());
    }
}

}  // namespace
}  // namespace tern::memory
