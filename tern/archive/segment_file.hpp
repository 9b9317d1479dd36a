#pragma once
// Segment files: names and position arithmetic (ARC-9.1 of chapter 40, ARC-8.10 of chapter 41).
//
// A recording's bytes lie in files `<recording id>-<base position>.rec` of equal length. Segments
// are anchored at the term that holds the start position, not at multiples of their length.
// Thread safety: pure functions; those that take a Storage only read the directory.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tern/platform/storage.hpp"

namespace tern::archive {

inline constexpr std::string_view kSegmentFileSuffix = ".rec";
/// Left behind by archives of old that renamed before they deleted.
inline constexpr std::string_view kDeletedSegmentFileSuffix = ".rec.del";

inline constexpr std::int64_t kMinSegmentFileLength = 64 * 1024;
inline constexpr std::int64_t kMaxSegmentFileLength = 1024 * 1024 * 1024;

/// The geometry of a recording that positions are computed from. Lengths are powers of two.
struct SegmentGeometry {
    std::int64_t start_position = 0;
    std::int32_t term_length = 0;
    std::int32_t segment_length = 0;
    std::int32_t initial_term_id = 0;

    /// Position of the first byte of the term that holds the start position.
    [[nodiscard]] std::int64_t start_term_base() const noexcept {
        return start_position - (start_position & (term_length - 1));
    }
    /// Position of the first byte of the segment that holds `position` (>= the start term base).
    [[nodiscard]] std::int64_t segment_base(std::int64_t position) const noexcept {
        const std::int64_t base = start_term_base();
        return base + ((position - base) & ~(std::int64_t{segment_length} - 1));
    }
    [[nodiscard]] std::int32_t segment_offset(std::int64_t position) const noexcept {
        return static_cast<std::int32_t>(position - segment_base(position));
    }
    [[nodiscard]] std::int32_t term_offset(std::int64_t position) const noexcept {
        return static_cast<std::int32_t>(position & (term_length - 1));
    }
    /// Wraps at 32 bits, as term ids do.
    [[nodiscard]] std::int32_t term_id(std::int64_t position) const noexcept;
};

[[nodiscard]] std::string segment_file_name(std::int64_t recording_id, std::int64_t base_position);

struct SegmentFileName {
    std::int64_t recording_id = 0;
    std::int64_t base_position = 0;
    bool deleted = false;  ///< carries the .del suffix
};

/// nullopt for names that are not those of segment files.
[[nodiscard]] std::optional<SegmentFileName> parse_segment_file_name(std::string_view name);

/// Base positions of the segment files of one recording, ascending (without .del ones).
[[nodiscard]] std::vector<std::int64_t> list_segments(platform::Storage& storage,
                                                      const std::string& archive_directory,
                                                      std::int64_t recording_id);

}  // namespace tern::archive
