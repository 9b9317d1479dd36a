#pragma once
// The frames that drivers exchange over UDP, except DATA and PAD (data_header.hpp) and RES: SETUP,
// status message, NAK, RTT measurement, error and response setup (TRN-1).
//
// A frame is a value: encode with `encode(frame)` into a buffer of its own, decode with the
// decode_* functions, which copy out of a datagram at any alignment after checking its lengths
// (TRN-1.13, DSR-16). Nothing here keeps state.
//
// Thread safety: none needed.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "tern/base/bytes.hpp"
#include "tern/wire/data_header.hpp"

namespace tern::wire {

inline constexpr std::size_t kMaxUdpPayloadLength = 65504;  ///< longest datagram a driver produces
inline constexpr std::size_t kFrameHeaderLength = 8;
inline constexpr std::size_t kMaxErrorTextLength = 1023;

/// Codes of TRN-1.2; PAD and DATA are kPadFrameType and kDataFrameType.
inline constexpr std::uint16_t kNakFrameType = 2;
inline constexpr std::uint16_t kStatusMessageFrameType = 3;
inline constexpr std::uint16_t kErrorFrameType = 4;
inline constexpr std::uint16_t kSetupFrameType = 5;
inline constexpr std::uint16_t kRttmFrameType = 6;
inline constexpr std::uint16_t kResolutionFrameType = 7;
inline constexpr std::uint16_t kResponseSetupFrameType = 0x0B;

namespace setup_flags {
inline constexpr std::uint8_t kSendResponse = 0x80;  ///< the receiver shall answer with RSP_SETUP
inline constexpr std::uint8_t kGroup = 0x40;         ///< publication is multicast or MDC
}  // namespace setup_flags

namespace status_flags {
inline constexpr std::uint8_t kSendSetup = 0x80;    ///< elicits a SETUP
inline constexpr std::uint8_t kEndOfStream = 0x40;  ///< the receiver is leaving
}  // namespace status_flags

namespace rttm_flags {
inline constexpr std::uint8_t kReply = 0x80;  ///< "please reply": a request
}  // namespace rttm_flags

namespace error_flags {
inline constexpr std::uint8_t kHasGroupTag = 0x08;
}  // namespace error_flags

/// The first 8 bytes of every frame.
struct FrameHeader {
    std::int32_t frame_length = 0;
    std::uint8_t version = kFrameVersion;
    std::uint8_t flags = 0;
    std::uint16_t type = 0;
};
static_assert(sizeof(FrameHeader) == kFrameHeaderLength);

struct SetupFrame {
    static constexpr std::size_t kLength = 40;
    FrameHeader header{kLength, kFrameVersion, 0, kSetupFrameType};
    std::int32_t term_offset = 0;  ///< of the sender's position in the active term
    std::int32_t session_id = 0;
    std::int32_t stream_id = 0;
    std::int32_t initial_term_id = 0;
    std::int32_t active_term_id = 0;
    std::int32_t term_length = 0;
    std::int32_t mtu_length = 0;
    std::int32_t ttl = 0;
};
static_assert(sizeof(SetupFrame) == SetupFrame::kLength);

struct NakFrame {
    static constexpr std::size_t kLength = 28;
    FrameHeader header{kLength, kFrameVersion, 0, kNakFrameType};
    std::int32_t session_id = 0;
    std::int32_t stream_id = 0;
    std::int32_t term_id = 0;
    std::int32_t term_offset = 0;  ///< where the gap begins
    std::int32_t length = 0;       ///< bytes missing
};
static_assert(sizeof(NakFrame) == NakFrame::kLength);

/// Status message: what a receiver has consumed, and how far the sender may go beyond.
struct StatusMessage {
    static constexpr std::size_t kLength = 36;
    static constexpr std::size_t kLengthWithGroupTag = 44;
    std::uint8_t flags = 0;
    std::int32_t session_id = 0;
    std::int32_t stream_id = 0;
    std::int32_t consumption_term_id = 0;
    std::int32_t consumption_term_offset = 0;
    std::int32_t receiver_window_length = 0;  ///< bytes
    std::int64_t receiver_id = 0;
    std::optional<std::int64_t> group_tag = {};
};

/// RTT measurement; a request when rttm_flags::kReply is set, else the answer to one.
struct RttmFrame {
    static constexpr std::size_t kLength = 40;
    FrameHeader header{kLength, kFrameVersion, 0, kRttmFrameType};
    std::int32_t session_id = 0;
    std::int32_t stream_id = 0;
    std::int64_t echo_timestamp_ns = 0;   ///< the requester's clock
    std::int64_t reception_delta_ns = 0;  ///< time the answering side held the request
    std::int64_t receiver_id = 0;
};
static_assert(sizeof(RttmFrame) == RttmFrame::kLength);

/// A receiver's refusal of a stream; `text` points into the datagram.
struct ErrorFrame {
    static constexpr std::size_t kHeaderLength = 40;
    std::int32_t session_id = 0;
    std::int32_t stream_id = 0;
    std::int64_t receiver_id = 0;
    std::optional<std::int64_t> group_tag = {};
    std::int32_t error_code = 0;
    std::string_view text = {};
};

struct ResponseSetupFrame {
    static constexpr std::size_t kLength = 20;
    FrameHeader header{kLength, kFrameVersion, 0, kResponseSetupFrameType};
    std::int32_t session_id = 0;
    std::int32_t stream_id = 0;
    std::int32_t response_session_id = 0;
};
static_assert(sizeof(ResponseSetupFrame) == ResponseSetupFrame::kLength);

/// The header of a datagram, or nullopt when it is too short for one or of another version.
[[nodiscard]] std::optional<FrameHeader> decode_frame_header(ConstBytes datagram) noexcept;
/// Whether it would give a header.
[[nodiscard]] inline bool has_frame_header(ConstBytes datagram) noexcept {
    return datagram.size() >= kFrameHeaderLength &&
           load<FrameHeader>(datagram.data()).version == kFrameVersion;
}

// Each takes a datagram whose header is of its type; nullopt when it is malformed.
[[nodiscard]] std::optional<SetupFrame> decode_setup(ConstBytes datagram) noexcept;
[[nodiscard]] std::optional<NakFrame> decode_nak(ConstBytes datagram) noexcept;
[[nodiscard]] std::optional<StatusMessage> decode_status_message(ConstBytes datagram) noexcept;
[[nodiscard]] std::optional<RttmFrame> decode_rttm(ConstBytes datagram) noexcept;
[[nodiscard]] std::optional<ErrorFrame> decode_error(ConstBytes datagram) noexcept;
[[nodiscard]] std::optional<ResponseSetupFrame> decode_response_setup(ConstBytes datagram) noexcept;

/// A short frame ready to be sent.
class EncodedFrame {
  public:
    static constexpr std::size_t kCapacity = StatusMessage::kLengthWithGroupTag;
    EncodedFrame(const void* frame, std::size_t length) noexcept;
    [[nodiscard]] ConstBytes bytes() const noexcept { return ConstBytes(bytes_).first(length_); }

  private:
    std::array<std::byte, kCapacity> bytes_{};
    std::size_t length_;
};

/// SETUP, NAK, RTTM, RSP_SETUP as they are; the struct is the layout.
template <typename Frame>
[[nodiscard]] EncodedFrame encode(const Frame& frame) noexcept {
    static_assert(sizeof(Frame) == Frame::kLength);
    return {&frame, sizeof(Frame)};
}
[[nodiscard]] EncodedFrame encode(const StatusMessage& message) noexcept;

/// Writes an ERR frame; text beyond kMaxErrorTextLength is cut. Returns the length, or 0 when
/// `into` is shorter than ErrorFrame::kHeaderLength + kMaxErrorTextLength.
[[nodiscard]] std::size_t encode_error(const ErrorFrame& frame, Bytes into) noexcept;

}  // namespace tern::wire
