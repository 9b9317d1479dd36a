#include "tern/cluster/consensus/invariants.hpp"

#include <gtest/gtest.h>

#include <array>

#include "tern/base/error.hpp"

namespace tern::cluster {
namespace {

class InvariantsTest : public ::testing::Test {
  protected:
    InvariantsTest() {
        entries_[0].recording_id = 0;
        entries_[0].leadership_term_id = 0;
        entries_[0].log_position = 960;
        entries_[1] = entries_[0];
        entries_[1].leadership_term_id = 1;
        entries_[1].term_base_log_position = 960;
        entries_[1].log_position = kNullPosition;
        view_.state = ModuleState::active;
        view_.role = Role::leader;
        view_.leadership_term_id = 1;
        view_.candidate_term_id = 1;
        view_.commit_position = 1024;
        view_.append_position = 1056;
        view_.log_publication_position = 1088;
        view_.next_session_id = 3;
        view_.next_committed_session_id = 2;
        view_.highest_session_id = 2;
        view_.recording_log = entries_;
    }
    void expect_broken() {
        ConsensusInvariants fresh;
        EXPECT_THROW(fresh.check(view_), Error);
    }
    std::array<RecordingLogEntry, 2> entries_;
    InvariantsView view_;
};

TEST_F(InvariantsTest, AHealthyLeaderPasses) {
    ConsensusInvariants invariants;
    EXPECT_NO_THROW(invariants.check(view_));
    view_.commit_position = 1056;
    EXPECT_NO_THROW(invariants.check(view_));
}

TEST_F(InvariantsTest, ALeaderCommitsOnlyWhatIsRecorded) {
    view_.commit_position = 1060;
    expect_broken();
}

TEST_F(InvariantsTest, ATermIsVotedForBeforeItIsInForce) {
    view_.candidate_term_id = 0;
    expect_broken();
}

TEST_F(InvariantsTest, OnlyTheLastTermIsOpen) {
    entries_[0].log_position = kNullPosition;
    expect_broken();
}

TEST_F(InvariantsTest, TheLeadersTermIsInTheRecordingLog) {
    view_.recording_log = view_.recording_log.first(1);
    expect_broken();
}

TEST_F(InvariantsTest, SessionIdsStayBelowTheNext) {
    view_.highest_session_id = 3;
    expect_broken();
}

TEST_F(InvariantsTest, NothingGoesBack) {
    const auto expect_refused = [&](auto&& change) {
        ConsensusInvariants invariants;
        invariants.check(view_);
        auto next = view_;
        change(next);
        EXPECT_THROW(invariants.check(next), Error);
    };
    expect_refused([](InvariantsView& v) { v.commit_position -= 32; });
    expect_refused([](InvariantsView& v) { v.leadership_term_id = -1; });
    view_.state = ModuleState::terminating;
    expect_refused([](InvariantsView& v) { v.state = ModuleState::active; });
}

TEST(ElectionTransitionTest, OnlyThoseOfTheSpec) {
    using enum ElectionState;
    EXPECT_TRUE(is_election_transition(init, leader_log_replication));
    EXPECT_TRUE(is_election_transition(leader_ready, closed));
    EXPECT_TRUE(is_election_transition(leader_ready, init));
    EXPECT_FALSE(is_election_transition(init, leader_replay));
    EXPECT_FALSE(is_election_transition(canvass, leader_log_replication));
    EXPECT_FALSE(is_election_transition(closed, canvass));
}

}  // namespace
}  // namespace tern::cluster
