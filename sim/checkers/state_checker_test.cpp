#include "sim/checkers/state_checker.hpp"

#include <gtest/gtest.h>

namespace tern::sim {
namespace {

TEST(StateChecker, AcceptsEqualStates) {
    StateChecker checker;
    EXPECT_EQ(checker.state(0, 128, 0xA), std::nullopt);
    EXPECT_EQ(checker.state(1, 128, 0xA), std::nullopt);
    EXPECT_EQ(checker.state(0, 256, 0xB), std::nullopt);
    EXPECT_EQ(checker.state(0, 128, 0xA), std::nullopt);  // again, after a restart
    EXPECT_EQ(checker.reproduced(128, 256, 0xB), std::nullopt);
    EXPECT_EQ(checker.reproduced(256, 256, 0xB), std::nullopt);
}

TEST(StateChecker, FindsMembersThatDiffer) {
    StateChecker checker;
    EXPECT_EQ(checker.state(0, 128, 0xA), std::nullopt);
    EXPECT_EQ(checker.state(2, 128, 0xB),
              "states differ at log position 128: member 0 has 000000000000000a, "
              "member 2 has 000000000000000b");
}

TEST(StateChecker, FindsASnapshotThatDoesNotReproduceTheState) {
    StateChecker checker;
    EXPECT_EQ(checker.state(0, 256, 0xA), std::nullopt);
    EXPECT_EQ(checker.reproduced(128, 256, 0xB),
              "states differ at log position 256: member 0 has 000000000000000a, "
              "the replay of the snapshot of 128 has 000000000000000b");
}

TEST(StateChecker, FindsAMemberThatDiffersFromAReplay) {
    StateChecker checker;
    EXPECT_EQ(checker.reproduced(128, 256, 0xB), std::nullopt);
    EXPECT_NE(checker.state(0, 256, 0xA), std::nullopt);
}

TEST(StateChecker, RemembersTheLatestPositions) {
    StateChecker checker;
    const std::int64_t positions = StateChecker::kMaxPositions + 10;
    for (std::int64_t position = 0; position < positions; ++position) {
        ASSERT_EQ(checker.state(0, position, 0xA), std::nullopt);
    }
    EXPECT_EQ(checker.state(1, 9, 0xB), std::nullopt);  // forgotten
    EXPECT_NE(checker.state(1, 10, 0xB), std::nullopt);
    EXPECT_NE(checker.state(1, positions - 1, 0xB), std::nullopt);
}

}  // namespace
}  // namespace tern::sim
