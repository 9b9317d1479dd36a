#pragma once
// Reading committed frames of a term (TRN-2.12): the loop under every poll.
//
// Thread safety: any number of readers per term.

#include <cstdint>

#include "tern/base/bytes.hpp"
#include "tern/logbuffer/frame.hpp"

namespace tern::logbuffer {

/// How a pass over a term ended. `malformed`: a frame length that cannot be; the offset stands at
/// that frame, and nothing behind it can be read.
struct TermRead {
    std::int32_t frames = 0;  ///< handed to the handler
    bool malformed = false;
};

/// What a handler of read_term tells about the frame it was given.
enum class ReadStep : std::uint8_t {
    next,   ///< consumed, go on
    stop,   ///< consumed, stop
    retry,  ///< not consumed, stop; the offset stays at this frame
};

/// Calls handler(const Frame&) -> ReadStep for up to `frame_limit` data frames from `offset`,
/// skipping padding, to at most `end_offset`. `offset` moves past each frame before the handler is
/// called for it, so it is right even when the handler throws.
template <typename Handler>
TermRead read_term(ConstBytes term, std::int32_t& offset, std::int32_t frame_limit,
                   std::int32_t end_offset, Handler&& handler) {
    const auto term_length = static_cast<std::int32_t>(term.size());
    TermRead result;
    while (result.frames < frame_limit && offset < end_offset) {
        const std::byte* const frame = term.data() + offset;
        const std::int32_t frame_length = frame_length_at(frame);
        if (frame_length <= 0) break;
        if (!frame_fits(frame_length, offset, term_length)) [[unlikely]] {
            result.malformed = true;
            break;
        }
        const std::int32_t frame_offset = offset;
        offset += align_frame(frame_length);
        if (is_padding(frame)) continue;
        const ReadStep step = handler(Frame(frame, frame_length));
        if (step == ReadStep::retry) {
            offset = frame_offset;
            break;
        }
        ++result.frames;
        if (step == ReadStep::stop) break;
    }
    return result;
}

/// End of the block of whole committed frames from `offset` to at most `limit_offset`, for bulk
/// reads. A PAD frame ends the block before it, unless it is the first; then it is the block.
/// Returns `offset` when there is nothing to read.
[[nodiscard]] std::int32_t scan_block(ConstBytes term, std::int32_t offset,
                                      std::int32_t limit_offset) noexcept;

/// What a sender may transmit.
struct Available {
    std::int32_t length = 0;   ///< bytes to send; negative: the first frame needs that much window
    std::int32_t padding = 0;  ///< bytes that the position advances beyond them
};

/// Whole committed frames from `offset` that fit `max_length` bytes (TRN-2.12). Of a PAD frame only
/// the header is sent; it ends the run.
[[nodiscard]] Available scan_available(ConstBytes term, std::int32_t offset,
                                       std::int32_t max_length) noexcept;

}  // namespace tern::logbuffer
