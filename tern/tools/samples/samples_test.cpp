// What the samples count with: latencies, rates, schedules, verified messages.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "tern/tools/samples/latency_histogram.hpp"
#include "tern/tools/samples/pace.hpp"
#include "tern/tools/samples/rate_report.hpp"
#include "tern/tools/samples/verified_message.hpp"

namespace tern::tools {
namespace {

using ::testing::HasSubstr;

TEST(LatencyHistogram, AnswersToThreeDigitsOverTheWholeRange) {
    for (std::int64_t value = 1; value < 3'000'000'000'000; value = value * 3 / 2 + 1) {
        LatencyHistogram histogram;
        histogram.record(value);
        histogram.record(value * 1'000);  // so that the maximum does not cut the answer
        EXPECT_GE(histogram.at(0.5), value);
        EXPECT_LE(static_cast<double>(histogram.at(0.5)), static_cast<double>(value) * 1.001);
        EXPECT_EQ(histogram.min(), value);
    }
}

TEST(LatencyHistogram, QuantilesAreThoseOfTheSortedValues) {
    LatencyHistogram histogram;
    for (std::int64_t value = 1; value <= 1'000; ++value) histogram.record(value);
    EXPECT_EQ(histogram.at(0.5), 500);
    EXPECT_EQ(histogram.at(0.99), 990);
    EXPECT_EQ(histogram.at(0.999), 999);
    EXPECT_EQ(histogram.at(1.0), 1'000);
    EXPECT_EQ(histogram.max(), 1'000);
    EXPECT_DOUBLE_EQ(histogram.mean(), 500.5);
    histogram.reset();
    EXPECT_EQ(histogram.count(), 0);
    EXPECT_EQ(histogram.at(0.5), 0);
    EXPECT_EQ(histogram.min(), 0);
}

TEST(LatencyHistogram, TakesAnyValue) {
    LatencyHistogram histogram;
    histogram.record(INT64_MIN);
    histogram.record(INT64_MAX);
    EXPECT_EQ(histogram.min(), 0);
    EXPECT_EQ(histogram.max(), 3'600'000'000'000);  // an hour stands for all beyond
}

TEST(Pace, KeepsItsScheduleAndCatchesUp) {
    Pace pace(1'000, 5'000);
    EXPECT_FALSE(pace.is_due(4'999));
    EXPECT_TRUE(pace.is_due(5'000));
    pace.sent();
    EXPECT_EQ(pace.due_ns(), 1'005'000);
    EXPECT_FALSE(pace.is_due(1'004'999));
    EXPECT_TRUE(pace.is_due(3'105'000));  // late: three are due
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(pace.is_due(3'105'000));
        pace.sent();
    }
    EXPECT_FALSE(pace.is_due(3'105'000));
    EXPECT_TRUE(Pace(0, 5'000).is_due(0));
}

TEST(RateReport, TellsEachSecondAndTheWhole) {
    RateReport report(false);
    EXPECT_EQ(report.line(0), std::nullopt);
    for (int i = 0; i < 3'000; ++i) report.add(1'024);
    EXPECT_EQ(report.line(999'999'999), std::nullopt);
    EXPECT_EQ(report.line(1'500'000'000),
              "2,000 msgs/sec, 2,048,000 bytes/sec, totals 3,000 messages 2 MB payloads");
    EXPECT_EQ(report.line(2'400'000'000), std::nullopt);
    EXPECT_EQ(report.line(2'500'000'000),
              "0 msgs/sec, 0 bytes/sec, totals 3,000 messages 2 MB payloads");
    // The time in which nothing came any more does not count.
    EXPECT_THAT(report.summary_text(), HasSubstr("in 1.000 s: 3,000 msgs/sec"));
    EXPECT_NEAR(report.summary_json()["messages_per_s"], 3'000.0, 0.1);
}

TEST(RateReport, IsJsonForMachines) {
    RateReport report(true);
    static_cast<void>(report.line(0));
    report.add(100);
    const auto line = nlohmann::json::parse(report.line(2'000'000'000).value());
    EXPECT_EQ(line["type"], "rate");
    EXPECT_EQ(line["elapsed_s"], 2.0);
    EXPECT_EQ(line["messages_per_s"], 0.5);
    EXPECT_EQ(line["bytes"], 100);
}

class Verified : public ::testing::Test {
  protected:
    void receive(std::int64_t number, std::int32_t session = 1, bool joined_late = false) {
        write_verified(message_, number);
        verifier_.check(session, message_, joined_late);
    }
    [[nodiscard]] const VerificationResult& result() const { return verifier_.result(); }

    std::vector<std::byte> message_ = std::vector<std::byte>(40);
    StreamVerifier verifier_;
};

TEST_F(Verified, GoodStreamsPassEachByItself) {
    for (std::int64_t number = 0; number < 100; ++number) {
        receive(number, 1);
        receive(number, -2);
    }
    EXPECT_TRUE(result().is_good());
    EXPECT_EQ(result().verified, 200);
}

TEST_F(Verified, GapsAndRepetitionsAreCounted) {
    receive(0);
    receive(4);
    receive(4);
    receive(2);
    receive(5);
    EXPECT_EQ(result().missing, 3);
    EXPECT_EQ(result().repeated, 2);
    EXPECT_EQ(result().verified, 3);
    EXPECT_FALSE(result().is_good());
}

TEST_F(Verified, AMissedBeginningIsAGapOnlyForWhoWasThere) {
    receive(7, 1, true);
    EXPECT_TRUE(result().is_good());
    receive(7, 2, false);
    EXPECT_EQ(result().missing, 7);
}

TEST_F(Verified, EveryFlippedBitIsFound) {
    for (std::size_t bit = 0; bit < message_.size() * 8; ++bit) {
        StreamVerifier verifier;
        write_verified(message_, 3);
        message_[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
        verifier.check(1, message_, true);
        EXPECT_EQ(verifier.result().corrupt, 1) << "bit " << bit;
    }
}

TEST_F(Verified, AMessageThatIsTooShortIsCorrupt) {
    verifier_.check(1, ConstBytes(message_).first(11), true);
    verifier_.check(1, {}, true);
    EXPECT_EQ(result().corrupt, 2);
}

}  // namespace
}  // namespace tern::tools
