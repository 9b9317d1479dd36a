#pragma once
// The catalog: which recordings there are (`archive.catalog`, ARC-8 of chapter 40).
//
// A header of 32 bytes, then records back to back, each 64-byte aligned: a descriptor header
// (length, state, checksum), the RecordingDescriptor's fixed block, three strings, padding. The
// file is mapped; upstream's tools and archive read and write the same bytes.
//
// Opening for the archive recovers every recording that has no stop position from its segment
// files (catalog_recovery.hpp) and never asks a person. What upstream leaves half-written by a
// crash is repaired where it can be decided and reported in `open_notes()`; what cannot be a
// catalog is refused with an Error that names offset and field.
//
// Crash safety: a new record's bytes are complete before its length makes it visible; replacing a
// record by a longer one writes a new file beside the old one and renames it.
//
// Errors: CatalogError for contents and capacity, platform::StorageError for the machine.
// Thread safety: none; owned by the archive conductor.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tern/archive/checksum.hpp"
#include "tern/archive/recording_descriptor.hpp"
#include "tern/archive/segment_file.hpp"
#include "tern/base/bytes.hpp"
#include "tern/base/error.hpp"
#include "tern/platform/platform.hpp"

namespace tern::archive {

inline constexpr std::string_view kCatalogFileName = "archive.catalog";
inline constexpr std::int64_t kMaxCatalogCapacity = 2'147'483'647;

class CatalogError : public Error {
    using Error::Error;
};

enum class RecordingState : std::int32_t { invalid = 0, valid = 1, deleted = 2 };

struct CatalogOptions {
    std::string archive_directory;
    std::int64_t capacity = 1024 * 1024;  ///< bytes; of a new file, and the least of an old one
    int file_sync_level = 0;              ///< 0 none, 1 data, 2 data and metadata
    Checksum record_checksum = Checksum::none;
    std::int32_t io_buffer_length = 1024 * 1024;  ///< for scanning segments
};

/// The fixed fields of a recording, without its texts: a cheap copy.
struct RecordingSummary {
    std::int64_t recording_id = -1;
    std::int64_t start_timestamp_ms = 0;
    std::int64_t stop_timestamp_ms = -1;
    std::int64_t start_position = 0;
    std::int64_t stop_position = -1;
    std::int32_t initial_term_id = 0;
    std::int32_t segment_file_length = 0;
    std::int32_t term_buffer_length = 0;
    std::int32_t mtu_length = 0;
    std::int32_t session_id = 0;
    std::int32_t stream_id = 0;

    [[nodiscard]] bool is_live() const noexcept { return stop_position == -1; }
    [[nodiscard]] SegmentGeometry geometry() const noexcept {
        return {start_position, term_buffer_length, segment_file_length, initial_term_id};
    }
};

class Catalog {
  public:
    /// Opens or creates the catalog for an archive: repairs, and recovers stop positions.
    Catalog(CatalogOptions options, platform::Platform platform);
    ~Catalog();  ///< closes
    Catalog(const Catalog&) = delete;
    Catalog& operator=(const Catalog&) = delete;

    /// Syncs and unmaps. Idempotent; nothing else may be called afterwards.
    void close();

    /// What opening found and did that an operator should know; one line each.
    [[nodiscard]] const std::vector<std::string>& open_notes() const noexcept { return notes_; }

    /// Adds a record; the id in `descriptor` is ignored and the new one returned. Where it throws,
    /// there is none.
    std::int64_t add_recording(const RecordingDescriptor& descriptor);

    // Lookups know VALID recordings only.
    [[nodiscard]] bool contains(std::int64_t recording_id) const noexcept;
    [[nodiscard]] std::optional<RecordingSummary> find(std::int64_t recording_id) const;
    [[nodiscard]] std::optional<RecordingDescriptor> describe(std::int64_t recording_id) const;
    [[nodiscard]] std::string_view original_channel(std::int64_t recording_id) const;
    [[nodiscard]] std::string_view stripped_channel(std::int64_t recording_id) const;
    /// The descriptor as stored, from its controlSessionId to the end of its padding: the body of
    /// a RecordingDescriptor message. Empty when unknown; valid until the next change.
    [[nodiscard]] ConstBytes descriptor_bytes(std::int64_t recording_id) const;

    [[nodiscard]] std::size_t size() const noexcept { return index_.size(); }
    /// The smallest known id >= `from`, if any.
    [[nodiscard]] std::optional<std::int64_t> next_id(std::int64_t from) const noexcept;
    /// The largest known id, or -1.
    [[nodiscard]] std::int64_t last_id() const noexcept;
    /// The newest id >= `min_id` with exactly this session and stream whose original channel
    /// contains the fragment; -1 when there is none.
    [[nodiscard]] std::int64_t find_last(std::int64_t min_id, std::int32_t session_id,
                                         std::int32_t stream_id,
                                         std::string_view channel_fragment) const;
    /// The id that the next recording will get.
    [[nodiscard]] std::int64_t next_recording_id() const noexcept { return next_recording_id_; }

    // Changes. Each is durable as the file sync level says when it returns.
    void recording_stopped(std::int64_t recording_id, std::int64_t position,
                           std::int64_t timestamp_ms);
    void set_start_position(std::int64_t recording_id, std::int64_t position);
    void set_stop_position(std::int64_t recording_id, std::int64_t position);
    void extend_recording(std::int64_t recording_id, std::int64_t control_session_id,
                          std::int64_t correlation_id, std::int32_t session_id);
    /// Anything but VALID also forgets the recording; its record stays.
    void set_state(std::int64_t recording_id, RecordingState state);
    /// Rewrites the whole entry but for its id (replication into an empty recording, new channel).
    void replace_recording(const RecordingDescriptor& descriptor);

  private:
    struct IndexEntry {
        std::int64_t recording_id;
        std::int64_t offset;  // of the record, in the file
    };

    void open_file();
    void create_file(std::int64_t capacity);
    void read_header();
    void build_index();
    [[nodiscard]] std::optional<std::int64_t> find_hidden_record(std::int64_t from, std::int64_t to,
                                                                 std::int64_t after_id) const;
    void find_orphans();
    void recover();
    void grow(std::int64_t required);
    void map(std::int64_t least_capacity);
    void save_trailing_bytes();
    void sync();
    [[nodiscard]] std::byte* record(std::int64_t recording_id);
    [[nodiscard]] const std::byte* record(std::int64_t recording_id) const;
    [[nodiscard]] std::optional<std::size_t> index_of(std::int64_t recording_id) const noexcept;
    void update_checksum(std::byte* record);
    void write_record(std::byte* at, const RecordingDescriptor& descriptor, std::int64_t length);
    void rewrite_with_longer_record(const RecordingDescriptor& descriptor, std::int64_t length);

    CatalogOptions options_;
    platform::Platform platform_;
    std::string path_;
    std::unique_ptr<platform::Mapping> mapping_;
    std::vector<IndexEntry> index_;  // ascending by id
    std::vector<std::string> notes_;
    std::int64_t next_recording_id_ = 0;
    std::int64_t end_offset_ = 0;  // where the next record goes
    std::int64_t last_id_in_file_ = -1;
    std::int32_t alignment_ = 0;
    bool trailing_bytes_ = false;  // not zero behind the last record
};

}  // namespace tern::archive
