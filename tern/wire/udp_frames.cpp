#include "tern/wire/udp_frames.hpp"

#include <algorithm>
#include <cstring>

namespace tern::wire {
namespace {

// Offsets of the frames whose 64-bit fields are unaligned or optional.
constexpr std::size_t kSmTermIdOffset = 16;
constexpr std::size_t kSmTermOffsetOffset = 20;
constexpr std::size_t kSmWindowOffset = 24;
constexpr std::size_t kSmReceiverIdOffset = 28;
constexpr std::size_t kSmGroupTagOffset = 36;
constexpr std::size_t kErrReceiverIdOffset = 16;
constexpr std::size_t kErrGroupTagOffset = 24;
constexpr std::size_t kErrCodeOffset = 32;
constexpr std::size_t kErrTextLengthOffset = 36;
constexpr std::size_t kSessionIdOffset = 8;
constexpr std::size_t kStreamIdOffset = 12;

[[nodiscard]] bool holds(ConstBytes datagram, std::size_t length) noexcept {
    if (datagram.size() < length) return false;
    const auto frame_length = load<std::int32_t>(datagram.data());
    return frame_length >= static_cast<std::int32_t>(length) &&
           static_cast<std::size_t>(frame_length) <= datagram.size();
}

template <typename Frame>
[[nodiscard]] std::optional<Frame> decode_fixed(ConstBytes datagram) noexcept {
    if (!holds(datagram, Frame::kLength)) return std::nullopt;
    return load<Frame>(datagram.data());
}

}  // namespace

std::optional<FrameHeader> decode_frame_header(ConstBytes datagram) noexcept {
    if (!has_frame_header(datagram)) return std::nullopt;
    return load<FrameHeader>(datagram.data());
}

std::optional<SetupFrame> decode_setup(ConstBytes datagram) noexcept {
    return decode_fixed<SetupFrame>(datagram);
}

std::optional<NakFrame> decode_nak(ConstBytes datagram) noexcept {
    return decode_fixed<NakFrame>(datagram);
}

std::optional<RttmFrame> decode_rttm(ConstBytes datagram) noexcept {
    return decode_fixed<RttmFrame>(datagram);
}

std::optional<ResponseSetupFrame> decode_response_setup(ConstBytes datagram) noexcept {
    return decode_fixed<ResponseSetupFrame>(datagram);
}

std::optional<StatusMessage> decode_status_message(ConstBytes datagram) noexcept {
    if (!holds(datagram, StatusMessage::kLength)) return std::nullopt;
    const std::byte* at = datagram.data();
    const auto header = load<FrameHeader>(at);
    StatusMessage message{
        .flags = header.flags,
        .session_id = load<std::int32_t>(at + kSessionIdOffset),
        .stream_id = load<std::int32_t>(at + kStreamIdOffset),
        .consumption_term_id = load<std::int32_t>(at + kSmTermIdOffset),
        .consumption_term_offset = load<std::int32_t>(at + kSmTermOffsetOffset),
        .receiver_window_length = load<std::int32_t>(at + kSmWindowOffset),
        .receiver_id = load<std::int64_t>(at + kSmReceiverIdOffset),
        .group_tag = std::nullopt,
    };
    if (message.receiver_window_length < 0 || message.consumption_term_offset < 0) {
        return std::nullopt;
    }
    if (header.frame_length == StatusMessage::kLengthWithGroupTag) {
        message.group_tag = load<std::int64_t>(at + kSmGroupTagOffset);
    }
    return message;
}

std::optional<ErrorFrame> decode_error(ConstBytes datagram) noexcept {
    if (!holds(datagram, ErrorFrame::kHeaderLength)) return std::nullopt;
    const std::byte* at = datagram.data();
    const auto text_length = load<std::int32_t>(at + kErrTextLengthOffset);
    if (text_length < 0 ||
        static_cast<std::size_t>(text_length) > datagram.size() - ErrorFrame::kHeaderLength) {
        return std::nullopt;
    }
    ErrorFrame frame{
        .session_id = load<std::int32_t>(at + kSessionIdOffset),
        .stream_id = load<std::int32_t>(at + kStreamIdOffset),
        .receiver_id = load<std::int64_t>(at + kErrReceiverIdOffset),
        .group_tag = std::nullopt,
        .error_code = load<std::int32_t>(at + kErrCodeOffset),
        .text = as_text(
            datagram.subspan(ErrorFrame::kHeaderLength,
                             std::min(static_cast<std::size_t>(text_length), kMaxErrorTextLength))),
    };
    if ((load<FrameHeader>(at).flags & error_flags::kHasGroupTag) != 0) {
        frame.group_tag = load<std::int64_t>(at + kErrGroupTagOffset);
    }
    return frame;
}

EncodedFrame::EncodedFrame(const void* frame, std::size_t length) noexcept
    : length_(std::min(length, kCapacity)) {
    std::memcpy(bytes_.data(), frame, length_);
}

EncodedFrame encode(const StatusMessage& message) noexcept {
    std::array<std::byte, StatusMessage::kLengthWithGroupTag> bytes{};
    const std::size_t length =
        message.group_tag ? StatusMessage::kLengthWithGroupTag : StatusMessage::kLength;
    store(bytes.data(), FrameHeader{static_cast<std::int32_t>(length), kFrameVersion, message.flags,
                                    kStatusMessageFrameType});
    store(bytes.data() + kSessionIdOffset, message.session_id);
    store(bytes.data() + kStreamIdOffset, message.stream_id);
    store(bytes.data() + kSmTermIdOffset, message.consumption_term_id);
    store(bytes.data() + kSmTermOffsetOffset, message.consumption_term_offset);
    store(bytes.data() + kSmWindowOffset, message.receiver_window_length);
    store(bytes.data() + kSmReceiverIdOffset, message.receiver_id);
    store(bytes.data() + kSmGroupTagOffset, message.group_tag.value_or(0));
    return {bytes.data(), length};
}

std::size_t encode_error(const ErrorFrame& frame, Bytes into) noexcept {
    if (into.size() < ErrorFrame::kHeaderLength + kMaxErrorTextLength) return 0;
    const std::size_t text_length = std::min(frame.text.size(), kMaxErrorTextLength);
    const std::size_t length = ErrorFrame::kHeaderLength + text_length;
    std::byte* at = into.data();
    store(at, FrameHeader{static_cast<std::int32_t>(length), kFrameVersion,
                          frame.group_tag ? error_flags::kHasGroupTag : std::uint8_t{0},
                          kErrorFrameType});
    store(at + kSessionIdOffset, frame.session_id);
    store(at + kStreamIdOffset, frame.stream_id);
    store(at + kErrReceiverIdOffset, frame.receiver_id);
    store(at + kErrGroupTagOffset, frame.group_tag.value_or(-1));
    store(at + kErrCodeOffset, frame.error_code);
    store(at + kErrTextLengthOffset, static_cast<std::int32_t>(text_length));
    std::memcpy(at + ErrorFrame::kHeaderLength, frame.text.data(), text_length);
    return length;
}

}  // namespace tern::wire
