#pragma once
// Writing frames into claimed space of a term (TRN-2.7, TRN-2.9): what the concurrent and the
// exclusive appender have in common.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

#include "tern/base/bytes.hpp"
#include "tern/logbuffer/buffer_claim.hpp"
#include "tern/logbuffer/frame.hpp"
#include "tern/logbuffer/log_buffers.hpp"

namespace tern::logbuffer {

/// Gives no frame a reserved value: it stays 0.
struct NoReservedValue {};

/// A message in one piece or in several, taken piece by piece as frames have room.
class MessageSource {
  public:
    explicit MessageSource(ConstBytes message) noexcept : current_(message) {}
    explicit MessageSource(std::span<const ConstBytes> parts) noexcept
        : current_(parts.empty() ? ConstBytes{} : parts.front()),
          rest_(parts.empty() ? parts : parts.subspan(1)) {}

    void copy_to(std::byte* to, std::int32_t length) noexcept {
        auto wanted = static_cast<std::size_t>(length);
        while (wanted > 0) {
            while (current_.empty()) {
                current_ = rest_.front();
                rest_ = rest_.subspan(1);
            }
            const std::size_t piece = std::min(wanted, current_.size());
            std::memcpy(to, current_.data(), piece);
            to += piece;
            wanted -= piece;
            current_ = current_.subspan(piece);
        }
    }

  private:
    ConstBytes current_;
    std::span<const ConstBytes> rest_;
};

/// Total length of the parts. Throws Error when it exceeds an i32.
[[nodiscard]] std::int32_t message_length(std::span<const ConstBytes> parts);

[[noreturn]] void throw_message_too_long(std::int64_t length, std::int32_t max_length);

class FrameWriter {
  public:
    /// The fields that all frames of the log share; a copy, so that the log's metadata is not
    /// read for each message.
    explicit FrameWriter(const LogBuffers& log) noexcept
        : session_id_(log.session_id()),
          stream_id_(log.stream_id()),
          max_payload_length_(log.max_payload_length()) {}

    [[nodiscard]] std::int32_t max_payload_length() const noexcept { return max_payload_length_; }
    /// Term space for a message.
    [[nodiscard]] std::int32_t required_length(std::int32_t length) const noexcept {
        return length <= max_payload_length_ ? align_frame(length + kDataHeaderLength)
                                             : framed_length(length, max_payload_length_);
    }

    /// Marks the frame as claimed and fills in its header: DATA, unfragmented.
    void write_header(std::byte* frame, std::int32_t frame_length, std::int32_t term_offset,
                      std::int32_t term_id) const noexcept {
        store_release(frame, -frame_length);
        store_store_fence();  // nothing else of the frame may be seen before the mark
        wire::DataHeader& header = header_of(frame);
        header.version = wire::kFrameVersion;
        header.flags = wire::data_flags::kUnfragmented;
        header.type = wire::kDataFrameType;
        header.term_offset = term_offset;
        header.session_id = session_id_;
        header.stream_id = stream_id_;
        header.term_id = term_id;
    }

    /// Writes a message as one frame or several, each committed on its own. `supplier` is
    /// NoReservedValue or std::int64_t(Bytes frame), called with the whole frame before its commit.
    template <typename Supplier>
    void write_message(std::byte* term, std::int32_t term_offset, std::int32_t term_id,
                       MessageSource source, std::int32_t length, const Supplier& supplier) const {
        std::int32_t remaining = length;
        std::uint8_t flags = wire::data_flags::kBegin;
        do {
            const std::int32_t payload = std::min(remaining, max_payload_length_);
            const std::int32_t frame_length = payload + kDataHeaderLength;
            std::byte* const frame = term + term_offset;
            write_header(frame, frame_length, term_offset, term_id);
            source.copy_to(frame + kDataHeaderLength, payload);
            remaining -= payload;
            if (remaining == 0) flags |= wire::data_flags::kEnd;
            header_of(frame).flags = flags;
            flags = 0;
            if constexpr (!std::is_same_v<Supplier, NoReservedValue>) {
                header_of(frame).reserved_value =
                    supplier(Bytes(frame, static_cast<std::size_t>(frame_length)));
            }
            commit_frame(frame, frame_length);
            term_offset += align_frame(frame_length);
        } while (remaining > 0);
    }

    [[nodiscard]] BufferClaim claim(std::byte* term, std::int32_t term_offset, std::int32_t term_id,
                                    std::int32_t length) const noexcept {
        const std::int32_t frame_length = length + kDataHeaderLength;
        write_header(term + term_offset, frame_length, term_offset, term_id);
        return BufferClaim(Bytes(term + term_offset, static_cast<std::size_t>(frame_length)));
    }

    /// A PAD frame of `frame_length` bytes.
    void write_padding(std::byte* term, std::int32_t term_offset, std::int32_t term_id,
                       std::int32_t frame_length) const noexcept {
        std::byte* const frame = term + term_offset;
        write_header(frame, frame_length, term_offset, term_id);
        header_of(frame).type = wire::kPadFrameType;
        commit_frame(frame, frame_length);
    }

  private:
    std::int32_t session_id_;
    std::int32_t stream_id_;
    std::int32_t max_payload_length_;
};

}  // namespace tern::logbuffer
