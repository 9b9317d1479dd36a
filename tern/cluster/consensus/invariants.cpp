#include "tern/cluster/consensus/invariants.hpp"

#include <fmt/format.h>

#include <array>

#include "tern/base/error.hpp"

namespace tern::cluster {

namespace {

template <typename... Args>
void expect(bool holds, fmt::format_string<Args...> text, Args&&... args) {
    if (holds) return;
    throw Error("invariant broken: " + fmt::format(text, std::forward<Args>(args)...));
}

bool is_leader_election_state(ElectionState state) {
    return state == ElectionState::leader_log_replication ||
           state == ElectionState::leader_replay || state == ElectionState::leader_init ||
           state == ElectionState::leader_ready;
}

void check_positions(const InvariantsView& now) {
    expect(now.commit_position >= 0, "commit position {} is not negative", now.commit_position);
    expect(now.candidate_term_id >= now.leadership_term_id || now.leadership_term_id < 0,
           "term {} was voted for before it is in force, candidate term is {}",
           now.leadership_term_id, now.candidate_term_id);
    const bool leads = now.role == Role::leader && now.election_state == ElectionState::closed;
    if (!leads || now.state == ModuleState::closed) return;
    expect(now.log_publication_position != kNullPosition, "a leader has a log publication");
    expect(now.append_position <= now.log_publication_position,
           "recorded position {} is not beyond the log {}", now.append_position,
           now.log_publication_position);
    expect(now.commit_position <= now.append_position,
           "commit position {} is not beyond the recorded position {}", now.commit_position,
           now.append_position);
}

void check_sessions(const InvariantsView& now) {
    expect(now.next_committed_session_id <= now.next_session_id,
           "committed next session id {} is not beyond the next {}", now.next_committed_session_id,
           now.next_session_id);
    expect(now.highest_session_id < now.next_session_id, "session id {} is below the next {}",
           now.highest_session_id, now.next_session_id);
}

/// Terms ascend without overlap, and only the last may be open.
void check_recording_log(const InvariantsView& now) {
    const RecordingLogEntry* previous = nullptr;
    for (const auto& entry : now.recording_log) {
        if (!entry.is_valid_term()) continue;
        if (previous != nullptr) {
            expect(previous->leadership_term_id < entry.leadership_term_id,
                   "term {} follows term {}", entry.leadership_term_id,
                   previous->leadership_term_id);
            expect(previous->log_position != kNullPosition, "term {} is closed before term {}",
                   previous->leadership_term_id, entry.leadership_term_id);
            expect(previous->log_position <= entry.term_base_log_position,
                   "term {} ends at {}, not after the base {} of term {}",
                   previous->leadership_term_id, previous->log_position,
                   entry.term_base_log_position, entry.leadership_term_id);
        }
        expect(entry.log_position == kNullPosition ||
                   entry.log_position >= entry.term_base_log_position,
               "term {} ends at {}, not before its base {}", entry.leadership_term_id,
               entry.log_position, entry.term_base_log_position);
        previous = &entry;
    }
    const bool leads = now.role == Role::leader && now.election_state == ElectionState::closed;
    if (leads && now.state != ModuleState::closed) {
        expect(previous != nullptr && previous->leadership_term_id == now.leadership_term_id,
               "the recording log ends with the term {} that this node leads",
               now.leadership_term_id);
    }
}

void check_role(const InvariantsView& now) {
    if (now.role != Role::leader) return;
    expect(now.election_state == ElectionState::closed ||
               is_leader_election_state(now.election_state) ||
               now.election_state == ElectionState::init,
           "a leader is not in election state {}", to_string(now.election_state));
}

void check_change(const InvariantsView& before, const InvariantsView& now) {
    expect(now.leadership_term_id >= before.leadership_term_id, "term {} does not follow term {}",
           now.leadership_term_id, before.leadership_term_id);
    expect(now.candidate_term_id >= before.candidate_term_id,
           "candidate term {} does not follow {}", now.candidate_term_id, before.candidate_term_id);
    expect(now.commit_position >= before.commit_position, "commit position {} does not follow {}",
           now.commit_position, before.commit_position);
    expect(now.expected_ack_id >= before.expected_ack_id, "ack id {} does not follow {}",
           now.expected_ack_id, before.expected_ack_id);
    expect(now.next_session_id >= before.next_session_id ||
               now.election_state != ElectionState::closed,
           "next session id {} does not follow {}", now.next_session_id, before.next_session_id);
    expect(before.state != ModuleState::closed || now.state == ModuleState::closed,
           "a closed module stays closed, not {}", to_string(now.state));
    expect(before.state != ModuleState::terminating || now.state == ModuleState::terminating ||
               now.state == ModuleState::closed,
           "a terminating module ends, not {}", to_string(now.state));
}

}  // namespace

bool is_election_transition(ElectionState from, ElectionState to) noexcept {
    using enum ElectionState;
    if (from == to || to == init) return true;
    switch (from) {
        case init:
            return to == canvass || to == leader_log_replication;
        case canvass:
            return to == nominate || to == follower_ballot || to == follower_log_replication ||
                   to == follower_replay;
        case nominate:
            return to == candidate_ballot || to == follower_ballot;
        case candidate_ballot:
            return to == leader_log_replication || to == canvass || to == follower_ballot ||
                   to == follower_log_replication || to == follower_replay;
        case follower_ballot:
            return to == canvass || to == follower_log_replication || to == follower_replay;
        case leader_log_replication:
            return to == leader_replay;
        case leader_replay:
            return to == leader_init;
        case leader_init:
            return to == leader_ready;
        case leader_ready:
            return to == closed;
        case follower_log_replication:
            return to == canvass;
        case follower_replay:
            return to == follower_catchup_init || to == follower_log_init || to == canvass;
        case follower_catchup_init:
            return to == follower_catchup_await;
        case follower_catchup_await:
            return to == follower_catchup;
        case follower_catchup:
            return to == follower_log_init;
        case follower_log_init:
            return to == follower_log_await || to == follower_ready;
        case follower_log_await:
            return to == follower_ready;
        case follower_ready:
            return to == closed;
        case closed:
            return false;
    }
    return false;
}

void ConsensusInvariants::check(const InvariantsView& now) {
    check_positions(now);
    check_sessions(now);
    check_recording_log(now);
    check_role(now);
    if (has_before_) check_change(before_, now);
    before_ = now;
    before_.recording_log = {};
    has_before_ = true;
}

}  // namespace tern::cluster
