#pragma once
// One producer thread, one consumer thread: queues between agents of one process (TRN-5.4). The
// layout is that of upstream's, so that it can be read by its tools. A view; the bytes (zeroed
// before first use) belong to the caller and outlive it.
//
// Thread safety: write from the one producer, read from the one consumer, which may be different
// threads; producer and consumer may share one view.

#include <cstdint>

#include "tern/base/atomic.hpp"
#include "tern/base/bytes.hpp"
#include "tern/memory/ring_buffer_layout.hpp"

namespace tern::memory {

class OneToOneRingBuffer {
  public:
    /// `buffer`: capacity (a power of two, at least 16) plus kRingTrailerLength, 8-byte aligned;
    /// throws Error when it is not.
    explicit OneToOneRingBuffer(Bytes buffer);

    [[nodiscard]] std::int64_t capacity() const noexcept { return capacity_; }
    [[nodiscard]] std::int64_t max_payload_length() const noexcept { return max_payload_length_; }

    /// False when the ring is full. Throws Error on a type id below 1 or a payload too long.
    [[nodiscard]] bool write(std::int32_t message_type, ConstBytes payload);

    /// Calls handler(std::int32_t message_type, ConstBytes payload) for up to `limit` records, at
    /// most to the end of the buffer; returns how many. What was read is freed for the producer
    /// even when the handler throws.
    template <typename Handler>
    int read(Handler&& handler, int limit) {
        return controlled_read(
            [&handler](std::int32_t message_type, ConstBytes payload) {
                handler(message_type, payload);
                return ReadAction::continue_;
            },
            limit);
    }

    /// As read, with a handler that returns a ReadAction. Returns the records consumed.
    template <typename Handler>
    int controlled_read(Handler&& handler, int limit) {
        Reading reading{*this, load_relaxed<std::int64_t>(trailer(ring::kHeadOffset))};
        const std::int64_t index = reading.head & (capacity_ - 1);
        int consumed = 0;
        while (consumed < limit && index + reading.passed < capacity_) {
            const std::byte* record = at(index + reading.passed);
            const auto length = load_acquire<std::int32_t>(record);  // pairs with write
            if (length <= 0) break;
            const std::int64_t advance = align_up<std::int64_t>(length, ring::kAlignment);
            reading.passed += advance;
            const auto message_type = load<std::int32_t>(record + ring::kTypeOffset);
            if (message_type == ring::kPaddingTypeId) continue;
            const ReadAction action = handler(
                message_type, ConstBytes(record + ring::kHeaderLength,
                                         static_cast<std::size_t>(length - ring::kHeaderLength)));
            if (action == ReadAction::abort) {
                reading.passed -= advance;
                break;
            }
            ++consumed;
            if (action == ReadAction::commit) reading.publish();
            if (action == ReadAction::break_) break;
        }
        return consumed;
    }

    [[nodiscard]] std::int64_t producer_position() const noexcept {
        return load_acquire<std::int64_t>(trailer(ring::kTailOffset));
    }
    [[nodiscard]] std::int64_t consumer_position() const noexcept {
        return load_acquire<std::int64_t>(trailer(ring::kHeadOffset));
    }
    /// Bytes waiting, with headers and padding.
    [[nodiscard]] std::int64_t size() const noexcept;

  private:
    struct Reading {
        const OneToOneRingBuffer& ring;
        std::int64_t head;
        std::int64_t passed = 0;
        ~Reading() { publish(); }
        void publish() const noexcept {
            if (passed > 0) store_release(ring.trailer(ring::kHeadOffset), head + passed);
        }
    };

    [[nodiscard]] std::byte* trailer(std::size_t offset) const noexcept {
        return buffer_.data() + capacity_ + offset;
    }
    [[nodiscard]] std::byte* at(std::int64_t index) const noexcept {
        return buffer_.data() + index;
    }

    Bytes buffer_;
    std::int64_t capacity_;
    std::int64_t max_payload_length_;
};

}  // namespace tern::memory
