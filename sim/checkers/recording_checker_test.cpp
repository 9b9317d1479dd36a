#include "sim/checkers/recording_checker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tern::sim {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Optional;

constexpr std::int64_t kFrame = 128;  // what each message takes in the log

// A writer that has sent ten messages, and a recording of them from the third on.
class RecordingCheckerTest : public ::testing::Test {
  protected:
    RecordingCheckerTest() {
        for (std::int64_t n = 1; n <= 10; ++n) writer_.accepted(n * kFrame);
    }
    ConstBytes message(std::uint64_t n) { return payload_.make(n, 96); }
    void replay(std::uint64_t first, std::uint64_t end) {
        for (std::uint64_t n = first; n < end; ++n) {
            ASSERT_EQ(recording_.replayed(message(n)), std::nullopt) << n;
        }
    }
    StreamWriter writer_{1, 2};
    StreamPayload payload_{1, 2};
    RecordingChecker recording_{writer_, 33, 2 * kFrame};
};

TEST_F(RecordingCheckerTest, AcceptsAWholeReplay) {
    EXPECT_EQ(recording_.replay_started(2 * kFrame), std::nullopt);
    replay(2, 10);
    EXPECT_EQ(recording_.replay_finished(10 * kFrame), std::nullopt);
}

TEST_F(RecordingCheckerTest, AcceptsAReplayOfAPartThatEndsWithinAMessage) {
    EXPECT_EQ(recording_.replay_started(4 * kFrame), std::nullopt);
    replay(4, 7);
    EXPECT_EQ(recording_.replay_finished(7 * kFrame + 64), std::nullopt);
    EXPECT_EQ(recording_.replay_started(3 * kFrame), std::nullopt);  // and again
    replay(3, 4);
}

TEST_F(RecordingCheckerTest, FindsAReplayThatBeginsWithTheWrongMessage) {
    for (const std::uint64_t first : {1U, 3U}) {
        EXPECT_EQ(recording_.replay_started(2 * kFrame), std::nullopt);
        EXPECT_THAT(recording_.replayed(message(first)),
                    Optional(AllOf(HasSubstr("recording 33"), HasSubstr("2 was due"))));
    }
    EXPECT_THAT(recording_.replay_started(kFrame), Optional(HasSubstr("before its start")));
}

TEST_F(RecordingCheckerTest, FindsADamagedMessage) {
    EXPECT_EQ(recording_.replay_started(2 * kFrame), std::nullopt);
    const ConstBytes intact = message(2);
    std::vector<std::byte> damaged(intact.begin(), intact.end());
    damaged[70] ^= std::byte{4};
    EXPECT_THAT(recording_.replayed(damaged), Optional(HasSubstr("from byte 70 on")));
}

TEST_F(RecordingCheckerTest, FindsAReplayThatEndsTooEarlyOrTooLate) {
    EXPECT_EQ(recording_.replay_started(2 * kFrame), std::nullopt);
    replay(2, 6);
    EXPECT_THAT(recording_.replay_finished(7 * kFrame), Optional(HasSubstr("before message 6")));
    EXPECT_THAT(recording_.replay_finished(5 * kFrame),
                Optional(HasSubstr("went on to message 5")));
}

TEST_F(RecordingCheckerTest, AcceptsAnEndFromWhatWasAcknowledgedToWhatWasSent) {
    for (const std::int64_t stop : {5 * kFrame, 5 * kFrame + 32, 10 * kFrame}) {
        RecordingChecker recording = recording_;
        EXPECT_EQ(recording.acknowledged(5 * kFrame), std::nullopt);
        EXPECT_EQ(recording.recovered(stop, Loss::forbidden), std::nullopt) << stop;
    }
}

TEST_F(RecordingCheckerTest, FindsLossOfWhatWasAcknowledgedUnlessItIsAllowed) {
    EXPECT_EQ(recording_.acknowledged(5 * kFrame), std::nullopt);
    EXPECT_EQ(recording_.acknowledged(4 * kFrame), std::nullopt);  // an old answer
    RecordingChecker rotten = recording_;
    EXPECT_THAT(recording_.recovered(5 * kFrame - 32, Loss::forbidden),
                Optional(HasSubstr("ends at 608, but 640 was acknowledged")));
    EXPECT_EQ(rotten.recovered(5 * kFrame - 32, Loss::allowed), std::nullopt);
    EXPECT_EQ(rotten.acknowledged_position(), 5 * kFrame - 32);  // what is left is promised again
    EXPECT_NE(rotten.recovered(4 * kFrame, Loss::forbidden), std::nullopt);
}

TEST_F(RecordingCheckerTest, FindsMoreThanWasSentAndLessThanNothing) {
    EXPECT_THAT(recording_.acknowledged(11 * kFrame), Optional(HasSubstr("only 1280 was sent")));
    EXPECT_THAT(recording_.recovered(11 * kFrame, Loss::allowed),
                Optional(HasSubstr("only 1280 was sent")));
    EXPECT_THAT(recording_.recovered(kFrame, Loss::allowed),
                Optional(HasSubstr("before its start")));
}

}  // namespace
}  // namespace tern::sim
