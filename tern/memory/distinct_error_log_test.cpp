#include "tern/memory/distinct_error_log.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "tern/base/error.hpp"
#include "tern/memory/testing/golden.hpp"

namespace tern::memory {
namespace {

using testing::AlignedBytes;

std::vector<std::string> summary(ConstBytes log, std::int64_t since_ms = 0) {
    std::vector<std::string> lines;
    for_each_error(log, since_ms, [&](const ErrorObservation& error) {
        lines.push_back(std::to_string(error.count) + " " + std::to_string(error.first_epoch_ms) +
                        " " + std::to_string(error.last_epoch_ms) + " " + std::string(error.text));
    });
    return lines;
}

TEST(DistinctErrorLog, CountsWhatItHasSeen) {
    AlignedBytes memory(4096);
    DistinctErrorLog log(memory.bytes());
    EXPECT_TRUE(log.record(100, "first"));
    EXPECT_TRUE(log.record(200, Error("second", 1, Severity::warn)));
    EXPECT_TRUE(log.record(300, "first"));
    EXPECT_EQ(summary(memory.bytes()),
              (std::vector<std::string>{"2 100 300 first", "1 200 200 WARN - second"}));
    EXPECT_EQ(summary(memory.bytes(), 250), (std::vector<std::string>{"2 100 300 first"}));
    EXPECT_EQ(load<std::int32_t>(memory.data()), 24 + 5);
    EXPECT_EQ(load<std::int32_t>(memory.data() + 32), 24 + 13);
}

TEST(DistinctErrorLog, ReportReadsAsUpstreamsDoes) {
    AlignedBytes memory(4096);
    EXPECT_EQ(error_report(memory.bytes()), "");
    DistinctErrorLog log(memory.bytes());
    log.record(1'700'000'000'123, "ERROR - it broke");
    EXPECT_EQ(error_report(memory.bytes()),
              "\n1 observations from 2023-11-14 22:13:20.123+0000 to 2023-11-14 22:13:20.123+0000 "
              "for:\nERROR - it broke\n\n1 distinct errors observed.\n");
}

TEST(DistinctErrorLog, FullLogStillCountsWhatIsInIt) {
    AlignedBytes memory(64);
    DistinctErrorLog log(memory.bytes());
    EXPECT_TRUE(log.record(1, "a"));
    EXPECT_TRUE(log.record(1, "b"));
    EXPECT_FALSE(log.record(1, "c"));
    EXPECT_TRUE(log.record(2, "b"));
    EXPECT_EQ(summary(memory.bytes()), (std::vector<std::string>{"1 1 1 a", "2 1 2 b"}));
}

TEST(DistinctErrorLog, ContinuesWhatAnEarlierOneHasWritten) {
    AlignedBytes memory(4096);
    DistinctErrorLog(memory.bytes()).record(1, "known");
    DistinctErrorLog log(memory.bytes());
    log.record(2, "known");
    log.record(3, "new");
    EXPECT_EQ(summary(memory.bytes()), (std::vector<std::string>{"2 1 2 known", "1 3 3 new"}));
}

TEST(DistinctErrorLog, GarbageIsNotFollowed) {
    for (const std::int32_t length : {-1, 3, 23, 100'000, INT32_MAX}) {
        AlignedBytes memory(256);
        store(memory.data(), length);
        for_each_error(memory.bytes(), INT64_MIN, [](const ErrorObservation& error) {
            EXPECT_LE(error.text.size(), 256U - 24U);
        });
        DistinctErrorLog log(memory.bytes());
        log.record(1, "x");
    }
}

TEST(DistinctErrorLogThreads, ManyThreadsManyErrors) {
    AlignedBytes memory(64 * 1024);
    DistinctErrorLog log(memory.bytes());
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
        threads.emplace_back([&log] {
            for (int i = 0; i < 3000; ++i) log.record(i, "error " + std::to_string(i % 30));
        });
    }
    for (std::thread& thread : threads) thread.join();
    int total = 0;
    EXPECT_EQ(for_each_error(memory.bytes(), 0,
                             [&](const ErrorObservation& error) { total += error.count; }),
              30);
    EXPECT_EQ(total, 9000);
}

}  // namespace
}  // namespace tern::memory
