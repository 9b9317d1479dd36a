#include "tern/logbuffer/term_reader.hpp"

#include <algorithm>
#include <cstddef>

namespace tern::logbuffer {
namespace {

/// Headers that are on their way into the cache while one is looked at.
constexpr std::ptrdiff_t kFramesAhead = 8;

}  // namespace

std::int32_t scan_block(ConstBytes term, std::int32_t offset, std::int32_t limit_offset) noexcept {
    const auto term_length = static_cast<std::int32_t>(term.size());
    const std::int32_t begin = offset;
    const std::int32_t limit = std::min(limit_offset, term_length);
    while (offset < limit) {
        const std::byte* const frame = term.data() + offset;
        const std::int32_t frame_length = frame_length_at(frame);
        if (frame_length <= 0 || !frame_fits(frame_length, offset, term_length)) break;
        const std::int32_t end = offset + align_frame(frame_length);
        if (is_padding(frame)) return begin == offset ? end : offset;
        if (end > limit) break;
        offset = end;
    }
    return offset;
}

Available scan_available(ConstBytes term, std::int32_t offset, std::int32_t max_length) noexcept {
    const auto term_length = static_cast<std::int32_t>(term.size());
    const std::int32_t limit = std::min(max_length, term_length - offset);
    Available available;
    while (available.length < limit) {
        const std::int32_t frame_offset = offset + available.length;
        const std::byte* const frame = term.data() + frame_offset;
        const std::int32_t frame_length = frame_length_at(frame);
        if (frame_length <= 0 || !frame_fits(frame_length, frame_offset, term_length)) break;
        const std::int32_t aligned = align_frame(frame_length);
        // Another core has written these; most frames are as long as the one before.
        __builtin_prefetch(frame + kFramesAhead * aligned);
        const bool padding = is_padding(frame);
        const std::int32_t size = padding ? kDataHeaderLength : aligned;
        if (available.length + size > limit) {
            if (available.length == 0) available.length = -size;
            break;
        }
        available.length += size;
        if (padding) {
            available.padding = aligned - kDataHeaderLength;
            break;
        }
    }
    return available;
}

}  // namespace tern::logbuffer
