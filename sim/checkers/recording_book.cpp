#include "sim/checkers/recording_book.hpp"

#include <fmt/format.h>

namespace tern::sim {

using archive::RecordingDescriptor;

void RecordingBook::add_stream(std::int32_t stream_id, std::int32_t session_id,
                               std::shared_ptr<StreamWriter> writer) {
    streams_[{stream_id, session_id}] = std::move(writer);
    if (const auto it = announced_.find(stream_id); it != announced_.end()) announced_.erase(it);
}

RecordingBook::Entry RecordingBook::find(std::int64_t recording_id) const {
    const auto it = recordings_.find(recording_id);
    return it == recordings_.end() ? nullptr : it->second;
}

std::optional<std::string> RecordingBook::seen(const RecordingDescriptor& now) {
    if (const Entry known = find(now.recording_id)) {
        const bool is_another = known->is_doubtful && known->may_be_gone &&
                                known->descriptor.stream_id != now.stream_id;
        if (!is_another) return check(*known, now);
        recordings_.erase(now.recording_id);
    }
    const auto stream = streams_.find({now.stream_id, now.session_id});
    if (stream == streams_.end()) {
        if (announced_.contains(now.stream_id)) return std::nullopt;
        return fmt::format("recording {}: of stream {} session {}, which nobody has published",
                           now.recording_id, now.stream_id, now.session_id);
    }
    const auto entry = std::make_shared<KnownRecording>(
        RecordingChecker(stream->second, now.recording_id, now.start_position), now);
    entry->is_doubtful = are_new_ones_doubtful_ || lossy_streams_.contains(stream->first) ||
                         rotten_unseen_.contains(now.recording_id);
    entry->may_be_gone = are_new_ones_doubtful_;
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
    for (auto& [id, entry] : recordings_) {
        entry = std::make_shared<KnownRecording>(*entry);
        entry->owner.reset();
    }
}

void RecordingBook::host_crashed(int file_sync_level, int catalog_file_sync_level) {
    if (file_sync_level > 0) return;
    ++epoch_;
    detach();
    for (auto& [id, entry] : recordings_) {
        entry->is_doubtful = true;
        entry->may_be_gone = entry->may_be_gone || catalog_file_sync_level == 0;
    }
    for (const auto& [key, writer] : streams_) lossy_streams_.insert(key);
    // Numbers may be used again, also of recordings that nobody had seen.
    are_new_ones_doubtful_ = are_new_ones_doubtful_ || catalog_file_sync_level == 0;
}

void RecordingBook::rotted(std::int64_t recording_id, bool is_noticed) {
    const Entry entry = find(recording_id);
    if (!entry) {
        rotten_unseen_.insert(recording_id);
        return;
    }
    ++entry->version;
    entry->is_rotten = true;
    entry->is_doubtful = entry->is_doubtful || !is_noticed;
}

void RecordingBook::restored(const RecordingBook& copy) {
    ++epoch_;
    recordings_ = copy.recordings_;
    are_new_ones_doubtful_ = copy.are_new_ones_doubtful_;
    rotten_unseen_ = copy.rotten_unseen_;
    detach();
}

RecordingBook RecordingBook::copy() const {
    RecordingBook copy = *this;
    copy.detach();
    return copy;
}

}  // namespace tern::sim
