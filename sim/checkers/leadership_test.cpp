#include "sim/checkers/leadership.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tern::sim {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Optional;

TEST(LeadershipChecker, AcceptsOneLeaderATerm) {
    LeadershipChecker checker;
    EXPECT_EQ(checker.leads({0, 0}, 1, 10), std::nullopt);
    EXPECT_EQ(checker.leads({0, 0}, 1, 11), std::nullopt);
    EXPECT_EQ(checker.leads({1, 0}, 2, 12), std::nullopt);
    EXPECT_EQ(checker.leads({0, 0}, 1, 13), std::nullopt);  // cut off, it does not know yet
    EXPECT_EQ(checker.leads({0, 1}, 4, 14), std::nullopt);  // restarted, elected again
}

TEST(LeadershipChecker, FindsTwoLeadersInATerm) {
    LeadershipChecker checker;
    EXPECT_EQ(checker.leads({0, 0}, 1, 10), std::nullopt);
    EXPECT_THAT(checker.leads({2, 3}, 1, 20),
                Optional(AllOf(HasSubstr("term 1"), HasSubstr("member 0 (start 0) since 10"),
                               HasSubstr("member 2 (start 3) at 20"))));
}

TEST(LeadershipChecker, FindsARestartedMemberThatGoesOnLeading) {
    LeadershipChecker checker;
    EXPECT_EQ(checker.leads({0, 0}, 1, 10), std::nullopt);
    EXPECT_THAT(checker.leads({0, 1}, 1, 20), Optional(HasSubstr("two leaders")));
}

TEST(LeadershipChecker, FindsALeaderThatGoesBack) {
    LeadershipChecker checker;
    EXPECT_EQ(checker.leads({0, 0}, 5, 10), std::nullopt);
    for (const std::int64_t now_ns : {20, 21}) {
        EXPECT_THAT(checker.leads({0, 1}, 4, now_ns), Optional(HasSubstr("after it led term 5")));
    }
}

TEST(LeadershipChecker, RemembersTheLatestTerms) {
    LeadershipChecker checker;
    const std::int64_t terms = LeadershipChecker::kMaxTerms + 10;
    for (std::int64_t term = 0; term < terms; ++term) {
        ASSERT_EQ(checker.leads({0, 0}, term, term), std::nullopt);
    }
    EXPECT_EQ(checker.leads({1, 0}, 9, terms), std::nullopt);  // forgotten
    EXPECT_NE(checker.leads({1, 0}, 10, terms), std::nullopt);
    EXPECT_NE(checker.leads({1, 0}, terms - 1, terms), std::nullopt);
}

}  // namespace
}  // namespace tern::sim
