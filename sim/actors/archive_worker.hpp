#pragma once
// Uses an archive in all ways: records streams that it publishes, extends, truncates and purges the
// recordings, lists and replays them; or goes through all of them to see that they are right.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/actors/archive_user.hpp"
#include "tern/client/exclusive_publication.hpp"

namespace tern::sim {

class ArchiveWorker final : public ArchiveUser {
  public:
    enum class Task : std::uint8_t {
        records,
        replays,
        audits,  ///< once: all recordings, then a new one
    };
    ArchiveWorker(Run& run, virtual_world::Host& host, ArchiveUse& use, Task task,
                  ArchiveUserOptions options);
    ~ArchiveWorker() override { kill(); }

    /// The audit is through.
    [[nodiscard]] bool is_done() const noexcept { return is_done_; }

  private:
    struct Stream;
    struct Part;
    enum class Replayed : std::uint8_t { whole, in_part, not_at_all };

    void work() override;

    // archive_worker_records.cpp
    void record();
    void extend(const Entry& entry);
    bool begin_recording(Stream& stream);
    [[nodiscard]] Entry await_recording(const Stream& stream);
    void publish_and_watch(Stream& stream, const Entry& entry, int messages);
    int offer_some(Stream& stream, int messages);
    void look_at_position(Stream& stream, const Entry& entry);
    [[nodiscard]] std::optional<std::int64_t> position_counter(std::int64_t recording_id);
    void end_recording(Stream& stream, const Entry& entry);
    bool await_stop(const Entry& entry);
    void check_subscription_ended(const Stream& stream);
    void try_to_leave_hole(Stream& stream, const Entry& entry, client::Subscription& reader);
    void change(const Entry& entry);
    void truncate(const Entry& entry);
    void purge_segments(const Entry& entry);
    void purge(const Entry& entry);
    void settle(const Entry& entry, const std::optional<archive::Outcome>& outcome);

    // archive_worker_replays.cpp
    std::vector<archive::RecordingDescriptor> list();
    void ask_much();
    void replay_some();
    Part draw_part(const archive::RecordingDescriptor& descriptor, const Entry& entry,
                   std::int64_t end);
    Replayed replay(const archive::RecordingDescriptor& descriptor, const Entry& entry,
                    const Part& part);
    void audit();
    bool audit(const archive::RecordingDescriptor& descriptor);
    bool record_and_replay();

    Task task_;
    bool is_done_ = false;
    std::int32_t next_replay_stream_ = 1;
};

/// A publication of a worker, and all that it knows of its recording.
struct ArchiveWorker::Stream {
    std::string channel;
    std::int32_t stream_id = 0;
    archive::SourceLocation source = archive::SourceLocation::local;
    bool is_stopping_itself = false;
    std::shared_ptr<StreamWriter> writer;
    std::unique_ptr<client::ExclusivePublication> publication;
    std::int64_t subscription_id = -1;
    std::int64_t longest_message = 0;
};

/// Of a recording that is replayed.
struct ArchiveWorker::Part {
    std::int64_t from = 0;
    std::int64_t length = -1;           ///< as asked for
    std::optional<std::int64_t> end;    ///< where it has to end; nullopt: it is stopped
    std::optional<std::int64_t> bound;  ///< a bounded replay, at first up to here
    bool is_slow = false;               ///< the reader is
};

}  // namespace tern::sim
