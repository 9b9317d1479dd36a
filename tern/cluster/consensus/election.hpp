#pragma once
// The election: from a log that stopped somewhere to a node that leads (or follows) a new term
// (CON-6). One object from its beginning until is_closed(); on any error it begins again at INIT.
//
// States and their numbers are the spec's (ElectionState); this build runs those that a cluster of
// one member goes through, and ConsensusModuleContext::validate() refuses others:
//
//     init -> leader_log_replication -> leader_replay -> leader_init -> leader_ready -> closed
//
// Members, votes and quorums are asked through cluster_member.hpp, for any number of members. The
// candidate term is durable before anything is done in its name.
//
// do_work() is one step; nothing waits. It throws what the module decides upon: see
// ConsensusModule; on_error() then starts over, after a pause so that a lasting fault does not
// spin. Thread safety: the module's thread.

#include <cstdint>
#include <memory>
#include <optional>

#include "tern/cluster/consensus/ingress.hpp"
#include "tern/cluster/consensus/log_replay.hpp"
#include "tern/cluster/consensus/module_core.hpp"
#include "tern/cluster/consensus/recovery_plan_query.hpp"
#include "tern/cluster/consensus/service_join.hpp"

namespace tern::cluster {

class Election {
  public:
    /// `plan`: of recovery for the first election of this life, where nothing has to be undone;
    /// empty for later ones, which find out.
    Election(ModuleCore& core, Ingress& ingress, std::optional<RecoveryPlan> plan);
    ~Election();
    Election(const Election&) = delete;
    Election& operator=(const Election&) = delete;

    int do_work();
    void on_error(const std::exception& error);
    [[nodiscard]] bool is_closed() const noexcept { return state_ == ElectionState::closed; }
    [[nodiscard]] ElectionState state() const noexcept { return state_; }

  private:
    /// Within INIT of an election that has something to undo (CON-6.5).
    enum class InitStep : std::uint8_t {
        withdraw,
        await_recording_stopped,
        await_plan,
        await_counter_gone,
        stand,
    };
    int init();
    void withdraw();
    int await_recording_stopped();
    int await_plan();
    int await_counter_gone();
    void stand();

    int leader_log_replication();
    int leader_replay();
    int leader_init();
    int leader_ready();
    void complete();

    void set_state(ElectionState next);
    void adopt(const RecoveryPlan& plan);
    void begin_leader_log();
    void on_new_term(const wire::cluster::NewLeadershipTermEvent& event);
    [[nodiscard]] std::int64_t quorum_position_now() const;
    void check_deadline(const char* awaited) const;

    ModuleCore& core_;
    Ingress& ingress_;
    bool is_node_startup_;
    bool is_leader_startup_ = false;
    ElectionState state_ = ElectionState::init;
    InitStep init_step_;
    std::int64_t state_entry_ns_ = 0;
    std::int64_t retry_ns_ = 0;  // INIT only withdraws before

    RecoveryPlan plan_;
    std::int64_t log_position_;  // committed or replayed so far
    std::int64_t append_position_;
    std::int64_t log_leadership_term_id_;
    std::int64_t leadership_term_id_;
    std::int64_t candidate_term_id_;
    std::int64_t initial_log_leadership_term_id_;
    std::int64_t initial_term_base_log_position_;

    std::int64_t request_id_ = -1;
    std::optional<RecoveryPlanQuery> query_;
    LogReader reader_;
    std::unique_ptr<LogReplay> replay_;
    ServiceJoin join_;
    bool is_recording_begun_ = false;
    bool is_recorded_ = false;
};

}  // namespace tern::cluster
