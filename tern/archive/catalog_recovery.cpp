#include "tern/archive/catalog_recovery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <optional>

#include "tern/archive/frame_layout.hpp"
#include "tern/base/math.hpp"
#include "tern/base/planted_fault.hpp"

namespace tern::archive {
namespace {

constexpr std::int64_t kPageLength = 4096;
constexpr std::int64_t kSectorLength = 512;
/// The recorder writes at most so much between two syncs: a term's block, or the I/O length.
constexpr std::int64_t kUnsyncedLength = 1024 * 1024;

/// Reads a file through one buffer, which always begins at the last offset that was not in it.
class Window {
  public:
    Window(platform::File& file, Bytes buffer) : file_(file), buffer_(buffer) {}

    /// `length` bytes at `offset`, fewer at the end of the file; at most the buffer's length.
    ConstBytes at(std::int64_t offset, std::int64_t length) {
        if (offset < begin_ || offset + length > begin_ + static_cast<std::int64_t>(filled_)) {
            begin_ = offset;
            filled_ = file_.read_at(offset, buffer_);
        }
        const auto skip = static_cast<std::size_t>(offset - begin_);
        const auto available = filled_ > skip ? filled_ - skip : 0;
        return ConstBytes(buffer_).subspan(skip,
                                           std::min(available, static_cast<std::size_t>(length)));
    }

  private:
    platform::File& file_;
    Bytes buffer_;
    std::int64_t begin_ = 0;
    std::size_t filled_ = 0;
};

struct Frame {
    std::int64_t offset = 0;
    std::int64_t aligned_length = 0;
    bool padding = false;
    std::int32_t checksum_field = 0;
    [[nodiscard]] std::int64_t end() const noexcept { return offset + aligned_length; }
};

struct Walk {
    std::int64_t end = 0;
    std::deque<Frame> tail;  // the frames that end within the last kUnsyncedLength bytes
    std::string note;
};

/// Nothing when the frame at `position` is one of the recording's.
std::string_view why_foreign(ConstBytes header, const SegmentGeometry& geometry,
                             std::int64_t position, std::int32_t stream_id,
                             std::int64_t bytes_in_file) {
    const wire::DataHeader frame = read_frame_header(header);
    if (frame.frame_length < wire::kDataHeaderLength) return "frame length below that of a header";
    if (frame.type != wire::kDataFrameType && frame.type != wire::kPadFrameType)
        return "frame type";
    if (frame.term_offset != geometry.term_offset(position)) return "term offset";
    if (frame.term_id != geometry.term_id(position)) return "term id";
    if (frame.stream_id != stream_id) return "stream id";
    const std::int64_t aligned = aligned_frame_length(frame.frame_length);
    if (frame.term_offset + aligned > geometry.term_length) return "end beyond its term";
    if (frame.type == wire::kDataFrameType && aligned > bytes_in_file) return "end beyond its file";
    return {};
}

Walk walk_frames(Window& window, const RecordingSummary& recording, std::int64_t base,
                 std::int64_t begin, std::int64_t file_length) {
    const SegmentGeometry geometry = recording.geometry();
    const std::int64_t limit = std::min<std::int64_t>(recording.segment_file_length, file_length);
    Walk walk{.end = begin, .tail = {}, .note = {}};
    while (walk.end + wire::kDataHeaderLength <= limit) {
        const ConstBytes header = window.at(walk.end, wire::kDataHeaderLength);
        if (std::ssize(header) < wire::kDataHeaderLength) break;
        const wire::DataHeader frame = read_frame_header(header);
        if (frame.frame_length <= 0) break;
        const auto foreign =
            why_foreign(header, geometry, base + walk.end, recording.stream_id, limit - walk.end);
        if (!foreign.empty()) {
            walk.note = fmt::format("bytes at position {} are not a frame of this recording ({})",
                                    base + walk.end, foreign);
            break;
        }
        const std::int64_t aligned = aligned_frame_length(frame.frame_length);
        walk.tail.push_back(
            {walk.end, aligned, frame.type == wire::kPadFrameType, frame.session_id});
        walk.end += aligned;
        while (walk.tail.front().end() + kUnsyncedLength < walk.end) walk.tail.pop_front();
    }
    return walk;
}

bool is_all_zero(ConstBytes bytes) {
    return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

/// Whether the file system tells holes from zeros: the rest of the file behind what was written
/// shows it or, where there is no rest, a page that is added for a moment.
bool shows_holes(platform::File& file, std::int64_t rest) {
    const std::int64_t size = file.size();
    if (rest < size) return file.is_hole(rest, 1);
    file.truncate(size + kPageLength);
    const bool hole = file.is_hole(align_up(size, kPageLength), 1);
    file.truncate(size);
    return hole;
}

enum class Proof : std::uint8_t { whole, torn, none };

/// What the pages of the frame behind its first page boundary tell: a page that holds something was
/// written; one that is a hole was not; one of zeros was if the file system has holes at all, which
/// the unwritten rest of the file shows.
Proof examine_pages(platform::File& file, Window& window, const Frame& frame) {
    bool proved = true;
    std::int64_t page = align_up(frame.offset, kPageLength);
    if (page == frame.offset) page += kPageLength;
    for (; page < frame.end(); page += kPageLength) {
        const std::int64_t length = std::min(kPageLength, frame.end() - page);
        if (!is_all_zero(window.at(page, length))) continue;
        if (file.is_hole(page, length)) return Proof::torn;
        proved = proved && shows_holes(file, align_up(frame.end(), kPageLength));
    }
    return proved ? Proof::whole : Proof::none;
}

/// A frame that a crash has torn lacks whole sectors; one that is damaged otherwise is kept, for
/// the replay to find.
bool lacks_a_sector(ConstBytes frame, std::int64_t offset) {
    const std::int64_t end = offset + std::ssize(frame);
    for (std::int64_t at = align_up(offset + 1, kSectorLength); at < end; at += kSectorLength) {
        const auto length = static_cast<std::size_t>(std::min(kSectorLength, end - at));
        if (is_all_zero(frame.subspan(static_cast<std::size_t>(at - offset), length))) return true;
    }
    return false;
}

/// The checksum's word on a frame; `none` when the frame was recorded without.
Proof examine_checksum(platform::File& file, const Frame& frame, Checksum kind,
                       std::int32_t session_id) {
    std::vector<std::byte> bytes(static_cast<std::size_t>(frame.aligned_length));
    const std::size_t read = file.read_at(frame.offset, bytes);
    const auto payload = ConstBytes(bytes).subspan(wire::kDataHeaderLength);
    if (read == bytes.size() && compute_checksum(kind, payload) == frame.checksum_field) {
        return Proof::whole;
    }
    const bool has_checksum = frame.checksum_field != session_id;
    return has_checksum && lacks_a_sector(bytes, frame.offset) ? Proof::torn : Proof::none;
}

Proof examine(platform::File& file, Window& window, const Frame& frame, Checksum kind,
              std::int32_t session_id) {
    if (frame.padding) return Proof::whole;
    if (kind != Checksum::none) {
        const Proof proof = examine_checksum(file, frame, kind, session_id);
        if (proof != Proof::none) return proof;
    }
    if (frame.offset / kPageLength == (frame.end() - 1) / kPageLength) return Proof::whole;
    return examine_pages(file, window, frame);
}

/// The first frame of the tail that is not to be kept.
const Frame* first_torn(platform::File& file, Window& window, const Walk& walk, Checksum kind,
                        std::int32_t session_id) {
    for (const Frame& frame : walk.tail) {
        const Proof proof = examine(file, window, frame, kind, session_id);
        const bool is_last = &frame == &walk.tail.back();
        if (proof == Proof::torn || (proof == Proof::none && is_last)) return &frame;
    }
    return nullptr;
}

/// The highest segment that can be this recording's: others are strays.
std::optional<std::int64_t> last_segment(const RecordingSummary& recording,
                                         std::span<const std::int64_t> segments) {
    const SegmentGeometry geometry = recording.geometry();
    if (planted(Fault::last_segment_not_recovered) && segments.size() > 1) {
        segments = segments.first(segments.size() - 1);
    }
    for (auto it = segments.rbegin(); it != segments.rend(); ++it) {
        if (*it >= geometry.start_term_base() && geometry.segment_base(*it) == *it) return *it;
    }
    return std::nullopt;
}

}  // namespace

RecoveredStop recover_stop_position(platform::Storage& storage,
                                    const std::string& archive_directory,
                                    const RecordingSummary& recording,
                                    std::span<const std::int64_t> segments,
                                    Checksum record_checksum, Bytes buffer) {
    const auto base = last_segment(recording, segments);
    if (!base) return {recording.start_position, {}};

    const auto path =
        platform::join_path(archive_directory, segment_file_name(recording.recording_id, *base));
    const auto file = storage.open(path, platform::Access::read_write);
    Window window(*file, buffer);
    const SegmentGeometry geometry = recording.geometry();
    const std::int64_t begin = *base == geometry.start_term_base()
                                   ? geometry.term_offset(recording.start_position)
                                   : std::int64_t{0};
    Walk walk = walk_frames(window, recording, *base, begin, file->size());
    const Frame* torn = first_torn(*file, window, walk, record_checksum, recording.session_id);
    if (torn != nullptr && !planted(Fault::torn_tail_trusted)) {
        walk.end = torn->offset;
        walk.note =
            fmt::format("frame at position {} (length {}) was written in part: cut before it",
                        *base + torn->offset, torn->aligned_length);
        file->truncate(walk.end);
        file->truncate(recording.segment_file_length);
    }
    // Its last write may not have been synced: the catalog's word must not outlive it.
    if (walk.end > begin || torn != nullptr) file->sync(true);
    if (!walk.note.empty()) {
        walk.note = fmt::format("recording {}: {}: {}", recording.recording_id, path, walk.note);
    }
    return {std::max(*base + walk.end, recording.start_position), std::move(walk.note)};
}

}  // namespace tern::archive
