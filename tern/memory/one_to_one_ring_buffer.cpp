#include "tern/memory/one_to_one_ring_buffer.hpp"

#include <algorithm>
#include <cstring>

#include "tern/base/error.hpp"

namespace tern::memory {

namespace {
constexpr std::int64_t kMinCapacity = 16;
}

OneToOneRingBuffer::OneToOneRingBuffer(Bytes buffer) : buffer_(buffer) {
    check_ring_length(buffer.size());
    capacity_ = static_cast<std::int64_t>(buffer.size() - kRingTrailerLength);
    if (capacity_ < kMinCapacity) throw Error("ring buffer: capacity below the minimum of 16");
    max_payload_length_ = capacity_ == kMinCapacity ? 0 : capacity_ / 8;
}

bool OneToOneRingBuffer::write(std::int32_t message_type, ConstBytes payload) {
    check_ring_message(message_type, payload.size(), max_payload_length_);
    const std::int64_t mask = capacity_ - 1;
    const auto record_length =
        static_cast<std::int32_t>(payload.size()) + static_cast<std::int32_t>(ring::kHeaderLength);
    const std::int64_t aligned = align_up<std::int64_t>(record_length, ring::kAlignment);

    const auto tail = load_relaxed<std::int64_t>(trailer(ring::kTailOffset));
    const std::int64_t to_end = capacity_ - (tail & mask);
    const std::int64_t padding = aligned > to_end ? to_end : 0;
    // With the header slot of the record after it, which is zeroed to end the reader's walk.
    const std::int64_t required = padding + aligned + ring::kHeaderLength;

    std::byte* const head_cache_field = trailer(ring::kHeadCacheOffset);
    auto head = load_relaxed<std::int64_t>(head_cache_field);
    if (required > capacity_ - (tail - head)) {
        head = consumer_position();
        if (required > capacity_ - (tail - head)) return false;
        store_relaxed(head_cache_field, head);
    }

    std::byte* const padding_record = at(tail & mask);
    std::byte* const record = at((tail + padding) & mask);
    store<std::int64_t>(at((tail + padding + aligned) & mask), 0);
    store(record + ring::kTypeOffset, message_type);
    if (!payload.empty()) {
        std::memcpy(record + ring::kHeaderLength, payload.data(), payload.size());
    }
    store_release(record, record_length);  // pairs with controlled_read
    if (padding > 0) {
        store(padding_record + ring::kTypeOffset, ring::kPaddingTypeId);
        store_release(padding_record, static_cast<std::int32_t>(padding));
    }
    store_release(trailer(ring::kTailOffset), tail + padding + aligned);
    return true;
}

std::int64_t OneToOneRingBuffer::size() const noexcept {
    const std::int64_t head = consumer_position();
    return std::min(producer_position() - head, capacity_);
}

}  // namespace tern::memory
