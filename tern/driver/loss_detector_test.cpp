// What is found missing, and when it is asked for.
#include "tern/driver/loss_detector.hpp"

#include <gtest/gtest.h>

#include "tern/driver/testing/data_path.hpp"
#include "tern/logbuffer/term_rebuilder.hpp"
#include "tern/platform/sim/prng.hpp"

namespace tern::driver::testing {
namespace {

constexpr std::int32_t kTermLength = 65'536;
constexpr std::int32_t kFrame = 1'024;

class Loss : public ::testing::Test {
  protected:
    /// Frame `index` of the stream arrives.
    void arrive(std::int64_t index) {
        const std::int64_t position = index * kFrame;
        std::vector<std::byte> frame(kFrame);
        wire::DataHeader header{};
        header.frame_length = kFrame;
        header.type = wire::kDataFrameType;
        header.term_offset = logbuffer::term_offset_of(position, kTermLength);
        header.term_id = logbuffer::term_id_of(position, log.view.shift(), 5);
        store(frame.data(), header);
        ASSERT_TRUE(
            logbuffer::insert_packet(log.view.term_at(position), header.term_offset, frame));
        high_water_mark = std::max(high_water_mark, position + kFrame);
    }
    LossDetector::Result scan(LossDetector& detector) {
        auto result = detector.scan(log.view, rebuilt, high_water_mark, now_ns);
        rebuilt = result.rebuild_position;
        return result;
    }

    Log log{
        {.initial_term_id = 5, .start_term_id = 5, .term_length = kTermLength, .mtu_length = 1408}};
    std::int64_t high_water_mark = 0;
    std::int64_t rebuilt = 0;
    std::int64_t now_ns = 1'000;
};

TEST_F(Loss, what_is_complete_is_rebuilt_and_nothing_is_asked_for) {
    LossDetector detector(FeedbackDelay::none());
    for (int i = 0; i < 10; ++i) arrive(i);
    const auto result = scan(detector);
    EXPECT_EQ(result.rebuild_position, 10 * kFrame);
    EXPECT_FALSE(result.loss_found);
    EXPECT_FALSE(result.due);
}

TEST_F(Loss, a_gap_is_asked_for_after_the_first_delay_and_then_after_each_retry_delay) {
    LossDetector detector(FeedbackDelay::fixed(10, 100));
    arrive(0);
    arrive(3);
    auto result = scan(detector);
    EXPECT_TRUE(result.loss_found);
    EXPECT_FALSE(result.due);
    now_ns += 9;
    result = scan(detector);
    EXPECT_FALSE(result.loss_found) << "it is known";
    EXPECT_FALSE(result.due);
    now_ns += 1;
    EXPECT_EQ(scan(detector).due, (Gap{5, kFrame, 2 * kFrame}));
    now_ns += 99;
    EXPECT_FALSE(scan(detector).due);
    now_ns += 1;
    EXPECT_TRUE(scan(detector).due);
    EXPECT_EQ(rebuilt, kFrame);
}

TEST_F(Loss, a_gap_that_shrinks_is_another_one_and_waits_anew) {
    LossDetector detector(FeedbackDelay::fixed(10, 100));
    arrive(0);
    arrive(3);
    static_cast<void>(scan(detector));
    arrive(1);
    now_ns += 10;
    const auto result = scan(detector);
    EXPECT_TRUE(result.loss_found);
    EXPECT_FALSE(result.due);
    now_ns += 10;
    EXPECT_EQ(scan(detector).due, (Gap{5, 2 * kFrame, kFrame}));
    arrive(2);
    EXPECT_EQ(scan(detector).rebuild_position, 4 * kFrame);
}

TEST_F(Loss, only_the_first_of_several_gaps_is_asked_for) {
    LossDetector detector(FeedbackDelay::none());
    arrive(1);
    arrive(3);
    EXPECT_EQ(scan(detector).due, (Gap{5, 0, kFrame}));
    arrive(0);
    EXPECT_EQ(scan(detector).due, (Gap{5, 2 * kFrame, kFrame}));
}

TEST_F(Loss, a_gap_over_the_end_of_a_term_is_asked_for_term_by_term) {
    constexpr std::int64_t kPerTerm = kTermLength / kFrame;
    LossDetector detector(FeedbackDelay::none());
    for (std::int64_t i = 0; i < kPerTerm - 1; ++i) arrive(i);
    arrive(kPerTerm + 1);
    EXPECT_EQ(scan(detector).due, (Gap{5, kTermLength - kFrame, kFrame}));
    arrive(kPerTerm - 1);
    EXPECT_EQ(scan(detector).rebuild_position, kTermLength);
    EXPECT_EQ(scan(detector).due, (Gap{6, 0, kFrame}));
}

TEST_F(Loss, a_lost_tail_is_a_gap_up_to_the_high_water_mark) {
    LossDetector detector(FeedbackDelay::none());
    arrive(0);
    high_water_mark = 3 * kFrame;  // a heartbeat told
    EXPECT_EQ(scan(detector).due, (Gap{5, kFrame, 2 * kFrame}));
}

class FixedRandom final : public platform::Random {
  public:
    std::uint64_t next_u64() noexcept override { return prng.next(); }
    platform::sim::Prng prng{1};
};

TEST(FeedbackDelay, of_a_group_few_ask_early_and_nobody_after_the_backoff) {
    FixedRandom random;
    constexpr std::int64_t kBackoff = 10'000'000;
    const FeedbackDelay delay = FeedbackDelay::multicast(kBackoff, 10, random);
    int early = 0;
    int late = 0;
    for (int i = 0; i < 10'000; ++i) {
        const std::int64_t drawn = i % 2 == 0 ? delay.initial_ns() : delay.retry_ns();
        ASSERT_GE(drawn, 0);
        ASSERT_LE(drawn, kBackoff);
        early += drawn < kBackoff / 2 ? 1 : 0;
        late += drawn > kBackoff * 9 / 10 ? 1 : 0;
    }
    // lambda = ln 10 + 1: P(first half) = (e^(lambda / 2) - 1) / (e^lambda - 1) = 0.16
    EXPECT_NEAR(early, 1'600, 200);
    EXPECT_NEAR(late, 2'900, 250);
}

}  // namespace
}  // namespace tern::driver::testing
