#include "tern/archive/segment_operations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tern/archive/error_codes.hpp"
#include "tern/archive/frame_layout.hpp"
#include "tern/archive/replays.hpp"
#include "tern/base/planted_fault.hpp"

namespace tern::archive {

std::string SegmentOperations::path(const std::string& name) const {
    return platform::join_path(services_.context.archive_directory, name);
}

std::optional<RecordingSummary> SegmentOperations::find(const Request& request) const {
    auto recording = services_.catalog.find(request.recording_id);
    if (!recording) {
        request.refuse(error_code::kUnknownRecording,
                       fmt::format("unknown recording id: {}", request.recording_id));
    }
    return recording;
}

bool SegmentOperations::refuse_if_deleting(const Request& request) const {
    if (!is_deleting(request.recording_id)) return false;
    request.refuse(error_code::kGeneric,
                   fmt::format("another delete operation in progress for recording id: {}",
                               request.recording_id));
    return true;
}

std::int64_t SegmentOperations::highest_segment(std::int64_t recording_id) const {
    const auto it = deletes_.find(recording_id);
    return it == deletes_.end() ? kNullValue : it->second.highest_base;
}

std::vector<std::string> SegmentOperations::all_files(std::int64_t recording_id) const {
    std::vector<std::string> files;
    for (const auto& name : services_.platform.storage.list(services_.context.archive_directory)) {
        const auto parsed = parse_segment_file_name(name);
        if (parsed && parsed->recording_id == recording_id) files.push_back(name);
    }
    return files;
}

std::int64_t SegmentOperations::base_of(const std::string& name) {
    const auto parsed = parse_segment_file_name(name);
    return parsed ? parsed->base_position : kNullValue;
}

// ---- Truncate and purge ------------------------------------------------------------------------

void SegmentOperations::truncate(ControlSession& session, std::int64_t correlation_id,
                                 std::int64_t recording_id, std::int64_t position) {
    const Request request{session, correlation_id, recording_id};
    const auto recording = find(request);
    if (!recording) return;
    if (recording->is_live() || recordings_->is_active(recording_id)) {
        return request.refuse(error_code::kActiveRecording, "cannot truncate active recording");
    }
    const auto start = recording->start_position;
    const auto stop = recording->stop_position;
    if (position < start || position > stop ||
        !is_aligned<std::int64_t>(position, wire::kFrameAlignment)) {
        return request.refuse(error_code::kInvalidPosition,
                              fmt::format("invalid position {}: start={} stop={} alignment=32",
                                          position, start, stop));
    }
    if (refuse_if_deleting(request)) return;

    const auto geometry = recording->geometry();
    const auto base = geometry.segment_base(position);
    std::vector<std::string> files;
    if (position == start) {
        replays_->stop_replays_of(recording_id);
        files = all_files(recording_id);
    } else {
        const bool is_cut = position != stop && position > base;
        if (is_cut && !is_at_frame(request, *recording, position)) return;
        replays_->stop_replays_of(recording_id);  // before what they read is taken away
        if (is_cut && !cut_segment(request, *recording, position)) return;
        auto from = position == base ? base : base + geometry.segment_length;
        // Behind the end there may be one that could not be made whole when the recording stopped.
        auto& storage = services_.platform.storage;
        for (; from <= stop || storage.exists(path(segment_file_name(recording_id, from)));
             from += geometry.segment_length) {
            files.push_back(segment_file_name(recording_id, from));
        }
    }
    // The last one first: what a crash leaves is then a run that begins at the new end.
    std::ranges::sort(files, std::ranges::greater{}, base_of);
    services_.catalog.set_stop_position(recording_id, position);
    schedule(request, files);
}

std::unique_ptr<platform::File> SegmentOperations::open_segment(std::int64_t recording_id,
                                                                std::int64_t base,
                                                                platform::Access access) const {
    return services_.platform.storage.open(path(segment_file_name(recording_id, base)), access);
}

/// A request refused for an I/O error is reported, too.
bool SegmentOperations::refuse_failure(const Request& request, const std::exception& error) const {
    services_.report(error);
    request.refuse(error_code::kGeneric, error.what());
    return false;
}

bool SegmentOperations::is_at_frame(const Request& request, const RecordingSummary& recording,
                                    std::int64_t position) const {
    const auto geometry = recording.geometry();
    const auto base = geometry.segment_base(position);
    try {
        const auto file = open_segment(request.recording_id, base, platform::Access::read_only);
        std::array<std::byte, wire::kDataHeaderLength> bytes{};
        const bool whole = file->read_at(position - base, bytes) == bytes.size();
        const auto frame = read_frame_header(bytes);
        if (whole && frame.term_offset == geometry.term_offset(position) &&
            frame.term_id == geometry.term_id(position) && frame.stream_id == recording.stream_id) {
            return true;
        }
    } catch (const std::exception& error) {
        return refuse_failure(request, error);
    }
    request.refuse(error_code::kGeneric,
                   fmt::format("{} position not aligned to a data header", position));
    return false;
}

/// Makes `position` the end of its segment: what lies behind becomes a hole again.
bool SegmentOperations::cut_segment(const Request& request, const RecordingSummary& recording,
                                    std::int64_t position) const {
    const auto geometry = recording.geometry();
    const auto base = geometry.segment_base(position);
    try {
        const auto file = open_segment(request.recording_id, base, platform::Access::read_write);
        file->truncate(position - base);
        file->truncate(geometry.segment_length);
        if (services_.context.file_sync_level > 0) file->sync(true);
        return true;
    } catch (const std::exception& error) {
        return refuse_failure(request, error);
    }
}

void SegmentOperations::purge(ControlSession& session, std::int64_t correlation_id,
                              std::int64_t recording_id) {
    const Request request{session, correlation_id, recording_id};
    const auto recording = find(request);
    if (!recording) return;
    if (replays_->has_replay(recording_id)) {
        return request.refuse(
            error_code::kActiveRecording,
            fmt::format("cannot purge recording with active replay {}", recording_id));
    }
    if (recording->is_live() || recordings_->is_active(recording_id)) {
        return request.refuse(error_code::kActiveRecording,
                              fmt::format("cannot purge active recording {}", recording_id));
    }
    if (refuse_if_deleting(request)) return;
    services_.catalog.set_state(recording_id, RecordingState::deleted);
    schedule(request, all_files(recording_id));
}

// ---- Deleting ----------------------------------------------------------------------------------

void SegmentOperations::schedule(const Request& request, const std::vector<std::string>& files) {
    request.session.send_ok(request.correlation_id, std::ssize(files));
    Delete session{request.session.session_id(), request.correlation_id, {}, kNullValue};
    for (const auto& name : files) {
        session.files.push_back(name);
        session.highest_base = std::max(session.highest_base, base_of(name));
    }
    if (files.empty()) {
        request.session.send_signal(Signal::deleted, request.correlation_id, request.recording_id,
                                    kNullValue, kNullValue);
        return;
    }
    deletes_.emplace(request.recording_id, std::move(session));
}

int SegmentOperations::do_work() {
    int work = 0;
    for (auto it = deletes_.begin(); it != deletes_.end();) {
        work += work_on(it->first, it->second);
        it = it->second.files.empty() ? deletes_.erase(it) : std::next(it);
    }
    return work;
}

int SegmentOperations::work_on(std::int64_t recording_id, Delete& session) {
    // They may have the file open; others read above what is deleted.
    if (replays_->has_stopping_replay(recording_id)) return 0;
    const auto name = std::move(session.files.front());
    session.files.pop_front();
    remove_file(recording_id, session, name);
    if (session.files.empty()) {
        sync_directory();
        sessions_.send_signal(session.control_session_id, Signal::deleted, session.correlation_id,
                              recording_id, kNullValue, kNullValue);
    }
    return 1;
}

/// From here on the recording may be extended: files that came back would be taken for its end.
void SegmentOperations::sync_directory() {
    if (services_.context.catalog_file_sync_level == 0) return;
    try {
        services_.platform.storage.sync_directory(services_.context.archive_directory);
    } catch (const std::exception& error) {
        services_.report(error);
    }
}

void SegmentOperations::remove_file(std::int64_t recording_id, const Delete& session,
                                    const std::string& name) {
    auto& storage = services_.platform.storage;
    try {
        if (!storage.remove(path(name))) storage.remove(path(name + ".del"));
    } catch (const std::exception& error) {
        services_.report(error);
        sessions_.send_error(session.control_session_id, session.correlation_id,
                             error_code::kGeneric,
                             fmt::format("unable to delete segment file: {} of recording {}",
                                         path(name), recording_id));
    }
}

// ---- Detach, delete, purge segments ------------------------------------------------------------

bool SegmentOperations::is_valid_detach(const Request& request, const RecordingSummary& recording,
                                        std::int64_t new_start) const {
    const auto geometry = recording.geometry();
    const auto lower = geometry.segment_base(recording.start_position) + geometry.segment_length;
    const auto recorded = recordings_->recorded(request.recording_id);
    const auto end = recorded ? recorded->position() : recording.stop_position;
    std::string text;
    if (new_start < 0 || new_start != geometry.segment_base(new_start)) {
        text = fmt::format("invalid segment start: newStartPosition={}", new_start);
    } else if (new_start < lower) {
        text = fmt::format("invalid detach: newStartPosition={} lowerBound={}", new_start, lower);
    } else if (const auto upper = geometry.segment_base(end); new_start > upper) {
        text = fmt::format("invalid detach: in use, newStartPosition={} upperBound={}", new_start,
                           upper);
    } else if (const auto replay = replays_->replay_below(request.recording_id, new_start)) {
        text = "invalid detach: replay in progress -  " + *replay;
    }
    if (text.empty()) return true;
    request.refuse(error_code::kGeneric, text);
    return false;
}

void SegmentOperations::detach(ControlSession& session, std::int64_t correlation_id,
                               std::int64_t recording_id, std::int64_t new_start_position) {
    const Request request{session, correlation_id, recording_id};
    const auto recording = find(request);
    if (!recording || !is_valid_detach(request, *recording, new_start_position)) return;
    services_.catalog.set_start_position(recording_id, new_start_position);
    session.send_ok(correlation_id);
}

void SegmentOperations::delete_detached(ControlSession& session, std::int64_t correlation_id,
                                        std::int64_t recording_id) {
    const Request request{session, correlation_id, recording_id};
    const auto recording = find(request);
    if (!recording || refuse_if_deleting(request)) return;
    const auto start = recording->geometry().segment_base(recording->start_position);
    std::vector<std::string> files;
    for (const auto base : list_segments(services_.platform.storage,
                                         services_.context.archive_directory, recording_id)) {
        if (base < start) files.push_back(segment_file_name(recording_id, base));
    }
    std::ranges::reverse(files);
    schedule(request, files);
}

void SegmentOperations::purge_segments(ControlSession& session, std::int64_t correlation_id,
                                       std::int64_t recording_id, std::int64_t new_start_position) {
    const Request request{session, correlation_id, recording_id};
    const auto recording = find(request);
    if (!recording || !is_valid_detach(request, *recording, new_start_position)) return;
    if (refuse_if_deleting(request)) return;
    const auto geometry = recording->geometry();
    services_.catalog.set_start_position(recording_id, new_start_position);
    std::vector<std::string> files;
    const auto first = geometry.segment_base(recording->start_position);
    const auto last = planted(Fault::purge_takes_one_segment_more)
                          ? new_start_position
                          : new_start_position - geometry.segment_length;
    for (auto base = last; base >= first; base -= geometry.segment_length) {
        files.push_back(segment_file_name(recording_id, base));
    }
    schedule(request, files);
}

// ---- Attach ------------------------------------------------------------------------------------

void SegmentOperations::attach(ControlSession& session, std::int64_t correlation_id,
                               std::int64_t recording_id) {
    const Request request{session, correlation_id, recording_id};
    const auto recording = find(request);
    if (!recording) return;
    std::int64_t attached = 0;
    const std::int64_t length = recording->segment_file_length;
    auto base = recording->geometry().segment_base(recording->start_position) - length;
    while (base >= 0 &&
           services_.platform.storage.exists(path(segment_file_name(recording_id, base)))) {
        const auto offset = attach_segment(request, *recording, base);
        if (!offset) return;
        services_.catalog.set_start_position(recording_id, base + *offset);
        ++attached;
        if (*offset != 0) break;
        base -= length;
    }
    session.send_ok(correlation_id, attached);
}

/// Offset of the first frame in the segment's first term; nullopt when refused.
std::optional<std::int64_t> SegmentOperations::attach_segment(const Request& request,
                                                              const RecordingSummary& recording,
                                                              std::int64_t base) const {
    const auto file_path = path(segment_file_name(request.recording_id, base));
    const auto refuse = [&](const std::string& text) {
        request.refuse(error_code::kGeneric, text);
        return std::nullopt;
    };
    try {
        const auto file = services_.platform.storage.open(file_path, platform::Access::read_only);
        if (file->size() != recording.segment_file_length) {
            return refuse(fmt::format("fileLength={} not equal to segmentLength={}", file->size(),
                                      recording.segment_file_length));
        }
        std::array<std::byte, wire::kDataHeaderLength> bytes{};
        for (std::int64_t offset = 0; offset < recording.term_buffer_length;
             offset += wire::kFrameAlignment) {
            if (file->read_at(offset, bytes) < bytes.size()) {
                return refuse("failed to read segment file");
            }
            const auto frame = read_frame_header(bytes);
            if (frame.frame_length <= 0) continue;
            const auto term_id = recording.geometry().term_id(base);
            if (frame.term_id != term_id) {
                return refuse(fmt::format("term id does not match: actual={} expected={}",
                                          frame.term_id, term_id));
            }
            if (frame.stream_id != recording.stream_id) {
                return refuse(fmt::format("stream id does not match: actual={} expected={}",
                                          frame.stream_id, recording.stream_id));
            }
            return offset;
        }
        return refuse("fragment not found in first term of segment " + file_path);
    } catch (const platform::StorageError& error) {
        services_.report(error);
        return refuse("read failed on " + file_path);
    }
}

// ---- Migrate -----------------------------------------------------------------------------------

void SegmentOperations::migrate(ControlSession& session, std::int64_t correlation_id,
                                std::int64_t from_id, std::int64_t to_id) {
    const auto from = find({session, correlation_id, from_id});
    if (!from) return;
    const auto to = find({session, correlation_id, to_id});
    if (!to) return;
    const Request request{session, correlation_id, from_id};
    if (!is_valid_migration(request, *from, *to) || refuse_if_deleting(request)) return;
    move_segments(request, *from, *to);
}

bool SegmentOperations::is_valid_migration(const Request& request, const RecordingSummary& from,
                                           const RecordingSummary& to) const {
    const auto refuse = [&](const std::string& text) {
        request.refuse(error_code::kGeneric, text);
        return false;
    };
    if (from.is_live() || recordings_->is_active(from.recording_id)) {
        return refuse(fmt::format("recording {} is still active", from.recording_id));
    }
    struct Field {
        std::string_view name;
        std::int64_t from;
        std::int64_t to;
    };
    for (const auto& field :
         {Field{"SegmentFileLength", from.segment_file_length, to.segment_file_length},
          Field{"TermBufferLength", from.term_buffer_length, to.term_buffer_length},
          Field{"InitialTermId", from.initial_term_id, to.initial_term_id},
          Field{"StreamId", from.stream_id, to.stream_id},
          Field{"MtuLength", from.mtu_length, to.mtu_length}}) {
        if (field.from != field.to) {
            return refuse(fmt::format("invalid migrate: src{0}={1} dst{0}={2}", field.name,
                                      field.from, field.to));
        }
    }
    const bool before = from.stop_position == to.start_position;
    if (!before && from.start_position != to.stop_position) {
        return refuse(fmt::format(
            "invalid migrate: src and dst are not contiguous srcStartPosition={} "
            "srcStopPosition={} dstStartPosition={} dstStopPosition={}",
            from.start_position, from.stop_position, to.start_position, to.stop_position));
    }
    const auto seam = before ? from.stop_position : from.start_position;
    for (const auto& [name, recording] : {std::pair{"src", &from}, {"dst", &to}}) {
        if (recording->geometry().segment_base(seam) == seam) continue;
        return refuse(
            fmt::format("invalid migrate: join position is not on segment boundary of {} recording "
                        "seamPosition={} startPosition={} stopPosition={} termBufferLength={} "
                        "segmentFileLength={}",
                        name, seam, recording->start_position, recording->stop_position,
                        recording->term_buffer_length, recording->segment_file_length));
    }
    return true;
}

void SegmentOperations::move_segments(const Request& request, const RecordingSummary& from,
                                      const RecordingSummary& to) {
    auto& storage = services_.platform.storage;
    const auto geometry = from.geometry();
    std::vector<std::int64_t> bases;
    for (auto base = geometry.segment_base(from.start_position); base < from.stop_position;
         base += geometry.segment_length) {
        const auto source = path(segment_file_name(from.recording_id, base));
        const auto target = path(segment_file_name(to.recording_id, base));
        if (!storage.exists(source)) {
            return request.refuse(error_code::kGeneric, "missing src segment file " + source);
        }
        if (storage.exists(target)) {
            return request.refuse(error_code::kGeneric, "preexisting dst segment file " + target);
        }
        bases.push_back(base);
    }
    for (const auto base : bases) {
        const auto source = path(segment_file_name(from.recording_id, base));
        const auto target = path(segment_file_name(to.recording_id, base));
        try {
            storage.rename(source, target);
        } catch (const std::exception& error) {
            services_.report(error);
            return request.refuse(error_code::kGeneric,
                                  fmt::format("failed to rename {} to {}", source, target));
        }
    }
    if (from.stop_position == to.start_position) {
        services_.catalog.set_start_position(to.recording_id, from.start_position);
    } else {
        services_.catalog.set_stop_position(to.recording_id, from.stop_position);
    }
    services_.catalog.set_stop_position(from.recording_id, from.start_position);
    request.session.send_ok(request.correlation_id, std::ssize(bases));
    // The empty segment that a recording leaves when it ends exactly at a segment's end.
    const auto rest = segment_file_name(from.recording_id, from.stop_position);
    if (storage.exists(path(rest))) {
        deletes_.emplace(
            from.recording_id,
            Delete{
                request.session.session_id(), request.correlation_id, {rest}, from.stop_position});
    } else if (!bases.empty()) {
        request.session.send_signal(Signal::deleted, request.correlation_id, from.recording_id,
                                    kNullValue, kNullValue);
    }
}

}  // namespace tern::archive
