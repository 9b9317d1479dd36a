#pragma once
// One replay: frames from segment files into an exclusive publication (ARC-6 of chapter 41).
//
// Made and owned by the conductor, worked on by the replayer. It follows a live recording, and may
// be bounded by a counter; it never reads what is not known to be written. Whatever keeps it from
// going on ends it with an error to its client: it never stalls.
//
// Thread safety: as RecordingSession; `is_started` from any thread.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "tern/archive/recorded_position.hpp"
#include "tern/archive/recording_reader.hpp"
#include "tern/archive/recording_session.hpp"
#include "tern/platform/platform.hpp"

namespace tern::client {
class ExclusivePublication;
}

namespace tern::archive {

/// A counter that bounds a replay, as last seen. Called on the replayer.
struct ReplayBound {
    std::int64_t position = 0;
    bool gone = false;  ///< the counter is no longer that counter: the position is final
};
using ReplayBoundSource = std::function<ReplayBound()>;

class ReplaySession {
  public:
    enum class State : std::uint8_t { init, await_connected, replay, done };

    struct Spec {
        std::int64_t control_session_id = -1;
        std::int64_t correlation_id = -1;
        std::int64_t replay_session_id = -1;
        std::string replay_channel;
        std::int32_t replay_stream_id = 0;
        RecordingSummary recording;
        std::int64_t start_position = 0;
        std::int64_t length = 0;              ///< from the start position; at most this much
        std::int32_t file_io_max_length = 0;  ///< 0: the replayer's buffer
        Checksum checksum = Checksum::none;
        std::int64_t connect_timeout_ns = 0;
        std::shared_ptr<RecordedPosition> recorded;  ///< null when the recording had stopped
        ReplayBoundSource bound;                     ///< empty: not bounded by a counter
        std::shared_ptr<client::ExclusivePublication> publication;
        std::string archive_directory;
    };

    ReplaySession(Spec spec, platform::Platform platform);

    /// `buffer`: the replayer's, used during the call.
    int do_work(Bytes buffer, IoStatistics& statistics);
    [[nodiscard]] bool is_done() const noexcept { return state_ == State::done; }
    /// Replayer is closing: the file is closed, nothing more is sent.
    void finish() noexcept;

    /// Ends it at its next step; its subscriber is cut off. What it finds from here on, in a step
    /// that is under way, is not an error any more.
    void request_stop() noexcept { stop_requested_.store(true, std::memory_order_release); }

    void release() noexcept { released_.store(true, std::memory_order_release); }
    [[nodiscard]] bool is_released() const noexcept {
        return released_.load(std::memory_order_acquire);
    }
    /// The first segment is open and the start is at a frame: the client may be told.
    [[nodiscard]] bool is_started() const noexcept {
        return started_.load(std::memory_order_acquire);
    }
    /// Base of the segment that is being read.
    [[nodiscard]] std::int64_t segment_base() const noexcept {
        return segment_base_.load(std::memory_order_acquire);
    }

    [[nodiscard]] const Spec& spec() const noexcept { return spec_; }
    /// Why it ended early; empty for a plain end or stop.
    [[nodiscard]] const std::string& error() const noexcept { return error_; }
    [[nodiscard]] std::int32_t error_code() const noexcept { return error_code_; }
    /// Ended otherwise than by reaching its limit.
    [[nodiscard]] bool is_revoked() const noexcept { return revoke_; }

  private:
    int init();
    int await_connected();
    int replay(Bytes buffer, IoStatistics& statistics);
    int offer(const RecordingReader::Block& block);
    void refresh_limits();
    void end(bool revoke);
    void fail(const std::string& text, std::int32_t code);

    Spec spec_;
    platform::Platform platform_;
    RecordingReader reader_;
    State state_ = State::init;
    std::int64_t deadline_ns_;
    std::int64_t limit_;  // where the replay ends
    std::int64_t stop_;   // what may be read now; at most what is written
    bool stop_is_final_ = false;
    bool revoke_ = false;
    std::int32_t error_code_ = 0;
    std::string error_;
    std::atomic<std::int64_t> segment_base_;
    std::atomic<bool> started_{false};
    std::atomic<bool> stop_requested_{false};
    std::atomic<bool> released_{false};
};

}  // namespace tern::archive
