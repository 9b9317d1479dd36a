#include "tern/logbuffer/log_unblocker.hpp"

#include <algorithm>
#include <cstring>

#include "tern/base/planted_fault.hpp"
#include "tern/logbuffer/frame.hpp"

namespace tern::logbuffer {

namespace {

/// Makes [offset, offset + length), in which no publisher is alive, a committed PAD frame.
void make_padding(Bytes term, const LogMetadata& metadata, std::int32_t offset, std::int32_t length,
                  std::int32_t term_id) noexcept {
    std::byte* const frame = term.data() + offset;
    wire::DataHeader header = metadata.default_frame_header;
    header.type = wire::kPadFrameType;
    header.term_offset = offset;
    header.term_id = term_id;
    std::memcpy(frame + 4, reinterpret_cast<const std::byte*>(&header) + 4, sizeof(header) - 4);
    commit_frame(frame, length);
}

/// Whether all length words in [begin, end) are zero, looked at from the end: a publisher that is
/// alive after all writes from the front.
bool is_clean_backwards(ConstBytes term, std::int32_t begin, std::int32_t end) noexcept {
    for (std::int32_t offset = end - kFrameAlignment; offset >= begin; offset -= kFrameAlignment) {
        if (frame_length_at(term.data() + offset) != 0) return false;
    }
    return true;
}

}  // namespace

UnblockResult unblock_term(Bytes term, const LogMetadata& metadata, std::int32_t blocked_offset,
                           std::int32_t tail_offset, std::int32_t term_id) noexcept {
    const auto term_length = static_cast<std::int32_t>(term.size());
    if (blocked_offset < 0 || blocked_offset >= term_length) return UnblockResult::no_action;
    const std::int32_t frame_length = frame_length_at(term.data() + blocked_offset);
    if (frame_length > 0) return UnblockResult::no_action;
    if (frame_length < 0) {
        // Claimed with a known length, which has to be one that can be.
        if (frame_length < blocked_offset - term_length || frame_length > -kDataHeaderLength) {
            return UnblockResult::no_action;
        }
        make_padding(term, metadata, blocked_offset, -frame_length, term_id);
        return UnblockResult::unblocked;
    }
    const std::int32_t limit = std::min(tail_offset, term_length);
    std::int32_t next = blocked_offset + kFrameAlignment;
    while (next < limit && frame_length_at(term.data() + next) == 0) next += kFrameAlignment;
    if (next < limit) {
        if (!is_clean_backwards(term, blocked_offset, next)) return UnblockResult::no_action;
        make_padding(term, metadata, blocked_offset, next - blocked_offset, term_id);
        return UnblockResult::unblocked;
    }
    if (limit == term_length && frame_length_at(term.data() + blocked_offset) == 0) {
        make_padding(term, metadata, blocked_offset, term_length - blocked_offset, term_id);
        return UnblockResult::unblocked_to_end;
    }
    return UnblockResult::no_action;
}

bool unblock_log(const LogBuffers& log, std::int64_t blocked_position) noexcept {
    if (planted(Fault::abandoned_claim_never_unblocked)) return false;
    LogMetadata& metadata = log.metadata();
    const auto count = static_cast<std::int32_t>(blocked_position >> log.shift());
    const std::int32_t partition = partition_index(count);
    const std::int32_t blocked_offset = term_offset_of(blocked_position, log.term_length());
    const std::int32_t active_count = metadata.active_term_count();
    if (blocked_offset == 0 && active_count == count - 1) {
        // The publisher died between ending the term and rotating the log.
        const std::int64_t active_raw = metadata.raw_tail(partition_index(active_count));
        return rotate_log(metadata, active_count, tail_term_id(active_raw));
    }
    const std::int64_t raw = metadata.raw_tail(partition);
    const std::int32_t term_id = tail_term_id(raw);
    if (term_count(term_id, log.initial_term_id()) != count) return false;
    const UnblockResult result = unblock_term(log.term(partition), metadata, blocked_offset,
                                              tail_term_offset(raw, log.term_length()), term_id);
    if (result == UnblockResult::unblocked_to_end) rotate_log(metadata, count, term_id);
    return result != UnblockResult::no_action;
}

}  // namespace tern::logbuffer
