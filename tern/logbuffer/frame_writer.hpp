#pragma once
// Writing frames into claimed space of a term (TRN-2.7, TRN-2.9): what the concurrent and the
// exclusive appender have in common.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "tern/base/bytes.hpp"
#include "tern/base/prefetch.hpp"
#include "tern/logbuffer/buffer_claim.hpp"
#include "tern/logbuffer/frame.hpp"
#include "tern/logbuffer/log_buffers.hpp"

namespace tern::logbuffer {

/// How far ahead of a frame memory is fetched, and how much for one frame at most, bytes.
inline constexpr std::int32_t kPrefetchAhead = 1'024;
inline constexpr std::int32_t kPrefetchLength = 2'048;

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
        : session_id_(static_cast<std::uint32_t>(log.session_id())),
          stream_id_(static_cast<std::uint32_t>(log.stream_id())),
          max_payload_length_(log.max_payload_length()) {}

    [[nodiscard]] std::int32_t max_payload_length() const noexcept { return max_payload_length_; }
    /// Term space for a message.
    [[nodiscard]] std::int32_t required_length(std::int32_t length) const noexcept {
        return length <= max_payload_length_ ? align_frame(length + kDataHeaderLength)
                                             : framed_length(length, max_payload_length_);
    }

    /// What distinguishes frames of one log.
    struct Kind {
        std::uint16_t type = wire::kDataFrameType;
        std::uint8_t flags = wire::data_flags::kUnfragmented;
    };

    /// Marks the frame as claimed and fills in its header, as whole words: each store into memory
    /// that the cache does not have holds up those after it.
    void begin_frame(std::byte* frame, std::int32_t frame_length, Kind kind,
                     std::int32_t term_offset, std::int32_t term_id) const noexcept {
        prefetch_ahead_of(frame, frame_length);
        const std::uint32_t type_and_flags =
            std::uint32_t{kind.type} << 16 | std::uint32_t{kind.flags} << 8 | wire::kFrameVersion;
        store_release(frame, word(static_cast<std::uint32_t>(-frame_length), type_and_flags));
        store_store_fence();  // nothing else of the frame may be seen before the mark
        store(frame + offsetof(wire::DataHeader, term_offset),
              word(static_cast<std::uint32_t>(term_offset), session_id_));
        store(frame + offsetof(wire::DataHeader, stream_id),
              word(stream_id_, static_cast<std::uint32_t>(term_id)));
    }

    /// Writes a message as one frame or several, each committed on its own. `supplier` is
    /// NoReservedValue or std::int64_t(Bytes frame), called with the whole frame before its commit.
    template <typename Supplier>
    void write_message(std::byte* term, std::int32_t term_offset, std::int32_t term_id,
                       ConstBytes message, const Supplier& supplier) const {
        const auto length = static_cast<std::int32_t>(message.size());
        if (length > max_payload_length_) [[unlikely]] {
            write_message(term, term_offset, term_id, MessageSource(message), length, supplier);
            return;
        }
        std::byte* const frame = term + term_offset;
        begin_frame(frame, length + kDataHeaderLength, {}, term_offset, term_id);
        if (length > 0) std::memcpy(frame + kDataHeaderLength, message.data(), message.size());
        end_frame(frame, length + kDataHeaderLength, supplier);
    }
    /// As above, of pieces or fragments. Kept out of the way of the common case.
    template <typename Supplier>
    [[gnu::noinline]] void write_message(std::byte* term, std::int32_t term_offset,
                                         std::int32_t term_id, MessageSource source,
                                         std::int32_t length, const Supplier& supplier) const {
        std::int32_t remaining = length;
        std::uint8_t flags = wire::data_flags::kBegin;
        do {
            const std::int32_t payload = std::min(remaining, max_payload_length_);
            const std::int32_t frame_length = payload + kDataHeaderLength;
            std::byte* const frame = term + term_offset;
            remaining -= payload;
            if (remaining == 0) flags |= wire::data_flags::kEnd;
            begin_frame(frame, frame_length, {.flags = flags}, term_offset, term_id);
            source.copy_to(frame + kDataHeaderLength, payload);
            end_frame(frame, frame_length, supplier);
            flags = 0;
            term_offset += align_frame(frame_length);
        } while (remaining > 0);
    }

    [[nodiscard]] BufferClaim claim(std::byte* term, std::int32_t term_offset, std::int32_t term_id,
                                    std::int32_t length) const noexcept {
        const std::int32_t frame_length = length + kDataHeaderLength;
        std::byte* const frame = term + term_offset;
        begin_frame(frame, frame_length, {}, term_offset, term_id);
        return BufferClaim(Bytes(frame, static_cast<std::size_t>(frame_length)));
    }

    /// A PAD frame of `frame_length` bytes.
    void write_padding(std::byte* term, std::int32_t term_offset, std::int32_t term_id,
                       std::int32_t frame_length) const noexcept {
        std::byte* const frame = term + term_offset;
        begin_frame(frame, frame_length, {.type = wire::kPadFrameType}, term_offset, term_id);
        commit_frame(frame, frame_length);
    }

  private:
    template <typename Supplier>
    void end_frame(std::byte* frame, std::int32_t frame_length, const Supplier& supplier) const {
        if constexpr (!std::is_same_v<Supplier, NoReservedValue>) {
            header_of(frame).reserved_value =
                supplier(Bytes(frame, static_cast<std::size_t>(frame_length)));
        }
        commit_frame(frame, frame_length);
    }
    [[nodiscard]] static std::uint64_t word(std::uint32_t low, std::uint32_t high) noexcept {
        return std::uint64_t{high} << 32 | low;
    }
    /// Terms come from other cores and from memory: the lines that the next frames will be written
    /// to are on their way while this one is written. May look beyond the term.
    static void prefetch_ahead_of(const std::byte* frame, std::int32_t frame_length) noexcept {
        prefetch_to_write(frame + kPrefetchAhead,
                          static_cast<std::size_t>(std::min(frame_length, kPrefetchLength)));
    }

    std::uint32_t session_id_;
    std::uint32_t stream_id_;
    std::int32_t max_payload_length_;
};

}  // namespace tern::logbuffer
