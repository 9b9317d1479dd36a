#pragma once
// The header of DATA and PAD frames: the same 32 bytes on the wire, in a publisher's term, in an
// image's term and in recordings (TRN-1.3, TRN-2.5).

#include <cstddef>
#include <cstdint>

#include "tern/base/bytes.hpp"

namespace tern::wire {

inline constexpr std::int32_t kFrameAlignment = 32;
inline constexpr std::int32_t kDataHeaderLength = 32;
inline constexpr std::uint8_t kFrameVersion = 0;

inline constexpr std::uint16_t kPadFrameType = 0;
inline constexpr std::uint16_t kDataFrameType = 1;

namespace data_flags {

inline constexpr std::uint8_t kBegin = 0x80;  ///< first fragment of a message
inline constexpr std::uint8_t kEnd = 0x40;    ///< last fragment of a message
inline constexpr std::uint8_t kUnfragmented = kBegin | kEnd;
inline constexpr std::uint8_t kEndOfStream = 0x20;  ///< heartbeats only
inline constexpr std::uint8_t kRevoked = 0x10;      ///< heartbeats only, always with kEndOfStream

}  // namespace data_flags

struct DataHeader {
    std::int32_t frame_length;  ///< with header, not aligned; the commit word of a term's frame
    std::uint8_t version;
    std::uint8_t flags;
    std::uint16_t type;
    std::int32_t term_offset;  ///< of this frame's first byte; multiple of 32
    std::int32_t session_id;
    std::int32_t stream_id;
    std::int32_t term_id;
    std::int64_t reserved_value;  ///< the application's, default 0
};
static_assert(sizeof(DataHeader) == kDataHeaderLength);
static_assert(offsetof(DataHeader, flags) == 5);
static_assert(offsetof(DataHeader, type) == 6);
static_assert(offsetof(DataHeader, term_offset) == 8);
static_assert(offsetof(DataHeader, session_id) == 12);
static_assert(offsetof(DataHeader, stream_id) == 16);
static_assert(offsetof(DataHeader, term_id) == 20);
static_assert(offsetof(DataHeader, reserved_value) == 24);

/// The header of a received frame, field by field from where it lies, at any alignment. A copy of
/// the whole is made in vectors, and reading a field that two of them share waits until all that
/// was stored before, such as the last datagram, is out of the store buffer.
class DataHeaderView {
  public:
    /// There are kDataHeaderLength bytes.
    explicit DataHeaderView(const std::byte* header) noexcept : header_(header) {}

    [[nodiscard]] std::int32_t frame_length() const noexcept { return field<std::int32_t>(0); }
    [[nodiscard]] std::uint8_t flags() const noexcept { return field<std::uint8_t>(5); }
    [[nodiscard]] std::uint16_t type() const noexcept { return field<std::uint16_t>(6); }
    [[nodiscard]] std::int32_t term_offset() const noexcept { return field<std::int32_t>(8); }
    [[nodiscard]] std::int32_t session_id() const noexcept { return field<std::int32_t>(12); }
    [[nodiscard]] std::int32_t stream_id() const noexcept { return field<std::int32_t>(16); }
    [[nodiscard]] std::int32_t term_id() const noexcept { return field<std::int32_t>(20); }

  private:
    template <typename T>
    [[nodiscard]] T field(std::size_t offset) const noexcept {
        return load<T>(header_ + offset);
    }

    const std::byte* header_;
};

}  // namespace tern::wire
