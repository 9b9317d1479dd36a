#include "tern/archive/recording_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tern/archive/frame_layout.hpp"
#include "tern/base/planted_fault.hpp"

namespace tern::archive {

RecordingReader::RecordingReader(platform::Storage& storage, std::string archive_directory,
                                 const RecordingSummary& recording, std::int64_t position,
                                 Checksum checksum)
    : storage_(storage),
      archive_directory_(std::move(archive_directory)),
      recording_(recording),
      geometry_(recording.geometry()),
      position_(position),
      checksum_(checksum) {}

std::int64_t RecordingReader::segment_base() const noexcept {
    return geometry_.segment_base(position_);
}

std::string RecordingReader::segment_name() const {
    return segment_file_name(recording_.recording_id, segment_base());
}

bool RecordingReader::segment_exists() const {
    return storage_.exists(platform::join_path(archive_directory_, segment_name()));
}

bool RecordingReader::open() {
    file_.reset();
    if (!segment_exists()) return false;
    file_ = storage_.open(platform::join_path(archive_directory_, segment_name()),
                          platform::Access::read_only);
    open_base_ = segment_base();
    return true;
}

bool RecordingReader::is_at_frame() {
    std::array<std::byte, wire::kDataHeaderLength> header{};
    if (file_->read_at(position_ - open_base_, header) < header.size()) return false;
    const wire::DataHeader frame = read_frame_header(header);
    return frame.term_offset == geometry_.term_offset(position_) &&
           frame.term_id == geometry_.term_id(position_) && frame.stream_id == recording_.stream_id;
}

std::string RecordingReader::describe_position(std::int64_t frame_offset) const {
    return fmt::format(
        "{} (segmentFilePosition={}, segmentOffset={}, termOffset={}, "
        "frameOffset={})",
        position_ + frame_offset, segment_base(), position_ - segment_base(),
        geometry_.term_offset(position_), frame_offset);
}

std::string RecordingReader::unexpected_end(std::int64_t frame_offset) const {
    return "unexpected end of recording at position=" + describe_position(frame_offset);
}

std::string RecordingReader::check_frame(ConstBytes frame, std::int64_t frame_offset) const {
    if (checksum_ == Checksum::none || planted(Fault::replay_checksum_ignored)) return {};
    const auto computed = compute_checksum(checksum_, frame.subspan(wire::kDataHeaderLength));
    const auto recorded = load<std::int32_t>(frame.data() + kChecksumOffset);
    if (recorded == computed) return {};
    return fmt::format(
        "CRC checksum mismatch at position={}: recorded checksum={}, computed checksum={}",
        describe_position(frame_offset), recorded, computed);
}

std::expected<RecordingReader::Block, std::string> RecordingReader::read(Bytes buffer,
                                                                         std::int64_t stop,
                                                                         std::int64_t limit,
                                                                         std::int32_t session_id,
                                                                         std::int32_t stream_id) {
    if ((!file_ || open_base_ != segment_base()) && !open()) {
        return std::unexpected("recording segment not found");
    }
    const std::int64_t term_remainder = geometry_.term_length - geometry_.term_offset(position_);
    const std::int64_t wanted = std::min({stop - position_, std::ssize(buffer), term_remainder});
    if (wanted <= 0) return Block{};
    const Bytes into = buffer.first(static_cast<std::size_t>(wanted));
    const auto available = static_cast<std::int64_t>(file_->read_at(position_ - open_base_, into));

    std::int64_t offset = 0;
    while (offset < wanted && position_ + offset < limit) {
        if (position_ + offset + wire::kDataHeaderLength > stop) break;
        if (offset + wire::kDataHeaderLength > available)
            return std::unexpected(unexpected_end(offset));
        std::byte* at = into.data() + offset;
        const wire::DataHeader frame =
            read_frame_header({at, static_cast<std::size_t>(wire::kDataHeaderLength)});
        const std::int64_t aligned = aligned_frame_length(frame.frame_length);
        if (frame.frame_length < wire::kDataHeaderLength || offset + aligned > term_remainder ||
            (frame.type != wire::kDataFrameType && frame.type != wire::kPadFrameType)) {
            return std::unexpected(unexpected_end(offset));
        }
        if (position_ + offset + aligned > stop) break;
        if (frame.type == wire::kPadFrameType) {
            return Block{into.first(static_cast<std::size_t>(offset)), frame.frame_length};
        }
        if (offset + aligned > wanted) {
            if (offset == 0) return std::unexpected(unexpected_end(offset));
            break;
        }
        if (offset + aligned > available) return std::unexpected(unexpected_end(offset));
        const ConstBytes whole{at, static_cast<std::size_t>(aligned)};
        if (auto error = check_frame(whole, offset); !error.empty()) {
            return std::unexpected(std::move(error));
        }
        store(at + offsetof(wire::DataHeader, session_id), session_id);
        store(at + offsetof(wire::DataHeader, stream_id), stream_id);
        offset += aligned;
    }
    return Block{into.first(static_cast<std::size_t>(offset)), 0};
}

}  // namespace tern::archive
