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
        for (std::int64_t n = 1; n <= 10; ++n) writer_->accepted(n * kFrame);
    }
    ConstBytes message(std::uint64_t n) { return payload_.make(n, 96); }
    static std::int64_t end_of(std::uint64_t n) {
        return static_cast<std::int64_t>(n + 1) * kFrame;
    }
    ReplayChecker replay(std::int64_t position) { return {recording_, position, kTermLength}; }
    void feed(ReplayChecker& replay, std::uint64_t first, std::uint64_t end) {
        for (std::uint64_t n = first; n < end; ++n) {
            ASSERT_EQ(replay.replayed(message(n), end_of(n)), std::nullopt) << n;
        }
    }
    static constexpr std::int32_t kTermLength = 8 * kFrame;
    std::shared_ptr<StreamWriter> writer_ = std::make_shared<StreamWriter>(1, 2);
    StreamPayload payload_{1, 2};
    RecordingChecker recording_{writer_, 33, 2 * kFrame};
};

TEST_F(RecordingCheckerTest, AcceptsAWholeReplay) {
    auto checker = replay(2 * kFrame);
    feed(checker, 2, 10);
    EXPECT_EQ(checker.finished(10 * kFrame), std::nullopt);
}

TEST_F(RecordingCheckerTest, AcceptsReplaysOfPartsThatEndWithinAMessage) {
    auto checker = replay(4 * kFrame);
    auto other = replay(3 * kFrame);
    feed(checker, 4, 7);
    feed(other, 3, 4);
    EXPECT_EQ(checker.finished(7 * kFrame + 64), std::nullopt);
}

TEST_F(RecordingCheckerTest, ExpectsTheFirstMessageThatBeginsInTheReplay) {
    auto within = replay(4 * kFrame + 32);  // message 4 began before it
    feed(within, 5, 6);
    auto at_term = replay(kTermLength);
    feed(at_term, 8, 9);
}

TEST_F(RecordingCheckerTest, FindsAReplayThatBeginsWithTheWrongMessage) {
    for (const std::uint64_t first : {1U, 3U}) {
        EXPECT_THAT(replay(2 * kFrame).replayed(message(first), end_of(first)),
                    Optional(AllOf(HasSubstr("recording 33"), HasSubstr("2 was due"))));
    }
}

TEST_F(RecordingCheckerTest, FindsADamagedMessageAndOneInTheWrongPlace) {
    const ConstBytes intact = message(2);
    std::vector<std::byte> damaged(intact.begin(), intact.end());
    damaged[70] ^= std::byte{4};
    EXPECT_THAT(replay(2 * kFrame).replayed(damaged, end_of(2)),
                Optional(HasSubstr("from byte 70 on")));
    EXPECT_THAT(replay(2 * kFrame).replayed(message(2), end_of(2) + 32),
                Optional(HasSubstr("ends at 416, but was sent up to 384")));
}

TEST_F(RecordingCheckerTest, FindsAReplayThatEndsTooEarlyOrTooLate) {
    auto checker = replay(2 * kFrame);
    feed(checker, 2, 6);
    EXPECT_THAT(checker.finished(7 * kFrame), Optional(HasSubstr("before message 6")));
    EXPECT_THAT(checker.finished(5 * kFrame), Optional(HasSubstr("went on to 768")));
}

TEST_F(RecordingCheckerTest, FollowsThePublicationThatContinuesIt) {
    auto next = std::make_shared<StreamWriter>(*writer_);
    next->cut(5 * kFrame + 32);  // within message 5
    next->accepted(7 * kFrame);
    recording_.continued_by(next);
    auto checker = replay(4 * kFrame);
    feed(checker, 4, 5);
    EXPECT_EQ(checker.replayed(message(5), 7 * kFrame), std::nullopt);
    EXPECT_EQ(checker.finished(7 * kFrame), std::nullopt);
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
