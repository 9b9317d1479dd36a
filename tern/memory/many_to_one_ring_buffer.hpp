#pragma once
// Many producers (threads, processes), one consumer: the to-driver commands in the CnC file
// (TRN-5.1 to TRN-5.3). A view; the bytes belong to the caller and outlive it.
//
// Thread safety: write, try_claim, next_correlation_id and the position getters from any thread
// or process; read, controlled_read, unblock and the heartbeat's setter from the one consumer.
// Each producer thread may use its own view or share one.
//
// The consumer trusts no length found in the ring. A length below 8 or past the end of the buffer
// stops the reading for good: the record is left in place, since producers may be writing behind
// it, and take_corruption() reports it once.

#include <cstdint>
#include <optional>
#include <utility>

#include "tern/base/atomic.hpp"
#include "tern/base/bytes.hpp"
#include "tern/memory/ring_buffer_layout.hpp"

namespace tern::memory {

class ManyToOneRingBuffer {
  public:
    /// Space claimed in the ring. Must be committed or aborted; a claim that is destroyed without
    /// either is aborted, so that an exception cannot block the ring.
    class Claim {
      public:
        Claim(Claim&& other) noexcept : record_(std::exchange(other.record_, {})) {}
        Claim& operator=(Claim&&) = delete;
        ~Claim() { abort(); }

        [[nodiscard]] Bytes payload() const noexcept {
            return record_.subspan(static_cast<std::size_t>(ring::kHeaderLength));
        }
        void commit() noexcept;  ///< hands the record to the consumer; once
        void abort() noexcept;   ///< turns it into padding; harmless after commit

      private:
        friend class ManyToOneRingBuffer;
        explicit Claim(Bytes record) noexcept : record_(record) {}
        Bytes record_;
    };

    /// `buffer`: capacity (a power of two) plus kRingTrailerLength, 8-byte aligned; throws Error
    /// when it is not.
    explicit ManyToOneRingBuffer(Bytes buffer);

    [[nodiscard]] std::int64_t capacity() const noexcept { return capacity_; }
    [[nodiscard]] std::int64_t max_payload_length() const noexcept { return max_payload_length_; }

    /// False when the ring is full. Throws Error on a type id below 1 or a payload too long.
    [[nodiscard]] bool write(std::int32_t message_type, ConstBytes payload);
    /// nullopt when the ring is full; otherwise as write.
    [[nodiscard]] std::optional<Claim> try_claim(std::int32_t message_type, std::size_t length);

    /// Calls handler(std::int32_t message_type, ConstBytes payload) for up to `limit` records, at
    /// most to the end of the buffer; returns how many. What was read is freed for producers even
    /// when the handler throws.
    template <typename Handler>
    int read(Handler&& handler, int limit) {
        return controlled_read(
            [&handler](std::int32_t message_type, ConstBytes payload) {
                handler(message_type, payload);
                return ReadAction::continue_;
            },
            limit);
    }

    /// As read, with a handler that returns a ReadAction. Returns the records consumed. When the
    /// handler throws, the record it was given counts as consumed.
    template <typename Handler>
    int controlled_read(Handler&& handler, int limit) {
        Reading reading(*this);
        int consumed = 0;
        while (consumed < limit) {
            const std::optional<Record> record = reading.next();
            if (!record) break;
            const ReadAction action = handler(record->message_type, record->payload);
            if (action == ReadAction::abort) {
                reading.push_back(*record);
                break;
            }
            ++consumed;
            if (action == ReadAction::commit) reading.release();
            if (action == ReadAction::break_) break;
        }
        return consumed;
    }

    /// The first record found corrupt; reported once, nullopt before and after.
    [[nodiscard]] std::optional<RingCorruption> take_corruption() noexcept;
    [[nodiscard]] bool is_corrupt() const noexcept { return corrupt_; }

    /// A fresh id for anything: client, correlation, registration, image.
    [[nodiscard]] std::int64_t next_correlation_id() noexcept {
        return fetch_add<std::int64_t>(trailer(ring::kCorrelationCounterOffset), 1);
    }

    /// Epoch ms of the consumer's last sign of life; 0 before the first, -1 after a clean close.
    [[nodiscard]] std::int64_t consumer_heartbeat_ms() const noexcept {
        return load_acquire<std::int64_t>(trailer(ring::kConsumerHeartbeatOffset));
    }
    void set_consumer_heartbeat_ms(std::int64_t now_ms) noexcept {
        store_release(trailer(ring::kConsumerHeartbeatOffset), now_ms);
    }

    [[nodiscard]] std::int64_t producer_position() const noexcept {
        return load_acquire<std::int64_t>(trailer(ring::kTailOffset));
    }
    [[nodiscard]] std::int64_t consumer_position() const noexcept {
        return load_acquire<std::int64_t>(trailer(ring::kHeadOffset));
    }
    /// Bytes between producers and consumer: what is waiting, with headers and padding.
    [[nodiscard]] std::int64_t size() const noexcept;

    /// Turns a record that its producer never finished, at the consumer's position, into padding.
    /// Returns whether it did. The caller has seen the consumer position stand still for the
    /// client liveness timeout with the producer position ahead of it.
    bool unblock() noexcept;

  private:
    struct Record {
        std::int32_t message_type;
        ConstBytes payload;
        std::int64_t length;  ///< aligned, with header
    };

    /// One pass over the ring; frees what it passed when it ends, however it ends.
    class Reading {
      public:
        explicit Reading(ManyToOneRingBuffer& ring) noexcept;
        Reading(const Reading&) = delete;
        Reading& operator=(const Reading&) = delete;
        ~Reading() { release(); }
        std::optional<Record> next() noexcept;
        void push_back(const Record& record) noexcept { passed_ -= record.length; }
        void release() noexcept;

      private:
        ManyToOneRingBuffer& ring_;
        std::int64_t head_;
        std::int64_t passed_ = 0;
    };

    [[nodiscard]] std::byte* trailer(std::size_t offset) const noexcept {
        return buffer_.data() + capacity_ + offset;
    }
    [[nodiscard]] std::byte* at(std::int64_t index) const noexcept {
        return buffer_.data() + index;
    }
    [[nodiscard]] std::byte* claim_record(std::int64_t required) noexcept;
    [[nodiscard]] bool unblock_unclaimed_length(std::int64_t index, std::int64_t tail) noexcept;

    Bytes buffer_;
    std::int64_t capacity_;
    std::int64_t max_payload_length_;
    bool corrupt_ = false;
    std::optional<RingCorruption> corruption_;
};

}  // namespace tern::memory
