#include "sim/checkers/exactly_once.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tern::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;

// Two clients have sent commands 1, 2, 3 each; member 0 has applied four of the six.
class ExactlyOnceTest : public ::testing::Test {
  protected:
    ExactlyOnceTest() {
        for (const std::int64_t client : {7, 8}) {
            for (const std::int64_t number : {1, 2, 3}) checker_.sent({client, number});
        }
        for (const std::int32_t member : {0, 1, 2}) checker_.restored(member, 0);
        apply(0, 128, {7, 1});
        apply(0, 256, {8, 1});
        apply(0, 384, {7, 2});
        apply(0, 512, {8, 2});
    }
    void apply(std::int32_t member, std::int64_t position, CommandId id) {
        EXPECT_EQ(checker_.applied(member, position, id), std::nullopt) << position;
    }
    ExactlyOnceChecker checker_;
};

TEST_F(ExactlyOnceTest, AcceptsMembersThatApplyTheSame) {
    apply(1, 128, {7, 1});
    EXPECT_EQ(checker_.acknowledged({7, 1}), std::nullopt);
    apply(1, 256, {8, 1});
    apply(1, 384, {7, 2});
    apply(1, 512, {8, 2});
    apply(1, 640, {8, 3});  // ahead of member 0
    apply(0, 640, {8, 3});
    EXPECT_EQ(checker_.acknowledged({8, 3}), std::nullopt);
    EXPECT_EQ(checker_.finish(0), std::nullopt);
    EXPECT_EQ(checker_.finish(1), std::nullopt);
}

TEST_F(ExactlyOnceTest, AcceptsAReplayAfterARestart) {
    checker_.restored(0, 256);
    apply(0, 384, {7, 2});
    apply(0, 512, {8, 2});
    apply(0, 640, {7, 3});
    checker_.restored(2, 640);  // a snapshot of another member
    EXPECT_EQ(checker_.acknowledged({7, 3}), std::nullopt);
    EXPECT_EQ(checker_.finish(2), std::nullopt);
}

TEST_F(ExactlyOnceTest, FindsACommandAppliedTwice) {
    EXPECT_THAT(checker_.applied(0, 640, {7, 2}), Optional(HasSubstr("applied at 384 before")));
}

TEST_F(ExactlyOnceTest, FindsACommandAppliedAgainWithoutARestart) {
    EXPECT_THAT(checker_.applied(0, 512, {8, 2}), Optional(HasSubstr("at 512 already")));
}

TEST_F(ExactlyOnceTest, FindsAReplayThatDiffers) {
    checker_.restored(0, 256);
    EXPECT_THAT(checker_.applied(0, 384, {7, 3}),
                Optional(HasSubstr("where the history has command 2 of client 7 at 384")));
}

TEST_F(ExactlyOnceTest, FindsAMemberThatLeavesOneOut) {
    apply(1, 128, {7, 1});
    EXPECT_THAT(checker_.applied(1, 384, {7, 2}), Optional(HasSubstr("command 1 of client 8")));
}

TEST_F(ExactlyOnceTest, FindsAMemberThatAppliesOneMore) {
    apply(1, 128, {7, 1});
    EXPECT_THAT(checker_.applied(1, 192, {7, 3}), Optional(HasSubstr("command 1 of client 8")));
}

TEST_F(ExactlyOnceTest, FindsAMemberThatAppliesACommandElsewhere) {
    EXPECT_THAT(checker_.applied(1, 64, {7, 1}),
                Optional(HasSubstr("command 1 of client 7 at 128")));
}

TEST_F(ExactlyOnceTest, FindsACommandThatWasNeverSent) {
    EXPECT_THAT(checker_.applied(0, 640, {9, 1}), Optional(HasSubstr("never sent")));
    EXPECT_THAT(checker_.acknowledged({7, 4}), Optional(HasSubstr("never sent")));
}

TEST_F(ExactlyOnceTest, FindsTheOrderOfASessionViolated) {
    ExactlyOnceChecker checker = checker_;
    checker.sent({8, 4});
    EXPECT_EQ(checker.applied(0, 640, {8, 4}), std::nullopt);
    EXPECT_THAT(checker.applied(0, 768, {8, 3}),
                Optional(HasSubstr("after command 4 of client 8 at 640")));
}

TEST_F(ExactlyOnceTest, FindsAnAnswerBeforeTheCommandIsApplied) {
    EXPECT_THAT(checker_.acknowledged({7, 3}), Optional(HasSubstr("no member has applied it")));
}

TEST_F(ExactlyOnceTest, FindsAnAcknowledgedCommandThatIsNotInTheFinalState) {
    EXPECT_EQ(checker_.acknowledged({7, 2}), std::nullopt);
    apply(1, 128, {7, 1});
    apply(1, 256, {8, 1});
    EXPECT_THAT(checker_.finish(1), Optional(HasSubstr("member 1 ends at 256 without it")));
    apply(1, 384, {7, 2});
    EXPECT_EQ(checker_.finish(1), std::nullopt);
    EXPECT_NE(checker_.finish(3), std::nullopt);  // one that has no state
}

}  // namespace
}  // namespace tern::sim
