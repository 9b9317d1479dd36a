#pragma once
// Reads the frames of a recording from its segment files, for replays (ARC-6.2 of chapter 41).
//
// The caller says how far it may read (`stop`: what is known to be written) and how far it wants
// to (`limit`); a frame that begins before the limit is delivered whole. Nothing in a file is
// trusted: whatever does not continue the recording is an error that names the place, never a
// stall and never stale bytes.
//
// Thread safety: none; the storage is only read.

#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include "tern/archive/catalog.hpp"
#include "tern/archive/checksum.hpp"
#include "tern/base/bytes.hpp"
#include "tern/platform/storage.hpp"

namespace tern::archive {

class RecordingReader {
  public:
    RecordingReader(platform::Storage& storage, std::string archive_directory,
                    const RecordingSummary& recording, std::int64_t position, Checksum checksum);

    /// Whether the segment of the position is there (a fresh recording's may come later).
    [[nodiscard]] bool segment_exists() const;
    /// Opens the segment of the position. False when it is not there.
    [[nodiscard]] bool open();
    /// Whether a frame of the recording begins at the position. Open first.
    [[nodiscard]] bool is_at_frame();

    /// What one read brought: a run of data frames, then perhaps a padding frame behind it. Both
    /// empty: the next frame reaches beyond `stop`.
    struct Block {
        Bytes frames;                     ///< in the caller's buffer
        std::int32_t padding_length = 0;  ///< frame length of the padding behind, 0 for none
        [[nodiscard]] bool empty() const noexcept { return frames.empty() && padding_length == 0; }
    };
    /// Fills `buffer` with whole frames of the current term, rewritten to the given session and
    /// stream. Does not move; the error text is upstream's.
    [[nodiscard]] std::expected<Block, std::string> read(Bytes buffer, std::int64_t stop,
                                                         std::int64_t limit,
                                                         std::int32_t session_id,
                                                         std::int32_t stream_id);
    /// Moves behind what was delivered. The next read opens the next segment when need be.
    void advance(std::int64_t length) noexcept { position_ += length; }

    void close() noexcept { file_.reset(); }
    [[nodiscard]] std::int64_t position() const noexcept { return position_; }
    [[nodiscard]] std::int64_t segment_base() const noexcept;
    [[nodiscard]] std::string segment_name() const;
    /// "<n> (segmentFilePosition=.., segmentOffset=.., termOffset=.., frameOffset=..)".
    [[nodiscard]] std::string describe_position(std::int64_t frame_offset = 0) const;

  private:
    [[nodiscard]] std::string unexpected_end(std::int64_t frame_offset) const;
    [[nodiscard]] std::string check_frame(ConstBytes frame, std::int64_t frame_offset) const;

    platform::Storage& storage_;
    std::string archive_directory_;
    RecordingSummary recording_;
    SegmentGeometry geometry_;
    std::unique_ptr<platform::File> file_;
    std::int64_t open_base_ = -1;
    std::int64_t position_;
    Checksum checksum_;
};

}  // namespace tern::archive
