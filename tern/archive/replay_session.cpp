#include "tern/archive/replay_session.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tern/archive/error_codes.hpp"
#include "tern/archive/frame_layout.hpp"
#include "tern/base/planted_fault.hpp"
#include "tern/client/exclusive_publication.hpp"
#include "tern/client/offer_result.hpp"

namespace tern::archive {
namespace {

std::int64_t saturating_add(std::int64_t position, std::int64_t length) {
    return length > INT64_MAX - position ? INT64_MAX : position + length;
}

}  // namespace

ReplaySession::ReplaySession(Spec spec, platform::Platform platform)
    : spec_(std::move(spec)),
      platform_(platform),
      reader_(platform_.storage, spec_.archive_directory, spec_.recording, spec_.start_position,
              spec_.checksum),
      deadline_ns_(platform_.clock.nano_time() + spec_.connect_timeout_ns),
      limit_(saturating_add(spec_.start_position, spec_.length)),
      stop_(spec_.start_position),
      segment_base_(reader_.segment_base()) {}

int ReplaySession::do_work(Bytes buffer, IoStatistics& statistics) {
    if (state_ == State::done) return 0;
    if (stop_requested_.load(std::memory_order_acquire)) {
        end(true);
        return 1;
    }
    try {
        switch (state_) {
            case State::init:
                return init();
            case State::await_connected:
                return await_connected();
            case State::replay:
                return replay(buffer, statistics);
            case State::done:
                return 0;
        }
    } catch (const std::exception& error) {
        fail(error.what(), error_code::kGeneric);
        return 1;
    }
    return 0;
}

int ReplaySession::init() {
    if (!reader_.open()) {
        if (platform_.clock.nano_time() <= deadline_ns_) return 0;
        fail("recording segment file not created", error_code::kGeneric);
        return 1;
    }
    refresh_limits();
    const bool at_an_end =
        spec_.start_position == spec_.recording.start_position || spec_.start_position == stop_;
    if (!at_an_end && !reader_.is_at_frame()) {
        fail("replayPosition=" + reader_.describe_position() + " does not point to a valid frame",
             error_code::kInvalidPosition);
        return 1;
    }
    started_.store(true, std::memory_order_release);
    state_ = State::await_connected;
    return 1;
}

int ReplaySession::await_connected() {
    if (spec_.publication->is_connected()) {
        state_ = State::replay;
        return 1;
    }
    if (platform_.clock.nano_time() <= deadline_ns_) return 0;
    fail(fmt::format("no connection established for replayChannel={}, replayStreamId={}",
                     spec_.replay_channel, spec_.replay_stream_id),
         error_code::kGeneric);
    return 1;
}

/// What may be read, and whether more can ever come (ARC-6.3).
void ReplaySession::refresh_limits() {
    bool final = true;
    std::int64_t written = spec_.recording.stop_position;
    if (spec_.recorded) {
        final = spec_.recorded->ended();
        written = spec_.recorded->position();
    }
    stop_ = written;
    if (spec_.bound) {
        const ReplayBound bound = spec_.bound();
        stop_ = planted(Fault::replay_bound_ignored) ? written : std::min(written, bound.position);
        final = bound.gone || (final && bound.position >= written);
    }
    stop_is_final_ = final;
    if (final) limit_ = std::min(limit_, stop_);
}

int ReplaySession::replay(Bytes buffer, IoStatistics& statistics) {
    if (!spec_.publication->is_connected()) {
        end(true);
        return 1;
    }
    if (reader_.position() >= stop_ && !stop_is_final_) refresh_limits();
    if (reader_.position() >= limit_) {
        end(false);
        return 1;
    }
    if (reader_.position() >= stop_ || spec_.publication->available_window() <= 0) return 0;

    if (spec_.file_io_max_length > 0) {
        const auto most = static_cast<std::size_t>(spec_.file_io_max_length) &
                          ~static_cast<std::size_t>(wire::kFrameAlignment - 1);
        buffer = buffer.first(std::min(buffer.size(), most));
    }
    const auto before = platform_.clock.nano_time();
    const auto block = reader_.read(buffer, stop_, limit_, spec_.publication->session_id(),
                                    spec_.publication->stream_id());
    if (!block) {
        fail(block.error(), error_code::kGeneric);
        return 1;
    }
    segment_base_.store(reader_.segment_base(), std::memory_order_release);
    if (block->empty()) {
        // The stop lies within a frame: the end, unless it has just moved.
        const std::int64_t before_stop = stop_;
        refresh_limits();
        if (stop_is_final_ && stop_ == before_stop) end(false);
        return 0;
    }
    statistics.add(std::ssize(block->frames), platform_.clock.nano_time() - before);
    return offer(*block);
}

int ReplaySession::offer(const RecordingReader::Block& block) {
    const auto accept = [&](std::int64_t result, std::int64_t length) {
        if (result > 0) {
            reader_.advance(length);
            return true;
        }
        if (result == client::kPublicationClosed || result == client::kNotConnected) end(true);
        if (result == client::kMaxPositionExceeded) {
            fail("replay publication is at its maximum position", error_code::kGeneric);
        }
        return false;
    };
    int work = 0;
    if (!block.frames.empty()) {
        if (!accept(spec_.publication->offer_block(block.frames), std::ssize(block.frames))) {
            return 0;
        }
        ++work;
    }
    if (block.padding_length > 0) {
        const auto aligned = aligned_frame_length(block.padding_length);
        const auto payload = static_cast<std::int32_t>(aligned) - wire::kDataHeaderLength;
        work += accept(spec_.publication->append_padding(payload), aligned) ? 1 : 0;
    }
    if (state_ == State::replay && reader_.position() >= limit_) end(false);
    return work;
}

void ReplaySession::end(bool revoke) {
    revoke_ = revoke || planted(Fault::finished_replay_revoked);
    reader_.close();
    state_ = State::done;
}

void ReplaySession::finish() noexcept {
    reader_.close();
    state_ = State::done;
}

/// Whoever asked it to stop may have cut off, meanwhile, what it was about to read: no failure
/// then.
void ReplaySession::fail(const std::string& text, std::int32_t code) {
    if (stop_requested_.load(std::memory_order_acquire)) return end(true);
    error_ =
        fmt::format("{}, recordingId={}, replaySessionId={}, segmentFile={}", text,
                    spec_.recording.recording_id, spec_.replay_session_id, reader_.segment_name());
    error_code_ = code;
    end(true);
}

}  // namespace tern::archive
