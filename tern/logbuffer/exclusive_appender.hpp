#pragma once
// Appending to the log of an exclusive publication: one writer, so the state is its own and no
// atomic read-modify-write is needed (TRN-2.8, CLI-10).
//
// All calls take the publication limit, read (acquire) by the caller, and answer with the stream
// position after the message, or a status of append_result.hpp.
//
// Thread safety: one thread. A view; the log outlives it.

#include <cstdint>
#include <span>

#include "tern/base/bytes.hpp"
#include "tern/logbuffer/append_result.hpp"
#include "tern/logbuffer/frame_writer.hpp"
#include "tern/logbuffer/log_buffers.hpp"

namespace tern::logbuffer {

class alignas(kCacheLineLength) ExclusiveAppender {
  public:
    /// Continues where the log's tail is. Throws Error when that can be no place of a frame.
    explicit ExclusiveAppender(const LogBuffers& log);

    [[nodiscard]] std::int32_t max_payload_length() const noexcept {
        return writer_.max_payload_length();
    }
    [[nodiscard]] std::int32_t max_message_length() const noexcept { return max_message_length_; }
    [[nodiscard]] std::int64_t position() const noexcept {
        return term_begin_position_ + term_offset_;
    }
    [[nodiscard]] std::int32_t term_id() const noexcept { return term_id_; }
    [[nodiscard]] std::int32_t term_offset() const noexcept { return term_offset_; }
    /// Space left in the current term.
    [[nodiscard]] std::int32_t available_in_term() const noexcept {
        return log_.term_length() - term_offset_;
    }

    /// Appends a message, in fragments when it is longer than max_payload_length(). Throws Error
    /// when it is longer than max_message_length().
    template <typename Supplier = NoReservedValue>
    [[nodiscard]] std::int64_t append(std::int64_t limit, ConstBytes message,
                                      const Supplier& supplier = {}) {
        if (message.size() > static_cast<std::size_t>(max_message_length_)) [[unlikely]] {
            throw_message_too_long(static_cast<std::int64_t>(message.size()), max_message_length_);
        }
        const auto length = static_cast<std::int32_t>(message.size());
        std::int32_t offset = 0;
        const std::int64_t result =
            take_space(limit, length, writer_.required_length(length), offset);
        if (result > 0) writer_.write_message(term_, offset, term_id_, message, supplier);
        return result;
    }

    /// Appends the parts as one message.
    template <typename Supplier = NoReservedValue>
    [[nodiscard]] std::int64_t append(std::int64_t limit, std::span<const ConstBytes> parts,
                                      const Supplier& supplier = {}) {
        const std::int32_t length = message_length(parts);
        if (length > max_message_length_) [[unlikely]] {
            throw_message_too_long(length, max_message_length_);
        }
        std::int32_t offset = 0;
        const std::int64_t result =
            take_space(limit, length, writer_.required_length(length), offset);
        if (result > 0) {
            writer_.write_message(term_, offset, term_id_, MessageSource(parts), length, supplier);
        }
        return result;
    }

    /// Claims space for `length` bytes to be filled in place; at most max_payload_length(), else
    /// Error. The claim is untouched unless the result is a position.
    [[nodiscard]] std::int64_t claim(std::int64_t limit, std::int32_t length, BufferClaim& claim);

    /// Appends a PAD frame with `length` bytes after its header; at most what the longest message
    /// takes in the term, headers of its fragments included (any padding at the end of a term is
    /// shorter), else Error.
    [[nodiscard]] std::int64_t append_padding(std::int64_t limit, std::int32_t length);

    /// Appends a run of complete frames, as read from a log with the same positions. Throws Error
    /// when it does not fit the term or does not begin exactly here.
    [[nodiscard]] std::int64_t append_block(std::int64_t limit, ConstBytes block);

  private:
    /// Takes space from the tail; a position when there was enough in the term, and then `offset`
    /// is where it begins.
    [[nodiscard]] std::int64_t take_space(std::int64_t limit, std::int32_t length,
                                          std::int32_t required, std::int32_t& offset) noexcept {
        const std::int64_t position = this->position();
        if (position >= limit) {
            return back_pressure_status(log_.metadata(), position, length);
        }
        const std::int32_t result_offset = term_offset_ + required;
        log_.metadata().set_raw_tail(partition_, pack_tail(term_id_, result_offset));
        if (result_offset > log_.term_length()) [[unlikely]]
            return end_term();
        offset = term_offset_;
        term_offset_ = result_offset;
        return term_begin_position_ + result_offset;
    }

    [[nodiscard]] std::int64_t end_term() noexcept;
    void rotate() noexcept;
    void check_block(ConstBytes block) const;

    LogBuffers log_;
    FrameWriter writer_;
    std::byte* term_;
    std::int64_t term_begin_position_;
    std::int32_t term_offset_;
    std::int32_t term_id_;
    std::int32_t partition_;
    std::int32_t max_message_length_;
};

}  // namespace tern::logbuffer
