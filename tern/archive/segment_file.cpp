#include "tern/archive/segment_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>

#include "tern/base/math.hpp"

namespace tern::archive {
namespace {

std::optional<std::int64_t> parse_whole_number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

}  // namespace

std::int32_t SegmentGeometry::term_id(std::int64_t position) const noexcept {
    const auto shift = std::countr_zero(static_cast<std::uint32_t>(term_length));
    return wrapping_add(initial_term_id, static_cast<std::int32_t>(position >> shift));
}

std::string segment_file_name(std::int64_t recording_id, std::int64_t base_position) {
    return fmt::format("{}-{}{}", recording_id, base_position, kSegmentFileSuffix);
}

std::optional<SegmentFileName> parse_segment_file_name(std::string_view name) {
    SegmentFileName result;
    if (name.ends_with(kDeletedSegmentFileSuffix)) {
        result.deleted = true;
        name.remove_suffix(kDeletedSegmentFileSuffix.size());
    } else if (name.ends_with(kSegmentFileSuffix)) {
        name.remove_suffix(kSegmentFileSuffix.size());
    } else {
        return std::nullopt;
    }
    const auto dash = name.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto id = parse_whole_number(name.substr(0, dash));
    const auto position = parse_whole_number(name.substr(dash + 1));
    if (!id || !position) return std::nullopt;
    result.recording_id = *id;
    result.base_position = *position;
    return result;
}

std::vector<std::int64_t> list_segments(platform::Storage& storage,
                                        const std::string& archive_directory,
                                        std::int64_t recording_id) {
    std::vector<std::int64_t> positions;
    for (const auto& name : storage.list(archive_directory)) {
        const auto parsed = parse_segment_file_name(name);
        if (parsed && !parsed->deleted && parsed->recording_id == recording_id) {
            positions.push_back(parsed->base_position);
        }
    }
    std::ranges::sort(positions);
    return positions;
}

}  // namespace tern::archive
