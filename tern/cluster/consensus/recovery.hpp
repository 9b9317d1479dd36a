#pragma once
// From a connected archive to services that stand where the log will go on (CON-2.3, CON-2.5):
//
//     stop a stale recording of the log -> plan -> recovery counter -> module snapshot -> services
//
// Where recording.log knows of no log there is no recording to stop; instead the archive is asked
// for one: a log that the archive has and recording.log has not means that recording.log was lost,
// and a start would forget what was acknowledged. It is refused (fatal), unless
// context.is_new_log_allowed. A term's row is written before the first byte of its log, so a crash
// never looks like this.
//
// A state machine; failures are thrown as Error and end the start. No log is replayed here: that is
// part of the election.
//
// Thread safety: the module's thread.

#include <cstdint>
#include <memory>
#include <optional>

#include "tern/archive/client/async_archive_client.hpp"
#include "tern/cluster/async_resource.hpp"
#include "tern/cluster/consensus/module_core.hpp"
#include "tern/cluster/consensus/recovery_plan_query.hpp"
#include "tern/cluster/consensus/snapshot_loader.hpp"

namespace tern::cluster {

class Recovery {
  public:
    explicit Recovery(ModuleCore& core);
    ~Recovery();
    Recovery(const Recovery&) = delete;
    Recovery& operator=(const Recovery&) = delete;

    [[nodiscard]] bool poll();
    /// Once poll() was true.
    [[nodiscard]] const RecoveryPlan& plan() const { return plan_; }

  private:
    enum class State : std::uint8_t {
        stop_stale_recording,
        look_for_lost_log,
        plan,
        await_recovery_counter,
        load_snapshot,
        await_services,
        done,
    };
    void stop_stale_recording();
    void begin_look_for_lost_log();
    void look_for_lost_log();
    void begin_plan();
    void make_plan();
    void begin_recovery_counter();
    void await_recovery_counter();
    void load_snapshot();
    void await_services();

    ModuleCore& core_;
    State state_ = State::stop_stale_recording;
    std::int64_t request_id_ = -1;
    std::optional<archive::RecordingDescriptor> lost_log_;
    std::optional<RecoveryPlanQuery> query_;
    RecoveryPlan plan_;
    AsyncResource<client::Counter> recovery_counter_;
    std::unique_ptr<SnapshotLoader> loader_;
};

}  // namespace tern::cluster
