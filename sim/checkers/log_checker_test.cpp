#include "sim/checkers/log_checker.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tern::sim {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Optional;

// Member 0 has committed the first kilobyte of a log; members 1 and 2 have started.
class LogCheckerTest : public ::testing::Test {
  protected:
    LogCheckerTest() : log_(4096) {
        for (std::size_t i = 0; i < log_.size(); ++i) log_[i] = static_cast<std::byte>(i * 7 / 5);
        for (const std::int32_t member : {0, 1, 2}) checker_.started(member, 0);
        commit(0, 0, 1024);
    }
    std::optional<std::string> try_commit(std::int32_t member, std::size_t from, std::size_t to) {
        return checker_.committed(member, static_cast<std::int64_t>(from),
                                  ConstBytes(log_).subspan(from, to - from));
    }
    void commit(std::int32_t member, std::size_t from, std::size_t to) {
        EXPECT_EQ(try_commit(member, from, to), std::nullopt);
    }
    std::vector<std::byte> log_;
    LogChecker checker_;
};

TEST_F(LogCheckerTest, AcceptsEqualLogsInAnyPieces) {
    for (std::size_t from = 0; from < 1024; from += 64) commit(1, from, from + 64);
    commit(1, 1024, 2048);  // ahead
    commit(2, 0, 32);
    commit(2, 32, 2048);
    commit(0, 1024, 2048);
    EXPECT_EQ(checker_.commit_position(), 2048);
}

TEST_F(LogCheckerTest, AcceptsARestartFromAnyPosition) {
    checker_.started(0, 512);
    commit(0, 512, 2048);
    checker_.started(1, 1024);  // from a snapshot
    commit(1, 1024, 2048);
}

TEST_F(LogCheckerTest, FindsTheFirstDifference) {
    for (const std::size_t offset : {0U, 31U, 32U, 700U, 1023U}) {
        LogChecker fresh = checker_;
        log_[offset] ^= std::byte{0x10};
        EXPECT_THAT(try_commit(1, 0, 1024),
                    Optional(AllOf(HasSubstr(fmt::format("at {} ", offset / 32 * 32)),
                                   HasSubstr("member 1"), HasSubstr("than member 0"))));
        log_[offset] ^= std::byte{0x10};
        checker_ = fresh;
    }
}

TEST_F(LogCheckerTest, FindsAMemberThatChangesItsOwnLogInARestart) {
    log_[960] ^= std::byte{1};
    checker_.started(0, 512);
    EXPECT_THAT(try_commit(0, 512, 1024), Optional(HasSubstr("at 960 than member 0")));
}

TEST_F(LogCheckerTest, FindsADifferenceToWhatAnotherMemberCommittedFirst) {
    commit(1, 0, 2048);
    log_[1500] ^= std::byte{1};
    EXPECT_THAT(try_commit(0, 1024, 2048), Optional(HasSubstr("at 1472 than member 1")));
}

TEST_F(LogCheckerTest, FindsACommitThatGoesBackOrLeavesAGap) {
    LogChecker gap = checker_;
    EXPECT_THAT(try_commit(0, 992, 1056), Optional(HasSubstr("though it stood at 1024")));
    EXPECT_THAT(gap.committed(0, 1056, ConstBytes(log_).first(32)),
                Optional(HasSubstr("though it stood at 1024")));
}

TEST_F(LogCheckerTest, FindsALeaderWithoutAllThatWasCommitted) {
    EXPECT_EQ(checker_.elected(1, 1024), std::nullopt);
    EXPECT_EQ(checker_.elected(1, 4096), std::nullopt);  // more, not committed yet
    EXPECT_THAT(checker_.elected(1, 992),
                Optional(AllOf(HasSubstr("member 1 is elected with a log up to 992"),
                               HasSubstr("member 0 committed up to 1024"))));
}

}  // namespace
}  // namespace tern::sim
