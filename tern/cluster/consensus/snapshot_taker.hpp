#pragma once
// Takes a consensus module snapshot: publishes its messages on the snapshot channel and has the
// local archive record them (CON-12.4). A state machine; nothing waits.
//
//     add publication -> start recording -> find its counter -> write -> await recorded -> done
//
// Failures are thrown as Error out of poll(); fatal when the archive is out of storage space.
// The destructor closes the publication, and the recording then ends by itself: a failed snapshot
// leaves a recording without a row in recording.log.
//
// Thread safety: the module's thread.

#include <cstdint>
#include <optional>
#include <string>

#include "tern/archive/client/async_archive_client.hpp"
#include "tern/cluster/async_resource.hpp"
#include "tern/cluster/consensus/module_snapshot.hpp"
#include "tern/cluster/recording_counter.hpp"

namespace tern::cluster {

class SnapshotTaker {
  public:
    struct Spec {
        std::string channel;
        std::int32_t stream_id = 0;
        /// For the counter of a recording that the archive says has started: it may have ended at
        /// once, and is not told of then.
        std::int64_t counter_timeout_ns = 0;
        SnapshotMessages messages;
    };
    SnapshotTaker(client::Aeron& aeron, archive::AsyncArchiveClient& archive,
                  const platform::Clock& clock, Spec spec);
    ~SnapshotTaker();
    SnapshotTaker(const SnapshotTaker&) = delete;
    SnapshotTaker& operator=(const SnapshotTaker&) = delete;

    /// True when all is recorded.
    [[nodiscard]] bool poll();
    [[nodiscard]] std::int64_t recording_id() const noexcept {
        return counter_ ? counter_->recording_id : -1;
    }

  private:
    enum class State : std::uint8_t {
        await_publication,
        await_recording,
        await_counter,
        write,
        await_recorded,
        done,
    };
    void await_publication();
    void await_recording();
    void await_counter();
    void write();
    void await_recorded();

    client::Aeron& aeron_;
    archive::AsyncArchiveClient& archive_;
    const platform::Clock& clock_;
    Spec spec_;
    std::size_t next_message_ = 0;
    State state_ = State::await_publication;
    AsyncResource<client::ExclusivePublication> publication_;
    std::int64_t request_id_ = -1;
    std::int64_t counter_deadline_ns_ = 0;
    std::optional<RecordingCounter> counter_;
};

}  // namespace tern::cluster
