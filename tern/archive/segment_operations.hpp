#pragma once
// What changes a recording's files other than by recording: truncate, purge, detach, delete,
// attach, migrate (ARC-4.11 and ARC-4.12 of chapter 41).
//
// Deletions are sessions: one file a duty cycle, after the replays of the recording have ended,
// with a DELETE signal at the end. Checks come before anything is changed.
//
// Thread safety: none; the conductor's.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tern/archive/archive_services.hpp"
#include "tern/archive/control_sessions.hpp"
#include "tern/archive/recordings.hpp"

namespace tern::archive {

class Replays;

class SegmentOperations final : public PendingDeletes {
  public:
    SegmentOperations(ArchiveServices& services, ControlSessions& sessions)
        : services_(services), sessions_(sessions) {}
    /// The parts that need each other: before the first request.
    void connect(Recordings& recordings, Replays& replays) {
        recordings_ = &recordings;
        replays_ = &replays;
    }

    void truncate(ControlSession& session, std::int64_t correlation_id, std::int64_t recording_id,
                  std::int64_t position);
    void purge(ControlSession& session, std::int64_t correlation_id, std::int64_t recording_id);
    void detach(ControlSession& session, std::int64_t correlation_id, std::int64_t recording_id,
                std::int64_t new_start_position);
    void delete_detached(ControlSession& session, std::int64_t correlation_id,
                         std::int64_t recording_id);
    void purge_segments(ControlSession& session, std::int64_t correlation_id,
                        std::int64_t recording_id, std::int64_t new_start_position);
    void attach(ControlSession& session, std::int64_t correlation_id, std::int64_t recording_id);
    void migrate(ControlSession& session, std::int64_t correlation_id, std::int64_t from_id,
                 std::int64_t to_id);

    [[nodiscard]] bool is_deleting(std::int64_t recording_id) const override {
        return deletes_.contains(recording_id);
    }
    [[nodiscard]] std::int64_t highest_segment(std::int64_t recording_id) const override;

    int do_work();

  private:
    struct Delete {
        std::int64_t control_session_id;
        std::int64_t correlation_id;
        std::deque<std::string> files;  ///< names
        std::int64_t highest_base = -1;
    };
    /// A request under way: whom to answer about what.
    struct Request {
        ControlSession& session;
        std::int64_t correlation_id;
        std::int64_t recording_id;
        void refuse(std::int64_t code, const std::string& text) const {
            session.send_error(correlation_id, code, text);
        }
    };

    [[nodiscard]] std::optional<RecordingSummary> find(const Request& request) const;
    [[nodiscard]] bool refuse_if_deleting(const Request& request) const;
    [[nodiscard]] bool is_valid_detach(const Request& request, const RecordingSummary& recording,
                                       std::int64_t new_start) const;
    [[nodiscard]] std::unique_ptr<platform::File> open_segment(std::int64_t recording_id,
                                                               std::int64_t base,
                                                               platform::Access access) const;
    bool refuse_failure(const Request& request, const std::exception& error) const;
    [[nodiscard]] bool is_at_frame(const Request& request, const RecordingSummary& recording,
                                   std::int64_t position) const;
    [[nodiscard]] bool cut_segment(const Request& request, const RecordingSummary& recording,
                                   std::int64_t position) const;
    /// -1 when it is no segment file's name.
    [[nodiscard]] static std::int64_t base_of(const std::string& name);
    [[nodiscard]] std::vector<std::string> all_files(std::int64_t recording_id) const;
    /// Answers OK(count) and starts the deletion; DELETE at once when there is nothing to delete.
    void schedule(const Request& request, const std::vector<std::string>& files);
    [[nodiscard]] std::optional<std::int64_t> attach_segment(const Request& request,
                                                             const RecordingSummary& recording,
                                                             std::int64_t base) const;
    [[nodiscard]] bool is_valid_migration(const Request& request, const RecordingSummary& from,
                                          const RecordingSummary& to) const;
    void move_segments(const Request& request, const RecordingSummary& from,
                       const RecordingSummary& to);
    int work_on(std::int64_t recording_id, Delete& session);
    void sync_directory();
    void remove_file(std::int64_t recording_id, const Delete& session, const std::string& name);
    [[nodiscard]] std::string path(const std::string& name) const;

    ArchiveServices& services_;
    ControlSessions& sessions_;
    Recordings* recordings_ = nullptr;
    Replays* replays_ = nullptr;
    std::map<std::int64_t, Delete> deletes_;
};

}  // namespace tern::archive
