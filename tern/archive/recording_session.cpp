#include "tern/archive/recording_session.hpp"

#include <algorithm>
#include <cerrno>

#include "tern/archive/error_codes.hpp"
#include "tern/archive/frame_layout.hpp"
#include "tern/archive/recording_events.hpp"
#include "tern/base/planted_fault.hpp"
#include "tern/client/counter.hpp"
#include "tern/client/image.hpp"

namespace tern::archive {

RecordingSession::RecordingSession(Spec spec, std::shared_ptr<RecordedPosition> recorded,
                                   platform::Platform platform)
    : spec_(std::move(spec)),
      platform_(platform),
      writer_(spec_.writer, platform_.storage),
      recorded_(std::move(recorded)),
      reported_position_(spec_.writer.position),
      max_block_length_(
          std::min(spec_.writer.max_block_length, spec_.writer.geometry.term_length)) {}

int RecordingSession::do_work(IoStatistics& statistics) {
    if (stop_requested_.load(std::memory_order_acquire) && state_ < State::inactive) {
        state_ = State::inactive;
    }
    switch (state_) {
        case State::init:
            return init();
        case State::recording:
            return record(statistics);
        case State::inactive:
            return deactivate();
        case State::stopped:
            return 0;
    }
    return 0;
}

int RecordingSession::init() {
    try {
        writer_.open();
    } catch (const std::exception& error) {
        fail(error);
        state_ = State::stopped;
        return 1;
    }
    if (spec_.events != nullptr) {
        spec_.events->started(spec_.recording_id, join_position(), spec_.image->session_id(),
                              spec_.image->stream_id(), spec_.original_channel,
                              spec_.image->source_identity());
    }
    state_ = State::recording;
    return 1;
}

int RecordingSession::record(IoStatistics& statistics) {
    // Before the poll: bytes that arrive between the two are found by the next one.
    const bool ended = spec_.image->is_closed() || spec_.image->is_end_of_stream();
    std::int32_t length = 0;
    try {
        length = spec_.image->block_poll(
            [&](ConstBytes frames, std::int32_t, std::int32_t) {
                if (planted(Fault::position_told_before_write)) {
                    spec_.position_counter->set(writer_.position() + std::ssize(frames));
                }
                const auto before = platform_.clock.nano_time();
                const auto bytes = write_block(frames);
                statistics.add(bytes, platform_.clock.nano_time() - before);
            },
            max_block_length_);
    } catch (const std::exception& error) {
        if (planted(Fault::write_error_swallowed)) return 1;
        fail(error);
        state_ = State::inactive;
        return 1;
    }
    if (length > 0) {
        recorded_->advance(writer_.position());
        spec_.position_counter->set(writer_.position());
    } else if (ended && !planted(Fault::recording_outlives_image)) {
        state_ = State::inactive;
    }
    report_progress();
    return length > 0 || ended ? 1 : 0;
}

std::int32_t RecordingSession::write_block(ConstBytes frames) {
    const auto header = read_frame_header(frames);
    if (header.type == wire::kPadFrameType) {
        return writer_.write_padding(frames, static_cast<std::int32_t>(frames.size()));
    }
    return writer_.write_data(frames);
}

void RecordingSession::report_progress() {
    if (spec_.events == nullptr || writer_.position() <= reported_position_) return;
    if (spec_.events->progress(spec_.recording_id, join_position(), writer_.position())) {
        reported_position_ = writer_.position();
    }
}

int RecordingSession::deactivate() {
    writer_.close();
    if (spec_.events != nullptr) {
        spec_.events->stopped(spec_.recording_id, join_position(), writer_.position());
    }
    state_ = State::stopped;
    return 1;
}

void RecordingSession::finish() noexcept {
    writer_.close();
    state_ = State::stopped;
}

void RecordingSession::fail(const std::exception& error) {
    const auto* storage_error = dynamic_cast<const platform::StorageError*>(&error);
    const bool is_full = storage_error != nullptr && (storage_error->error_number() == ENOSPC ||
                                                      storage_error->error_number() == EDQUOT);
    error_code_ = is_full ? error_code::kStorageSpace : error_code::kGeneric;
    error_ = error.what();
}

}  // namespace tern::archive
