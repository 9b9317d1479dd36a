#include "sim/checkers/liveness.hpp"

#include <gtest/gtest.h>

#include "tern/base/duration.hpp"

namespace tern::sim {
namespace {

constexpr std::int64_t kSecond = kNanosPerSecond;

class LivenessTest : public ::testing::Test {
  protected:
    LivenessChecker checker_{"a client is served", 10 * kSecond};
};

TEST_F(LivenessTest, AsksForNothingWhileThereAreFaults) {
    EXPECT_EQ(checker_.check(100 * kSecond), std::nullopt);
    checker_.faults_stopped(100 * kSecond);
    checker_.faults_began();
    EXPECT_EQ(checker_.check(200 * kSecond), std::nullopt);
}

TEST_F(LivenessTest, AcceptsServiceWithinTheBound) {
    checker_.faults_stopped(100 * kSecond);
    EXPECT_EQ(checker_.check(110 * kSecond), std::nullopt);
    EXPECT_EQ(checker_.served(110 * kSecond), std::nullopt);
    EXPECT_EQ(checker_.check(200 * kSecond), std::nullopt);
}

TEST_F(LivenessTest, FindsServiceThatDoesNotComeOnce) {
    checker_.faults_stopped(100 * kSecond);
    EXPECT_EQ(checker_.check(111 * kSecond),
              "a client is served: awaited for 11s after faults stopped, the bound is 10s");
    EXPECT_EQ(checker_.check(112 * kSecond), std::nullopt);
}

TEST_F(LivenessTest, FindsServiceThatComesTooLate) {
    checker_.faults_stopped(100 * kSecond);
    EXPECT_NE(checker_.served(111 * kSecond), std::nullopt);
}

TEST_F(LivenessTest, AsksAgainAfterTheNextFaults) {
    checker_.faults_stopped(100 * kSecond);
    EXPECT_EQ(checker_.served(101 * kSecond), std::nullopt);
    checker_.faults_began();
    checker_.faults_stopped(200 * kSecond);
    EXPECT_NE(checker_.check(211 * kSecond), std::nullopt);
}

}  // namespace
}  // namespace tern::sim
