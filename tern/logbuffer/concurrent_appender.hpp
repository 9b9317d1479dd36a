#pragma once
// Appending to the log of a concurrent publication: any number of threads and processes append to
// one log at once, without a lock (TRN-2.7, CLI-9).
//
// All calls take the publication limit, which the caller must have read (acquire) before the call,
// and answer with the stream position after the message, or a status of append_result.hpp.
//
// Thread safety: any thread; immutable. A view; the log outlives it.

#include <cstdint>
#include <span>

#include "tern/base/bytes.hpp"
#include "tern/logbuffer/append_result.hpp"
#include "tern/logbuffer/frame_writer.hpp"
#include "tern/logbuffer/log_buffers.hpp"

namespace tern::logbuffer {

class ConcurrentAppender {
  public:
    explicit ConcurrentAppender(const LogBuffers& log) noexcept
        : log_(log),
          writer_(log),
          initial_term_id_(log.initial_term_id()),
          max_message_length_(logbuffer::max_message_length(log.term_length())),
          max_possible_position_(logbuffer::max_possible_position(log.term_length())) {}

    [[nodiscard]] std::int32_t max_payload_length() const noexcept {
        return writer_.max_payload_length();
    }
    [[nodiscard]] std::int32_t max_message_length() const noexcept { return max_message_length_; }

    /// Appends a message, in fragments when it is longer than max_payload_length(). Throws Error
    /// when it is longer than max_message_length().
    template <typename Supplier = NoReservedValue>
    [[nodiscard]] std::int64_t append(std::int64_t limit, ConstBytes message,
                                      const Supplier& supplier = {}) const {
        if (message.size() > static_cast<std::size_t>(max_message_length_)) [[unlikely]] {
            throw_message_too_long(static_cast<std::int64_t>(message.size()), max_message_length_);
        }
        Space space;
        const std::int64_t result =
            claim_space(limit, static_cast<std::int32_t>(message.size()), space);
        if (result > 0) {
            writer_.write_message(space.term, space.offset, space.term_id, message, supplier);
        }
        return result;
    }

    /// Appends the parts as one message.
    template <typename Supplier = NoReservedValue>
    [[nodiscard]] std::int64_t append(std::int64_t limit, std::span<const ConstBytes> parts,
                                      const Supplier& supplier = {}) const {
        const std::int32_t length = message_length(parts);
        if (length > max_message_length_) [[unlikely]] {
            throw_message_too_long(length, max_message_length_);
        }
        Space space;
        const std::int64_t result = claim_space(limit, length, space);
        if (result > 0) {
            writer_.write_message(space.term, space.offset, space.term_id, MessageSource(parts),
                                  length, supplier);
        }
        return result;
    }

    /// Claims space for `length` bytes to be filled in place; at most max_payload_length(), else
    /// Error. The claim is untouched unless the result is a position.
    [[nodiscard]] std::int64_t claim(std::int64_t limit, std::int32_t length,
                                     BufferClaim& claim) const {
        if (length < 0 || length > writer_.max_payload_length()) [[unlikely]] {
            throw_message_too_long(length, writer_.max_payload_length());
        }
        Space space;
        const std::int64_t result = claim_space(limit, length, space);
        if (result > 0) claim = writer_.claim(space.term, space.offset, space.term_id, length);
        return result;
    }

  private:
    struct Space {
        std::byte* term;
        std::int32_t offset;
        std::int32_t term_id;
    };

    /// Takes the space for a message from the tail; a position when it is the caller's.
    [[nodiscard]] std::int64_t claim_space(std::int64_t limit, std::int32_t length,
                                           Space& space) const noexcept {
        LogMetadata& metadata = log_.metadata();
        const std::int32_t count = metadata.active_term_count();
        const std::int32_t partition = partition_index(count);
        const std::int64_t seen = metadata.raw_tail(partition);
        if (count != term_count(tail_term_id(seen), initial_term_id_)) return kAdminAction;

        const std::int64_t position = position_of(seen);
        if (position >= limit) return back_pressure_status(metadata, position, length);
        // At the very end nothing may be added to the tail any more: the term is never rotated,
        // and in the end a retrying publisher would carry into the term id.
        if (position >= max_possible_position_) return kMaxPositionExceeded;

        const std::int32_t required = writer_.required_length(length);
        const std::int64_t raw = metadata.claim_tail(partition, required);
        const std::int32_t term_id = tail_term_id(raw);
        const std::int32_t offset = tail_term_offset(raw, log_.term_length());
        if (offset + required > log_.term_length()) [[unlikely]] {
            return end_term(partition, term_id, offset, required);
        }
        space = {log_.term(partition).data(), offset, term_id};
        return compute_position(term_id, offset + required, log_.shift(), initial_term_id_);
    }

    [[nodiscard]] std::int64_t position_of(std::int64_t raw_tail) const noexcept {
        return compute_position(tail_term_id(raw_tail),
                                tail_term_offset(raw_tail, log_.term_length()), log_.shift(),
                                initial_term_id_);
    }

    [[nodiscard]] std::int64_t end_term(std::int32_t partition, std::int32_t term_id,
                                        std::int32_t offset, std::int32_t required) const noexcept;

    LogBuffers log_;
    FrameWriter writer_;
    std::int32_t initial_term_id_;
    std::int32_t max_message_length_;
    std::int64_t max_possible_position_;
};

}  // namespace tern::logbuffer
