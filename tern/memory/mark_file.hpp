#pragma once
// Mark files: what an archive or a cluster component leaves in its directory to say that it is
// alive, where its driver and channels are, and which errors it had (ARC-10, CLF-10).
//
// MarkFile holds what the kinds have in common: acquisition, liveness, error log. It owns the
// mapping. A component acquires its file at start, signals ready when all else of its start has
// succeeded, updates the activity about once a second, and signals termination at its end; the
// destructor does the last for one that was forgotten, so that a failed start can be repeated at
// once. Tools open the file read-only.
//
// Thread safety: one writer; getters from any thread.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tern/base/bytes.hpp"
#include "tern/base/error.hpp"
#include "tern/memory/owner.hpp"
#include "tern/platform/storage.hpp"

namespace tern::memory {

inline constexpr std::uint16_t kMarkTemplateId = 200;
inline constexpr std::uint16_t kMarkSchemaVersion = 2;
inline constexpr std::uint16_t kMarkBlockLength = 128;
inline constexpr std::int32_t kMarkHeaderLength = 8192;  ///< the error log begins there
inline constexpr std::int32_t kMarkDefaultErrorLogLength = 1 << 20;
inline constexpr std::int64_t kMarkLivenessTimeoutMs = 10'000;
inline constexpr std::int64_t kMarkUpdateIntervalMs = 1'000;
inline constexpr std::int64_t kMarkTerminated = -1;       ///< activity timestamp
inline constexpr std::int64_t kMarkStarting = INT64_MAX;  ///< activity timestamp

/// What distinguishes the kinds of mark file.
struct MarkFileFormat {
    std::uint16_t schema_id;
    std::int32_t version;  ///< that a ready component writes; the major part must match
    std::int32_t start_failed_version;
    bool accepts_unready;  ///< whether version 0, of a start that never got ready, may be reused
    std::size_t header_length_offset;
    std::size_t error_log_length_offset;
};

/// How a component acquires its file.
struct MarkFileAcquisition {
    std::string path;
    std::int32_t error_log_length = kMarkDefaultErrorLogLength;
    std::int32_t file_page_size = 4096;
    std::int64_t now_epoch_ms = 0;
    std::int64_t pid = 0;
    /// Acquire even what looks alive: the caller has made sure that nobody holds it.
    bool take_over = false;
    /// Tells whether the process named in the file lives; without, only its age counts.
    const platform::System* system = nullptr;
};

class MarkFile {
  public:
    MarkFile(MarkFile&&) noexcept = default;
    MarkFile& operator=(MarkFile&&) = delete;
    ~MarkFile();

    [[nodiscard]] std::int32_t version() const noexcept;  ///< 0 until ready for the first time
    [[nodiscard]] std::int64_t activity_timestamp_ms() const noexcept;
    [[nodiscard]] std::int64_t start_timestamp_ms() const noexcept;
    [[nodiscard]] std::int64_t pid() const noexcept;
    [[nodiscard]] Bytes error_log() const noexcept { return error_log_; }
    /// As the file says; tools print them. Of a legacy file without message header: those of ours.
    [[nodiscard]] std::uint16_t written_block_length() const noexcept;
    [[nodiscard]] std::uint16_t written_schema_version() const noexcept;
    [[nodiscard]] std::int32_t header_length() const noexcept;
    [[nodiscard]] std::int32_t error_log_length() const noexcept;
    [[nodiscard]] const std::string& path() const noexcept { return mapping_->path(); }

    /// Reader: the component is ready and has shown life within the liveness timeout.
    [[nodiscard]] bool is_active(std::int64_t now_epoch_ms) const noexcept;

    /// Errors of the previous run, as text; empty when there were none. They have been cleared.
    [[nodiscard]] const std::string& previous_errors() const noexcept { return previous_errors_; }

    void signal_ready(std::int64_t now_epoch_ms);
    void update_activity(std::int64_t now_epoch_ms) noexcept;
    /// The end: of a clean run when it was ready, else of a failed start. Twice is harmless.
    void signal_terminated();

  protected:
    MarkFile(std::unique_ptr<platform::Mapping> mapping, const MarkFileFormat& format,
             bool is_owner);

    /// Creates or takes over the file and writes the common fields; the version stays what it was.
    static MarkFile acquire(platform::Storage& storage, const MarkFileFormat& format,
                            const MarkFileAcquisition& acquisition);
    /// Maps an existing file to read it.
    static MarkFile open_read_only(platform::Storage& storage, const MarkFileFormat& format,
                                   const std::string& path);

    template <typename T>
    [[nodiscard]] T field(std::size_t offset) const noexcept {
        return load<T>(at(offset));
    }
    template <typename T>
    void set_field(std::size_t offset, T value) noexcept {
        store(at(offset), value);
    }
    /// Offsets are those of the current layout; a legacy file, without message header, has its
    /// fields 8 bytes earlier.
    [[nodiscard]] std::byte* at(std::size_t offset) const noexcept {
        return mapping_->bytes().data() + offset - legacy_shift_;
    }

    class StringWriter {
      public:
        explicit StringWriter(MarkFile& file);  ///< begins after the fixed block
        void put(std::string_view text);        ///< throws Error when the header is full
      private:
        MarkFile& file_;
        std::size_t offset_;
    };
    class StringReader {
      public:
        explicit StringReader(const MarkFile& file);
        [[nodiscard]] std::string take();  ///< empty where the bytes cannot be a string
      private:
        const MarkFile& file_;
        std::size_t offset_;
    };

  private:
    [[nodiscard]] bool is_abandoned(const MarkFileAcquisition& acquisition) const;
    void take_over_existing(const MarkFileAcquisition& acquisition);
    void write_layout(const MarkFileAcquisition& acquisition);
    [[nodiscard]] Bytes stored_error_log() const noexcept;

    std::unique_ptr<platform::Mapping> mapping_;
    MarkFileFormat format_;
    std::size_t legacy_shift_ = 0;
    Bytes error_log_;
    std::string previous_errors_;
    bool is_owner_;
    bool ready_ = false;
    bool ended_ = false;
};

}  // namespace tern::memory
