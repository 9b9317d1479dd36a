#pragma once
// recording.log: the rows of leadership terms and snapshots of one member, on disk and in order.
//
// The file is a sequence of 64-byte slots (CLF-9.1) without a header; rows are appended, and
// single fields are overwritten in place. In memory the rows are sorted (CLF-9.4): by term, base,
// kind, then log position and service id descending, so that a snapshot set reads from its highest
// service down to the consensus module's own row (service id -1).
//
// Robustness over upstream (CLF-9.3): a trailing incomplete slot, and trailing slots of zeros (a
// power loss while they were appended), are dropped and cut off before the next append; slots of
// zeros before other rows are ignored; both are told in notices(). A snapshot set is chosen by
// term, position and service id, not by distance, so a set written twice around a crash is planned
// rightly (CLF-9.10).
//
// Errors: tern::Error with upstream's texts; StorageError from the file.
// Thread safety: none; one owner. Writes go to the file at once and are forced to the disk by
// force(), or where a method says so, according to the sync level (0 never, 1 data, 2 metadata).

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tern/cluster/cluster_types.hpp"
#include "tern/platform/storage.hpp"

namespace tern::cluster {

inline constexpr std::string_view kRecordingLogFileName = "recording.log";

struct RecordingLogEntry {
    /// Kinds of rows; a number outside is kept and ignored.
    enum class Type : std::int32_t { term = 0, snapshot = 1, standby_snapshot = 2 };

    std::int64_t recording_id = -1;
    std::int64_t leadership_term_id = -1;
    std::int64_t term_base_log_position = 0;
    std::int64_t log_position = kNullPosition;  ///< end of the term, -1 while open; of the snapshot
    std::int64_t timestamp = 0;                 ///< cluster time
    std::int32_t service_id = kConsensusModuleServiceId;
    Type type = Type::term;
    bool is_valid = true;
    std::int32_t entry_index = -1;  ///< physical: counts removed rows too
    std::int64_t file_offset = 0;
    std::string archive_endpoint = {};  ///< standby snapshots only

    [[nodiscard]] bool is_valid_term() const { return is_valid && type == Type::term; }
    [[nodiscard]] bool is_valid_snapshot() const { return is_valid && type == Type::snapshot; }
};

/// As upstream's tool prints a row: "Entry{recordingId=..., type=TERM, ...}".
[[nodiscard]] std::string to_string(const RecordingLogEntry& entry);

class RecordingLog {
  public:
    static constexpr std::int64_t kSlotLength = 64;
    static constexpr std::int64_t kMaxEntryLength = 4096;
    static constexpr std::int64_t kMaxEndpointLength = 4044;

    enum class Open : std::uint8_t { create_or_read_write, read_only };

    /// Opens `directory`/recording.log. Throws when it is there but cannot be understood.
    RecordingLog(platform::Storage& storage, const std::string& directory, Open mode,
                 std::int32_t file_sync_level);

    /// All rows, sorted, invalid ones included.
    [[nodiscard]] std::span<const RecordingLogEntry> entries() const noexcept { return entries_; }
    /// What was repaired or ignored when the file was read.
    [[nodiscard]] std::span<const std::string> notices() const noexcept { return notices_; }

    // Queries. Pointers are valid until the next change.
    [[nodiscard]] const RecordingLogEntry* find_last_term() const;
    /// The valid TERM row of exactly this term.
    [[nodiscard]] const RecordingLogEntry* find_term(std::int64_t leadership_term_id) const;
    /// The newest complete snapshot set: index 0 is the consensus module's row, index s + 1 service
    /// s's. Empty when there is none.
    [[nodiscard]] std::vector<RecordingLogEntry> latest_snapshots(std::int32_t service_count) const;

    // Changes.
    void append_term(std::int64_t recording_id, std::int64_t leadership_term_id,
                     std::int64_t term_base_log_position, std::int64_t timestamp);
    /// Overwrites in place a row of the same kind, term, base, position and service, if there is
    /// one; else appends.
    void append_snapshot(std::int64_t recording_id, std::int64_t leadership_term_id,
                         std::int64_t term_base_log_position, std::int64_t log_position,
                         std::int64_t timestamp, std::int32_t service_id);
    void append_standby_snapshot(std::int64_t recording_id, std::int64_t leadership_term_id,
                                 std::int64_t term_base_log_position, std::int64_t log_position,
                                 std::int64_t timestamp, std::int32_t service_id,
                                 std::string_view archive_endpoint);
    /// Sets the end of a term; throws "unknown leadershipTermId=N".
    void commit_log_position(std::int64_t leadership_term_id, std::int64_t log_position);
    /// Marks the newest snapshot set (or sets, at the same position) invalid; false: there is none.
    bool invalidate_latest_snapshot();

    /// Makes the terms up to `leadership_term_id` contiguous (CON-6.18) and forces the file.
    /// `term_base_log_position` of the term; `log_position` its end or -1. No-op for
    /// recording_id -1 and for negative terms.
    void ensure_coherent(std::int64_t recording_id, std::int64_t initial_leadership_term_id,
                         std::int64_t initial_term_base_log_position,
                         std::int64_t leadership_term_id, std::int64_t term_base_log_position,
                         std::int64_t log_position, std::int64_t timestamp);

    void force();  ///< to the disk, as the sync level says
    void close();  ///< harmless when repeated

  private:
    void load();
    void add_loaded(ConstBytes slot, std::int64_t offset, std::int32_t entry_index);
    void check_term_recording_id(std::int64_t recording_id);
    RecordingLogEntry& insert(RecordingLogEntry entry);
    void write_new(RecordingLogEntry entry);
    void write_entry(const RecordingLogEntry& entry);
    void write_field(std::int64_t offset, ConstBytes field);
    [[nodiscard]] RecordingLogEntry* find_same(const RecordingLogEntry& like);
    void append_or_overwrite(RecordingLogEntry entry);
    void set_log_position(RecordingLogEntry& entry, std::int64_t log_position);
    [[nodiscard]] RecordingLogEntry* mutable_term(std::int64_t leadership_term_id);
    void invalidate(RecordingLogEntry& entry);

    std::unique_ptr<platform::File> file_;
    std::int32_t file_sync_level_;
    std::int64_t next_offset_ = 0;  // where the next row goes
    std::int32_t next_entry_index_ = 0;
    std::int64_t term_recording_id_ = -1;
    std::vector<RecordingLogEntry> entries_;
    std::vector<std::string> notices_;
};

/// As upstream's tool prints the whole: "RecordingLog{entries=[...], cacheIndex={...}}".
[[nodiscard]] std::string to_string(const RecordingLog& log);

/// What recovery starts from (CON-2.4, CLF-9.10).
struct RecoveryPlan {
    struct Log {
        std::int64_t recording_id = -1;
        std::int64_t leadership_term_id = -1;
        std::int64_t term_base_log_position = 0;
        std::int64_t log_position = kNullPosition;
        std::int64_t start_position = 0;  ///< of the replay: the snapshot's, else the recording's
        std::int64_t stop_position = kNullPosition;
        std::int32_t initial_term_id = 0;
        std::int32_t term_buffer_length = 0;
        std::int32_t mtu_length = 0;
        std::int32_t session_id = 0;
    };
    std::int64_t last_leadership_term_id = -1;
    std::int64_t last_term_base_log_position = 0;
    std::int64_t appended_log_position = 0;
    std::int64_t committed_log_position = 0;
    std::vector<RecordingLogEntry> snapshots;  ///< [0] the module's, [s + 1] service s's
    std::optional<Log> log = {};
};

/// What the archive says of the log recording.
struct LogRecordingExtent {
    std::int64_t recording_id = -1;
    std::int64_t start_position = 0;
    std::int64_t stop_position = kNullPosition;
    std::int32_t initial_term_id = 0;
    std::int32_t term_buffer_length = 0;
    std::int32_t mtu_length = 0;
    std::int32_t session_id = 0;
};

/// `extent` describes the recording of the last term row; empty when there is no term row.
[[nodiscard]] RecoveryPlan make_recovery_plan(const RecordingLog& recording_log,
                                              std::int32_t service_count,
                                              const std::optional<LogRecordingExtent>& extent);

/// As upstream's tool prints it: "RecoveryPlan[lastLeadershipTermId=..., log=Log[...]]".
[[nodiscard]] std::string to_string(const RecoveryPlan& plan);

}  // namespace tern::cluster
