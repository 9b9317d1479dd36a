#pragma once
// Writes the frames of one recording session into its segment files (ARC-9.3 of chapter 40,
// ARC-5.5 of chapter 41).
//
// Blocks come straight from an image's term buffer and are written as they are; only with a
// record checksum are they copied first. `position()` moves once a block is in the file (and
// synced, as the level asks), never before: it is what the recording position counter may say.
//
// Errors: platform::StorageError of the machine; WriterError for a segment that is already there.
// After an error the writer is of no further use but to be closed. Thread safety: none.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tern/archive/checksum.hpp"
#include "tern/archive/segment_file.hpp"
#include "tern/base/bytes.hpp"
#include "tern/base/error.hpp"
#include "tern/platform/storage.hpp"

namespace tern::archive {

class WriterError : public Error {
    using Error::Error;
};

struct RecordingWriterOptions {
    std::string archive_directory;
    std::int64_t recording_id = -1;
    SegmentGeometry geometry;
    std::int64_t position = 0;  ///< where the first block goes
    bool extending = false;     ///< the segment of `position` may hold frames before it
    int file_sync_level = 0;
    bool sync_directory = false;  ///< after creating a segment, when file_sync_level > 0
    Checksum checksum = Checksum::none;
    std::int32_t max_block_length = 0;
};

class RecordingWriter {
  public:
    RecordingWriter(RecordingWriterOptions options, platform::Storage& storage);

    /// Before a recording is told to be extended: segments behind its end are removed, whether one
    /// could not be made whole, or the archive died while it truncated the recording. Were it to
    /// die again while it extends, they would be taken for its end.
    static void remove_later_segments(const RecordingWriterOptions& options,
                                      platform::Storage& storage);

    /// Creates the segment of the position, or opens it when extending: then what lies behind the
    /// position is cut off, so that no stale frame can ever follow a new one.
    void open();
    [[nodiscard]] bool is_open() const noexcept { return file_ != nullptr; }

    /// A run of whole frames of one term, none of them padding. Returns bytes written.
    std::int32_t write_data(ConstBytes frames);
    /// A padding frame of `aligned_length`, of which only the header is written.
    std::int32_t write_padding(ConstBytes header, std::int32_t aligned_length);

    void close() noexcept { file_.reset(); }
    [[nodiscard]] std::int64_t position() const noexcept { return position_; }

  private:
    [[nodiscard]] std::string path_of(std::int64_t base) const;
    void create_segment(bool exclusive);
    void advance(std::int64_t length);
    ConstBytes with_checksums(ConstBytes frames);

    RecordingWriterOptions options_;
    platform::Storage& storage_;
    std::unique_ptr<platform::File> file_;
    std::int64_t segment_base_;
    std::int64_t position_;
    std::vector<std::byte> copy_;  // for checksums; empty without
};

}  // namespace tern::archive
