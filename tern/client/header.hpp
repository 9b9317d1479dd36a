#pragma once
// What a handler is told about a fragment or an assembled message besides its bytes (CLI-14).
//
// A view of the frame's header, valid during the call that it is passed to. For an assembled
// message the fields are those of the first fragment, except flags, frame_length and position.

#include <cstddef>
#include <cstdint>

#include "tern/base/bytes.hpp"
#include "tern/logbuffer/position.hpp"
#include "tern/wire/data_header.hpp"

namespace tern::client {

class Image;

class Header {
  public:
    /// `frame`: the first byte of a data header; `image` is told by context().
    Header(const std::byte* frame, std::int32_t initial_term_id, int position_shift,
           const Image* image) noexcept
        : frame_(frame),
          image_(image),
          initial_term_id_(initial_term_id),
          position_shift_(position_shift) {}

    /// With the header, not aligned. Of an assembled message: 32 + all payload.
    [[nodiscard]] std::int32_t frame_length() const noexcept {
        return field<std::int32_t>(offsetof(wire::DataHeader, frame_length));
    }
    [[nodiscard]] std::uint8_t flags() const noexcept {
        return field<std::uint8_t>(offsetof(wire::DataHeader, flags));
    }
    [[nodiscard]] std::uint16_t type() const noexcept {
        return field<std::uint16_t>(offsetof(wire::DataHeader, type));
    }
    [[nodiscard]] std::int32_t term_offset() const noexcept {
        return field<std::int32_t>(offsetof(wire::DataHeader, term_offset));
    }
    [[nodiscard]] std::int32_t session_id() const noexcept {
        return field<std::int32_t>(offsetof(wire::DataHeader, session_id));
    }
    [[nodiscard]] std::int32_t stream_id() const noexcept {
        return field<std::int32_t>(offsetof(wire::DataHeader, stream_id));
    }
    [[nodiscard]] std::int32_t term_id() const noexcept {
        return field<std::int32_t>(offsetof(wire::DataHeader, term_id));
    }
    [[nodiscard]] std::int64_t reserved_value() const noexcept {
        return field<std::int64_t>(offsetof(wire::DataHeader, reserved_value));
    }

    [[nodiscard]] std::int32_t initial_term_id() const noexcept { return initial_term_id_; }
    [[nodiscard]] int position_bits_to_shift() const noexcept { return position_shift_; }

    /// Where the next frame begins in the term; the term's length at its end.
    [[nodiscard]] std::int32_t next_term_offset() const noexcept {
        return logbuffer::align_frame(
            term_offset() + (fragmented_length_ > 0 ? fragmented_length_ : frame_length()));
    }
    /// Stream position after the frame, or after the whole assembled message.
    [[nodiscard]] std::int64_t position() const noexcept {
        return logbuffer::compute_position(term_id(), next_term_offset(), position_shift_,
                                           initial_term_id_);
    }

    /// The image that delivered it (of an assembled message: its last fragment); may be null in
    /// tests of handlers.
    [[nodiscard]] const Image* context() const noexcept { return image_; }

    /// The 32 bytes, as they are in the term.
    [[nodiscard]] ConstBytes bytes() const noexcept { return {frame_, wire::kDataHeaderLength}; }

    /// For images and assemblers: points the view at another frame.
    void wrap(const std::byte* frame) noexcept { frame_ = frame; }
    /// For assemblers: term space that an assembled message takes, headers included.
    void set_fragmented_length(std::int32_t length) noexcept { fragmented_length_ = length; }

  private:
    template <typename T>
    [[nodiscard]] T field(std::size_t offset) const noexcept {
        return load<T>(frame_ + offset);
    }

    const std::byte* frame_;
    const Image* image_;
    std::int32_t initial_term_id_;
    int position_shift_;
    std::int32_t fragmented_length_ = 0;
};

/// What a controlled handler says about the fragment it was given (CLI-13.3).
enum class ControlledAction : std::int32_t {
    abort = 1,      ///< not consumed: deliver it again in the next poll; ends this poll
    break_ = 2,     ///< consumed; ends this poll (of this image)
    commit = 3,     ///< consumed, and the position moves now: flow control may advance; go on
    continue_ = 4,  ///< consumed; go on
};

}  // namespace tern::client
