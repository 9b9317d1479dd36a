#include "tern/logbuffer/exclusive_appender.hpp"

#include <fmt/format.h>

#include <cstring>

#include "tern/base/error.hpp"

namespace tern::logbuffer {

ExclusiveAppender::ExclusiveAppender(const LogBuffers& log)
    : log_(log),
      writer_(log),
      max_message_length_(logbuffer::max_message_length(log.term_length())) {
    const std::int32_t count = log.metadata().active_term_count();
    partition_ = partition_index(count);
    const std::int64_t raw = log.metadata().raw_tail(partition_);
    term_id_ = tail_term_id(raw);
    term_offset_ = tail_term_offset(raw, log.term_length());
    term_begin_position_ = compute_position(term_id_, 0, log.shift(), log.initial_term_id());
    if (count < 0 || count != term_count(term_id_, log.initial_term_id()) ||
        !is_aligned(term_offset_, kFrameAlignment)) {
        throw Error(
            fmt::format("log buffer's tail is in no term: termCount={} termId={} "
                        "initialTermId={} termOffset={}",
                        count, term_id_, log.initial_term_id(), term_offset_));
    }
    term_ = log.term(partition_).data();
}

std::int64_t ExclusiveAppender::claim(std::int64_t limit, std::int32_t length, BufferClaim& claim) {
    if (length < 0 || length > writer_.max_payload_length()) {
        throw_message_too_long(length, writer_.max_payload_length());
    }
    std::int32_t offset = 0;
    const std::int64_t result =
        take_space(limit, length, align_frame(length + kDataHeaderLength), offset);
    if (result > 0) claim = writer_.claim(term_, offset, term_id_, length);
    return result;
}

std::int64_t ExclusiveAppender::append_padding(std::int64_t limit, std::int32_t length) {
    const std::int32_t max_length = writer_.required_length(max_message_length_);
    if (length < 0 || length > max_length) throw_message_too_long(length, max_length);
    const std::int32_t frame_length = length + kDataHeaderLength;
    std::int32_t offset = 0;
    const std::int64_t result = take_space(limit, length, align_frame(frame_length), offset);
    if (result > 0) writer_.write_padding(term_, offset, term_id_, frame_length);
    return result;
}

std::int64_t ExclusiveAppender::append_block(std::int64_t limit, ConstBytes block) {
    if (term_offset_ >= log_.term_length()) {
        const std::int64_t next_position = term_begin_position_ + log_.term_length();
        if (next_position >= max_possible_position(log_.term_length())) {
            return kMaxPositionExceeded;
        }
        rotate();
    }
    if (position() >= limit) {
        const auto length =
            static_cast<std::int32_t>(std::min<std::size_t>(block.size(), INT32_MAX));
        return back_pressure_status(log_.metadata(), position(), length);
    }
    check_block(block);
    const auto length = static_cast<std::int32_t>(block.size());
    std::byte* const frame = term_ + term_offset_;
    log_.metadata().set_raw_tail(partition_, pack_tail(term_id_, term_offset_ + length));

    // The first 8 bytes last: they hold the commit word of the first frame, and until it is there
    // no reader looks at what follows.
    std::memcpy(frame + 8, block.data() + 8, block.size() - 8);
    store_release(frame, load<std::int64_t>(block.data()));
    term_offset_ += length;
    return position();
}

void ExclusiveAppender::check_block(ConstBytes block) const {
    const auto length = static_cast<std::int64_t>(block.size());
    if (length > available_in_term()) {
        throw Error(fmt::format("invalid block length {}, remaining space in term is {}", length,
                                available_in_term()));
    }
    if (length < kDataHeaderLength || !is_aligned<std::int64_t>(length, kFrameAlignment)) {
        throw Error(fmt::format("invalid block length {}, not whole frames", length));
    }
    const auto header = load<wire::DataHeader>(block.data());
    if (header.term_offset != term_offset_ || header.session_id != log_.session_id() ||
        header.stream_id != log_.stream_id() || header.term_id != term_id_ ||
        header.type != wire::kDataFrameType) {
        throw Error(fmt::format(
            "improperly formatted block: termOffset={} (expected={}), sessionId={} (expected={}), "
            "streamId={} (expected={}), termId={} (expected={}), frameType={} (expected={})",
            header.term_offset, term_offset_, header.session_id, log_.session_id(),
            header.stream_id, log_.stream_id(), header.term_id, term_id_, header.type,
            wire::kDataFrameType));
    }
}

std::int64_t ExclusiveAppender::end_term() noexcept {
    const std::int32_t term_length = log_.term_length();
    if (term_offset_ < term_length) {
        writer_.write_padding(term_, term_offset_, term_id_, term_length - term_offset_);
        // In the last term we stay here: a shorter message must not overwrite this padding, which
        // readers may have passed.
        term_offset_ = term_length;
    }
    if (term_begin_position_ + term_length >= max_possible_position(term_length)) {
        return kMaxPositionExceeded;
    }
    rotate();
    return kAdminAction;
}

void ExclusiveAppender::rotate() noexcept {
    LogMetadata& metadata = log_.metadata();
    partition_ = (partition_ + 1) % kPartitionCount;
    term_ = log_.term(partition_).data();
    term_id_ = wrapping_add(term_id_, 1);
    term_begin_position_ += log_.term_length();
    term_offset_ = 0;
    metadata.set_raw_tail(partition_, pack_tail(term_id_, 0));
    metadata.set_active_term_count(term_count(term_id_, log_.initial_term_id()));
}

}  // namespace tern::logbuffer
