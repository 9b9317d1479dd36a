#pragma once
// The consensus module: takes client ingress, puts it in order into the replicated log, tells the
// services of this node how far they may read, takes snapshots, and closes cleanly (chapter 51).
//
// It is an agent. The constructor opens the files (mark file, node state, recording.log) and
// connects the Aeron client unless one was given; everything else, from counters over recovery and
// election to snapshots, is a state machine advanced by do_work(), which never waits: module,
// driver, archive and services may all share one thread.
//
// Its life: start (counters, archive, stale recording) -> recovery (plan, snapshot, services) ->
// election -> leader duty, until a shutdown, an abort, a failure or on_close(). An expected end
// (SHUTDOWN, ABORT) leaves do_work() as AgentTermination(expected).
//
// Closing (CON-15, CST-14): on_close() is one sequence in which every step is tried: log
// publication, log subscription, stop of the log recording, archive client (in every ownership
// mode), client-facing streams, sessions, state, mark file, files, own Aeron client. It may wait,
// through context.close_idle, up to context.close_timeout_ns for the archive's acknowledgements.
// An owner that closes services before the module calls quiesce() before that: everything up to
// the stop of the log recording is done then, and do_work() only keeps the module's client and
// archive session alive until on_close().
//
// Errors: the constructor throws (ConfigurationError, Error) and leaves nothing open; a running
// module reports to the distinct error log in its mark file, to the counter 212, and to
// context.error_handler.
// Thread safety: one thread at a time; status() from that thread.

#include <cstdint>
#include <memory>
#include <string>

#include "tern/base/agent.hpp"
#include "tern/cluster/cluster_types.hpp"
#include "tern/cluster/consensus/consensus_module_context.hpp"
#include "tern/platform/platform.hpp"

namespace tern::cluster {

/// What a test or a tool in the same process may want to know.
struct ConsensusModuleStatus {
    ModuleState state = ModuleState::init;
    Role role = Role::follower;
    ElectionState election_state = ElectionState::init;
    std::int64_t leadership_term_id = -1;
    std::int64_t commit_position = 0;
    std::int64_t append_position = 0;
    std::int64_t log_recording_id = -1;
    std::int64_t snapshot_count = 0;
    std::int64_t error_count = 0;
    std::size_t open_session_count = 0;
    std::size_t timer_count = 0;
    bool is_closed = false;
};

class ConsensusModule final : public Agent {
  public:
    ConsensusModule(ConsensusModuleContext context, platform::Platform platform);
    ~ConsensusModule() override;  ///< closes
    ConsensusModule(const ConsensusModule&) = delete;
    ConsensusModule& operator=(const ConsensusModule&) = delete;

    int do_work() override;
    /// On the module's thread, or while that stands still; harmless when repeated.
    void quiesce();
    void on_close() override;  ///< harmless when repeated
    [[nodiscard]] std::string_view role_name() const override;

    [[nodiscard]] ConsensusModuleStatus status() const;
    /// Throws Error naming the broken one; for tests and the simulator, between duty cycles.
    void check_invariants();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tern::cluster
