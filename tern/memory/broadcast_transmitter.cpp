#include "tern/memory/broadcast_transmitter.hpp"

#include <fmt/format.h>

#include "tern/base/atomic.hpp"
#include "tern/base/error.hpp"
#include "tern/base/math.hpp"

namespace tern::memory {

namespace {

/// Length and type of a record as the word that they share.
std::int64_t header_word(std::int64_t length, std::int32_t message_type) noexcept {
    return (std::int64_t{message_type} << 32) | length;
}

}  // namespace

BroadcastTransmitter::BroadcastTransmitter(Bytes buffer) : buffer_(buffer) {
    broadcast::check_length(buffer.size());
    capacity_ = static_cast<std::int64_t>(buffer.size() - kBroadcastTrailerLength);
}

void BroadcastTransmitter::transmit(std::int32_t message_type, ConstBytes payload) {
    const auto length = static_cast<std::int64_t>(payload.size());
    if (message_type < 1 || length > max_payload_length()) {
        throw Error(fmt::format("broadcast: message type {} with {} bytes (at most {})",
                                message_type, length, max_payload_length()));
    }
    std::byte* const trailer = buffer_.data() + capacity_;
    const std::int64_t record_length = broadcast::kHeaderLength + length;
    const std::int64_t aligned = align_up(record_length, broadcast::kAlignment);
    auto tail = load_relaxed<std::int64_t>(trailer + broadcast::kTailOffset);
    std::int64_t index = tail & (capacity_ - 1);
    const std::int64_t to_end = capacity_ - index;
    const std::int64_t padding = to_end < aligned ? to_end : 0;

    // Receivers must know what is about to be overwritten before any of it is.
    store_release(trailer + broadcast::kTailIntentOffset, tail + padding + aligned);
    store_store_fence();
    if (padding > 0) {
        store_relaxed(buffer_.data() + index, header_word(padding, broadcast::kPaddingTypeId));
        tail += padding;
        index = 0;
    }
    std::byte* const record = buffer_.data() + index;
    store_relaxed(record, header_word(record_length, message_type));
    broadcast::copy_in(record + broadcast::kHeaderLength, payload);

    store_release(trailer + broadcast::kLatestOffset, tail);
    store_release(trailer + broadcast::kTailOffset, tail + aligned);
}

}  // namespace tern::memory
