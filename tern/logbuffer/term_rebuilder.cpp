#include "tern/logbuffer/term_rebuilder.hpp"

#include <algorithm>
#include <cstring>

#include "tern/base/planted_fault.hpp"

namespace tern::logbuffer {

namespace {

/// Copies whole frames into a term in which another thread may be looking at length words. Words
/// of 8 bytes are copied whole on every machine we run on; the thread sanitizer wants to be told.
void copy_frames(std::byte* to, ConstBytes from) noexcept {
#if defined(__SANITIZE_THREAD__)
    for (std::size_t i = 0; i < from.size(); i += 8) {
        std::int64_t word = 0;
        std::memcpy(&word, from.data() + i, std::min<std::size_t>(8, from.size() - i));
        store_relaxed(to + i, word);
    }
#else
    std::memcpy(to, from.data(), from.size());
#endif
}

}  // namespace

std::int32_t insertable_end(ConstBytes datagram, std::int32_t term_length) noexcept {
    if (datagram.size() < static_cast<std::size_t>(kDataHeaderLength) ||
        datagram.size() > static_cast<std::size_t>(term_length) ||
        (datagram.size() % static_cast<std::size_t>(kFrameAlignment) != 0 &&
         !planted(Fault::truncated_datagram_taken))) {
        return kNotInsertable;
    }
    const auto length = static_cast<std::int32_t>(datagram.size());
    const wire::DataHeaderView first(datagram.data());
    if (first.term_offset() < 0 || first.term_offset() > term_length - length ||
        !is_aligned(first.term_offset(), kFrameAlignment)) {
        return kNotInsertable;
    }
    std::int32_t offset = 0;
    while (offset < length) {
        if (length - offset < kDataHeaderLength) return kNotInsertable;
        const wire::DataHeaderView header(datagram.data() + offset);
        const std::int32_t term_offset = first.term_offset() + offset;
        if (!frame_fits(header.frame_length(), term_offset, term_length) ||
            header.term_offset() != term_offset || header.term_id() != first.term_id() ||
            header.session_id() != first.session_id() || header.stream_id() != first.stream_id()) {
            return kNotInsertable;
        }
        if (header.type() == wire::kPadFrameType) {
            const bool is_last = offset + kDataHeaderLength == length;
            return is_last ? term_offset + align_frame(header.frame_length()) : kNotInsertable;
        }
        if (header.type() != wire::kDataFrameType) return kNotInsertable;
        if (header.frame_length() > length - offset) {
            if (!planted(Fault::truncated_datagram_taken)) return kNotInsertable;
            return first.term_offset() + align_frame(length);
        }
        offset += align_frame(header.frame_length());
    }
    return first.term_offset() + offset;
}

bool insert_packet(Bytes term, std::int32_t offset, ConstBytes datagram) noexcept {
    std::byte* const frame = term.data() + offset;
    if (frame_length_at(frame) != 0) return false;
    copy_frames(frame + 8, datagram.subspan(8));
    // The commit word of the first frame, last: readers come to the others only through it.
    store_release(frame, load<std::int64_t>(datagram.data()));
    return true;
}

TermGap find_gap(ConstBytes term, std::int32_t offset, std::int32_t limit_offset) noexcept {
    const auto term_length = static_cast<std::int32_t>(term.size());
    const std::int32_t limit = std::min(limit_offset, term_length);
    while (offset < limit) {
        const std::int32_t frame_length = frame_length_at(term.data() + offset);
        if (frame_length <= 0) break;
        if (!frame_fits(frame_length, offset, term_length)) return {offset};
        offset += align_frame(frame_length);
    }
    if (offset >= limit) return {offset};
    std::int32_t end = offset + kFrameAlignment;
    while (end < limit && frame_length_at(term.data() + end) == 0) end += kFrameAlignment;
    return {offset, end - offset};
}

bool fill_gap(Bytes term, const LogMetadata& metadata, std::int32_t term_id,
              const TermGap& gap) noexcept {
    for (std::int32_t offset = gap.offset + gap.length - kFrameAlignment; offset >= gap.offset;
         offset -= kFrameAlignment) {
        if (frame_length_at(term.data() + offset) != 0) return false;
    }
    std::byte* const frame = term.data() + gap.offset;
    wire::DataHeader header = metadata.default_frame_header;
    header.type = wire::kPadFrameType;
    header.term_offset = gap.offset;
    header.term_id = term_id;
    std::memcpy(frame + 4, reinterpret_cast<const std::byte*>(&header) + 4, sizeof(header) - 4);
    commit_frame(frame, gap.length);
    return true;
}

}  // namespace tern::logbuffer
