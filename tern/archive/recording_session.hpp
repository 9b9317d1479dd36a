#pragma once
// One image being recorded (ARC-5.4 of chapter 41).
//
// Made and owned by the conductor, worked on by the recorder: it polls blocks from the image,
// writes them to the segment files, then moves the recorded position. It ends when the image has
// ended and is drained, when it is asked to, or when a write fails; the archive goes on.
//
// Thread safety: `do_work` and `finish` on the recorder; `request_stop` from any thread;
// `is_released` from any thread, and once it is true everything else on the conductor.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "tern/archive/recorded_position.hpp"
#include "tern/archive/recording_writer.hpp"
#include "tern/platform/platform.hpp"

namespace tern::client {
class Counter;
class Image;
}  // namespace tern::client

namespace tern::archive {

class RecordingEvents;

/// What the recorder's counters say (types 105 to 107).
struct IoStatistics {
    std::int64_t bytes = 0;
    std::int64_t time_ns = 0;
    std::int64_t max_time_ns = 0;
    void add(std::int64_t count, std::int64_t duration_ns) noexcept {
        bytes += count;
        time_ns += duration_ns;
        if (duration_ns > max_time_ns) max_time_ns = duration_ns;
    }
};

class RecordingSession {
  public:
    enum class State : std::uint8_t { init, recording, inactive, stopped };

    struct Spec {
        std::int64_t control_session_id = -1;  ///< of the request; also who gets the signals
        std::int64_t correlation_id = -1;
        std::int64_t recording_id = -1;
        std::int64_t subscription_id = -1;
        bool auto_stop = false;
        std::string original_channel;
        std::shared_ptr<client::Image> image;
        std::shared_ptr<client::Counter> position_counter;
        RecordingWriterOptions writer;
        RecordingEvents* events = nullptr;  ///< of the recorder; may be null
    };

    RecordingSession(Spec spec, std::shared_ptr<RecordedPosition> recorded,
                     platform::Platform platform);

    int do_work(IoStatistics& statistics);
    [[nodiscard]] bool is_stopped() const noexcept { return state_ == State::stopped; }
    /// Recorder is closing: the file is closed where it is.
    void finish() noexcept;

    void request_stop() noexcept { stop_requested_.store(true, std::memory_order_release); }

    void release() noexcept { released_.store(true, std::memory_order_release); }
    [[nodiscard]] bool is_released() const noexcept {
        return released_.load(std::memory_order_acquire);
    }

    [[nodiscard]] const Spec& spec() const noexcept { return spec_; }
    [[nodiscard]] std::int64_t recording_id() const noexcept { return spec_.recording_id; }
    [[nodiscard]] std::int64_t join_position() const noexcept { return spec_.writer.position; }
    /// Why it ended early; empty for a plain end. Code as of chapter 40 ARC-6.
    [[nodiscard]] const std::string& error() const noexcept { return error_; }
    [[nodiscard]] std::int32_t error_code() const noexcept { return error_code_; }

  private:
    int init();
    int record(IoStatistics& statistics);
    int deactivate();
    std::int32_t write_block(ConstBytes frames);
    void fail(const std::exception& error);
    void report_progress();

    Spec spec_;
    platform::Platform platform_;
    RecordingWriter writer_;
    std::shared_ptr<RecordedPosition> recorded_;
    State state_ = State::init;
    std::int64_t reported_position_;
    std::int32_t max_block_length_;
    std::int32_t error_code_ = 0;
    std::string error_;
    std::atomic<bool> stop_requested_{false};
    std::atomic<bool> released_{false};
};

}  // namespace tern::archive
