#pragma once
// What must be true of a consensus module between any two duty cycles, as a class of its own.
//
// check() looks at a view of the module and at the one it saw before; it throws Error naming the
// invariant that is broken and the values that break it. Tests and the simulator call it every
// cycle; production does not. Pure: it reads the view only.

#include <cstdint>
#include <span>

#include "tern/cluster/cluster_types.hpp"
#include "tern/cluster/recording_log.hpp"

namespace tern::cluster {

struct InvariantsView {
    ModuleState state = ModuleState::init;
    Role role = Role::follower;
    ElectionState election_state = ElectionState::closed;  ///< closed: none is running
    std::int64_t leadership_term_id = -1;
    std::int64_t candidate_term_id = -1;  ///< durable
    std::int64_t commit_position = 0;
    std::int64_t append_position = 0;                       ///< recorded by the local archive
    std::int64_t log_publication_position = kNullPosition;  ///< -1 without one
    std::int64_t next_session_id = 1;
    std::int64_t next_committed_session_id = 1;
    std::int64_t highest_session_id = 0;
    std::int64_t expected_ack_id = 0;
    std::span<const RecordingLogEntry> recording_log;
};

class ConsensusInvariants {
  public:
    void check(const InvariantsView& now);

  private:
    InvariantsView before_;  // its recording_log is not kept
    bool has_before_ = false;
};

/// Whether an election may go from one state to another (CON-6.3); every state may go to INIT.
[[nodiscard]] bool is_election_transition(ElectionState from, ElectionState to) noexcept;

}  // namespace tern::cluster
