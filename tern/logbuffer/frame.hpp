#pragma once
// One frame in a term (TRN-2.5): its header, and the commit word that hands it from its writer to
// its readers.

#include <cstddef>
#include <cstdint>

#include "tern/base/atomic.hpp"
#include "tern/base/bytes.hpp"
#include "tern/logbuffer/position.hpp"
#include "tern/wire/data_header.hpp"

namespace tern::logbuffer {

/// 0: nothing here yet; negative: claimed, not committed; positive: committed, and all of the
/// frame may be read. Pairs with commit_frame.
[[nodiscard]] inline std::int32_t frame_length_at(const std::byte* frame) noexcept {
    return load_acquire<std::int32_t>(frame);
}

/// Hands the frame to readers.
inline void commit_frame(std::byte* frame, std::int32_t frame_length) noexcept {
    store_release(frame, frame_length);
}

[[nodiscard]] inline const wire::DataHeader& header_of(const std::byte* frame) noexcept {
    return *reinterpret_cast<const wire::DataHeader*>(frame);
}
[[nodiscard]] inline wire::DataHeader& header_of(std::byte* frame) noexcept {
    return *reinterpret_cast<wire::DataHeader*>(frame);
}

[[nodiscard]] inline bool is_padding(const std::byte* frame) noexcept {
    return header_of(frame).type == wire::kPadFrameType;
}

/// Whether a committed frame of this length can stand at the offset. Lengths in a log come from
/// other processes and from the network.
[[nodiscard]] inline bool frame_fits(std::int32_t frame_length, std::int32_t offset,
                                     std::int32_t term_length) noexcept {
    return frame_length >= kDataHeaderLength && frame_length <= term_length - offset;
}

/// A frame given to a reader's handler: a view into the term, valid during the call.
class Frame {
  public:
    Frame(const std::byte* frame, std::int32_t frame_length) noexcept
        : frame_(frame), frame_length_(frame_length) {}
    [[nodiscard]] const wire::DataHeader& header() const noexcept { return header_of(frame_); }
    [[nodiscard]] std::int32_t frame_length() const noexcept { return frame_length_; }
    [[nodiscard]] ConstBytes payload() const noexcept {
        return {frame_ + kDataHeaderLength,
                static_cast<std::size_t>(frame_length_ - kDataHeaderLength)};
    }
    [[nodiscard]] const std::byte* data() const noexcept { return frame_; }

  private:
    const std::byte* frame_;
    std::int32_t frame_length_;
};

}  // namespace tern::logbuffer
