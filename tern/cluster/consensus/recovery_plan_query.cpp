#include "tern/cluster/consensus/recovery_plan_query.hpp"

#include <fmt/format.h>

#include "tern/base/error.hpp"

namespace tern::cluster {

RecoveryPlanQuery::RecoveryPlanQuery(archive::AsyncArchiveClient& archive,
                                     const RecordingLog& recording_log, std::int32_t service_count,
                                     std::int64_t recording_id, std::int64_t deadline_ns)
    : archive_(archive),
      recording_log_(recording_log),
      service_count_(service_count),
      recording_id_(recording_id),
      deadline_ns_(deadline_ns) {
    if (recording_id_ == -1) {
        if (const auto* term = recording_log_.find_last_term()) recording_id_ = term->recording_id;
    }
    if (recording_id_ != -1) describe();
}

RecoveryPlanQuery::~RecoveryPlanQuery() {
    if (request_id_ != -1) archive_.abandon(request_id_);
}

void RecoveryPlanQuery::describe() {
    extent_.reset();
    request_id_ = archive_.list_recording(
        recording_id_, [this](const archive::RecordingDescriptor& descriptor) {
            extent_ = LogRecordingExtent{.recording_id = descriptor.recording_id,
                                         .start_position = descriptor.start_position,
                                         .stop_position = descriptor.stop_position,
                                         .initial_term_id = descriptor.initial_term_id,
                                         .term_buffer_length = descriptor.term_buffer_length,
                                         .mtu_length = descriptor.mtu_length,
                                         .session_id = descriptor.session_id};
        });
}

bool RecoveryPlanQuery::poll(std::int64_t now_ns) {
    if (request_id_ != -1) {
        const auto outcome = archive_.take_outcome(request_id_);
        if (!outcome) return false;
        request_id_ = -1;
        using Status = archive::Outcome::Status;
        if (outcome->status == Status::unknown || (outcome->ok() && !extent_)) {
            throw Error(fmt::format("unknown recording id: {}", recording_id_));
        }
        if (!outcome->ok()) {
            throw Error(fmt::format("failed to describe recording {}: {}", recording_id_,
                                    outcome->message));
        }
        if (extent_->stop_position == kNullPosition) {
            if (now_ns >= deadline_ns_) {
                throw TimeoutError(
                    fmt::format("recording {} of the log is still live after it was "
                                "asked to stop",
                                recording_id_));
            }
            describe();
            return false;
        }
    }
    plan_ = make_recovery_plan(recording_log_, service_count_, extent_);
    return true;
}

}  // namespace tern::cluster
