#include "sim/checkers/recording_book.hpp"

#include <fmt/format.h>

namespace tern::sim {

using archive::RecordingDescriptor;

void RecordingBook::add_stream(std::int32_t stream_id, std::int32_t session_id,
                               std::shared_ptr<StreamWriter> writer) {
    streams_[{stream_id, session_id}] = std::move(writer);
}

RecordingBook::Entry RecordingBook::find(std::int64_t recording_id) const {
    const auto it = recordings_.find(recording_id);
    return it == recordings_.end() ? nullptr : it->second;
}

std::optional<std::string> RecordingBook::seen(const RecordingDescriptor& now) {
    if (const Entry known = find(now.recording_id)) return check(*known, now);
    const auto stream = streams_.find({now.stream_id, now.session_id});
    if (stream == streams_.end()) {
        return fmt::format("recording {}: of stream {} session {}, which nobody has published",
                           now.recording_id, now.stream_id, now.session_id);
    }
    const auto entry = std::make_shared<KnownRecording>(
        RecordingChecker(stream->second, now.recording_id, now.start_position), now);
    recordings_.emplace(now.recording_id, entry);
    return check(*entry, now);
}

std::optional<std::string> RecordingBook::check(KnownRecording& known,
                                                const RecordingDescriptor& now) const {
    if (known.is_doubtful || known.is_unsettled || !known.is_free()) return std::nullopt;
    if (now.stream_id != known.descriptor.stream_id) {
        return fmt::format("recording {}: of stream {}, but was of stream {}", now.recording_id,
                           now.stream_id, known.descriptor.stream_id);
    }
    if (now.start_position != known.checker.start_position()) {
        return fmt::format("recording {}: starts at {}, but should at {}", now.recording_id,
                           now.start_position, known.checker.start_position());
    }
    if (now.stop_position < 0) return std::nullopt;
    if (known.stop && *known.stop != now.stop_position) {
        return fmt::format("recording {}: stopped at {}, but had at {}", now.recording_id,
                           now.stop_position, *known.stop);
    }
    known.stop = now.stop_position;
    return known.checker.recovered(now.stop_position, Loss::forbidden);
}

void RecordingBook::detach() {
    for (auto& [id, entry] : recordings_) entry = std::make_shared<KnownRecording>(*entry);
}

void RecordingBook::host_crashed(int file_sync_level, int catalog_file_sync_level) {
    if (file_sync_level > 0) return;
    detach();
    for (auto& [id, entry] : recordings_) {
        entry->is_doubtful = true;
        entry->may_be_gone = entry->may_be_gone || catalog_file_sync_level == 0;
    }
}

void RecordingBook::restored(const RecordingBook& copy) {
    recordings_ = copy.recordings_;
    detach();
}

RecordingBook RecordingBook::copy() const {
    RecordingBook copy = *this;
    copy.detach();
    return copy;
}

}  // namespace tern::sim
