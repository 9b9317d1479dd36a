#pragma once
// Builds a recovery plan (CON-2.4): what recording.log says, completed by what the archive says of
// the log's recording. Asks again while the recording has no stop position yet, because a stop is
// asynchronous in the archive. A state machine; failures are thrown as Error.
//
// Thread safety: the module's thread.

#include <cstdint>
#include <optional>

#include "tern/archive/client/async_archive_client.hpp"
#include "tern/cluster/recording_log.hpp"

namespace tern::cluster {

class RecoveryPlanQuery {
  public:
    /// `recording_id` of the log, or -1 for that of the last term row. Throws TimeoutError out of
    /// poll() when the recording is still live at `deadline_ns`.
    RecoveryPlanQuery(archive::AsyncArchiveClient& archive, const RecordingLog& recording_log,
                      std::int32_t service_count, std::int64_t recording_id,
                      std::int64_t deadline_ns);
    ~RecoveryPlanQuery();
    RecoveryPlanQuery(const RecoveryPlanQuery&) = delete;
    RecoveryPlanQuery& operator=(const RecoveryPlanQuery&) = delete;

    [[nodiscard]] bool poll(std::int64_t now_ns);
    /// Once poll() was true.
    [[nodiscard]] const RecoveryPlan& plan() const { return plan_; }
    /// Of the log's recording; nullopt without one.
    [[nodiscard]] const std::optional<LogRecordingExtent>& extent() const { return extent_; }

  private:
    void describe();

    archive::AsyncArchiveClient& archive_;
    const RecordingLog& recording_log_;
    std::int32_t service_count_;
    std::int64_t recording_id_;
    std::int64_t deadline_ns_;
    std::int64_t request_id_ = -1;
    std::optional<LogRecordingExtent> extent_;
    RecoveryPlan plan_;
};

}  // namespace tern::cluster
