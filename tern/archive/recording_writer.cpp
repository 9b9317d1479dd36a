#include "tern/archive/recording_writer.hpp"

#include <cerrno>

#include <algorithm>

#include "tern/archive/frame_layout.hpp"
#include "tern/base/assert.hpp"
#include "tern/base/planted_fault.hpp"

namespace tern::archive {

RecordingWriter::RecordingWriter(RecordingWriterOptions options, platform::Storage& storage)
    : options_(std::move(options)),
      storage_(storage),
      segment_base_(options_.geometry.segment_base(options_.position)),
      position_(options_.position) {
    if (options_.checksum != Checksum::none) {
        copy_.resize(static_cast<std::size_t>(options_.max_block_length));
    }
}

std::string RecordingWriter::path_of(std::int64_t base) const {
    return platform::join_path(options_.archive_directory,
                               segment_file_name(options_.recording_id, base));
}

void RecordingWriter::remove_later_segments(const RecordingWriterOptions& options,
                                            platform::Storage& storage) {
    const auto& geometry = options.geometry;
    bool is_removed = true;
    bool is_any_removed = false;
    for (auto base = geometry.segment_base(options.position); is_removed;) {
        base += geometry.segment_length;
        is_removed = storage.remove(platform::join_path(
            options.archive_directory, segment_file_name(options.recording_id, base)));
        is_any_removed = is_any_removed || is_removed;
    }
    if (is_any_removed && options.sync_directory) {
        storage.sync_directory(options.archive_directory);
    }
}

void RecordingWriter::open() {
    const std::string path = path_of(segment_base_);
    if (!options_.extending || !storage_.exists(path)) {
        create_segment(false);
        return;
    }
    file_ = storage_.open(path, platform::Access::read_write);
    file_->truncate(position_ - segment_base_);
    file_->truncate(options_.geometry.segment_length);
    if (options_.file_sync_level > 0) file_->sync(true);
}

void RecordingWriter::create_segment(bool exclusive) {
    const std::string path = path_of(segment_base_);
    if (exclusive && storage_.exists(path)) {
        throw WriterError("segment file already exists: " + path, EEXIST);
    }
    file_ = storage_.create(
        path, {.exclusive = exclusive, .sparse = true, .visibility = platform::Visibility::shared});
    file_->truncate(options_.geometry.segment_length);
    if (options_.file_sync_level > 0) {
        file_->sync(true);
        const bool is_skipped = planted(Fault::new_segment_not_in_directory);
        if (options_.sync_directory && !is_skipped)
            storage_.sync_directory(options_.archive_directory);
    }
}

ConstBytes RecordingWriter::with_checksums(ConstBytes frames) {
    TERN_ASSERT(frames.size() <= copy_.size(), "a block fits the checksum buffer");
    std::ranges::copy(frames, copy_.begin());
    std::size_t offset = 0;
    while (offset < frames.size()) {
        const auto aligned = static_cast<std::size_t>(
            aligned_frame_length(load<std::int32_t>(frames.data() + offset)));
        const auto payload =
            frames.subspan(offset + wire::kDataHeaderLength, aligned - wire::kDataHeaderLength);
        store(copy_.data() + offset + kChecksumOffset,
              compute_checksum(options_.checksum, payload));
        offset += aligned;
    }
    return ConstBytes(copy_).first(frames.size());
}

std::int32_t RecordingWriter::write_data(ConstBytes frames) {
    const ConstBytes bytes = options_.checksum == Checksum::none ? frames : with_checksums(frames);
    file_->write_at(position_ - segment_base_, bytes);
    advance(std::ssize(frames));
    return static_cast<std::int32_t>(frames.size());
}

std::int32_t RecordingWriter::write_padding(ConstBytes header, std::int32_t aligned_length) {
    file_->write_at(position_ - segment_base_, header.first(wire::kDataHeaderLength));
    advance(aligned_length);
    return wire::kDataHeaderLength;
}

void RecordingWriter::advance(std::int64_t length) {
    if (options_.file_sync_level > 0 && !planted(Fault::recording_not_synced)) {
        file_->sync(options_.file_sync_level > 1);
    }
    const std::int64_t next = position_ + length;
    const std::int64_t late = planted(Fault::segment_ends_late) ? wire::kFrameAlignment : 0;
    if (next - segment_base_ >= options_.geometry.segment_length + late) {
        file_.reset();
        segment_base_ = next;
        create_segment(true);
    }
    position_ = next;
}

}  // namespace tern::archive
