#include "tern/archive/catalog_recovery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "tern/archive/frame_layout.hpp"
#include "tern/base/math.hpp"

namespace tern::archive {
namespace {

constexpr std::int64_t kPageLength = 4096;

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

struct LastFrame {
    std::int64_t offset = 0;
    std::int64_t aligned_length = 0;
    bool padding = false;
    std::int32_t checksum_field = 0;
};

struct Walk {
    std::int64_t end = 0;
    std::optional<LastFrame> last;
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
    Walk walk{.end = begin, .last = {}, .note = {}};
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
        walk.last =
            LastFrame{walk.end, aligned, frame.type == wire::kPadFrameType, frame.session_id};
        walk.end += aligned;
    }
    return walk;
}

bool is_all_zero(ConstBytes bytes) {
    return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

/// Whether every page of the frame behind the first page boundary holds something.
bool every_page_has_data(Window& window, const LastFrame& frame) {
    const std::int64_t end = frame.offset + frame.aligned_length;
    std::int64_t page = align_up(frame.offset, kPageLength);
    if (page == frame.offset) page += kPageLength;
    for (; page < end; page += kPageLength) {
        const std::int64_t length = std::min(kPageLength, end - page);
        if (is_all_zero(window.at(page, length))) return false;
    }
    return true;
}

bool checksum_proves(platform::File& file, const LastFrame& frame, Checksum kind) {
    if (kind == Checksum::none) return false;
    std::vector<std::byte> payload(
        static_cast<std::size_t>(frame.aligned_length - wire::kDataHeaderLength));
    const std::size_t read = file.read_at(frame.offset + wire::kDataHeaderLength, payload);
    return read == payload.size() && compute_checksum(kind, payload) == frame.checksum_field;
}

bool is_whole(platform::File& file, Window& window, const LastFrame& frame, Checksum kind) {
    if (frame.padding) return true;
    const std::int64_t last_byte = frame.offset + frame.aligned_length - 1;
    if (frame.offset / kPageLength == last_byte / kPageLength) return true;
    return checksum_proves(file, frame, kind) || every_page_has_data(window, frame);
}

/// The highest segment that can be this recording's: others are strays.
std::optional<std::int64_t> last_segment(const RecordingSummary& recording,
                                         std::span<const std::int64_t> segments) {
    const SegmentGeometry geometry = recording.geometry();
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
    if (walk.last && !is_whole(*file, window, *walk.last, record_checksum)) {
        walk.end = walk.last->offset;
        walk.note = fmt::format(
            "last frame at position {} (length {}) was written in part across a page boundary: "
            "cut before it",
            *base + walk.last->offset, walk.last->aligned_length);
        file->truncate(walk.end);
        file->truncate(recording.segment_file_length);
        file->sync(true);
    }
    if (!walk.note.empty()) {
        walk.note = fmt::format("recording {}: {}: {}", recording.recording_id, path, walk.note);
    }
    return {std::max(*base + walk.end, recording.start_position), std::move(walk.note)};
}

}  // namespace tern::archive
