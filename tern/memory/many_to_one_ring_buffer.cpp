#include "tern/memory/many_to_one_ring_buffer.hpp"

#include <algorithm>
#include <cstring>

namespace tern::memory {

namespace {

/// Hands a record to the consumer, whose acquire load of the length pairs with this.
void publish(std::byte* record, std::int32_t length) noexcept { store_release(record, length); }

/// A place in the ring that a record may begin at, and from which sums do not overflow: what a
/// process that went wild has left in the trailer may be none.
[[nodiscard]] bool is_place(std::int64_t position) noexcept {
    return position >= 0 && position <= INT64_MAX / 2 &&
           is_aligned<std::int64_t>(position, ring::kAlignment);
}

/// Makes `length` bytes, which belong to the caller, a padding record.
void write_padding(std::byte* record, std::int64_t length) noexcept {
    const auto record_length = static_cast<std::int32_t>(length);
    store_release(record, -record_length);
    store_store_fence();
    store(record + ring::kTypeOffset, ring::kPaddingTypeId);
    publish(record, record_length);
}

}  // namespace

void ManyToOneRingBuffer::Claim::commit() noexcept {
    if (record_.empty()) return;
    publish(record_.data(), static_cast<std::int32_t>(record_.size()));
    record_ = {};
}

void ManyToOneRingBuffer::Claim::abort() noexcept {
    if (record_.empty()) return;
    store(record_.data() + ring::kTypeOffset, ring::kPaddingTypeId);
    commit();
}

ManyToOneRingBuffer::ManyToOneRingBuffer(Bytes buffer) : buffer_(buffer) {
    check_ring_length(buffer.size());
    capacity_ = static_cast<std::int64_t>(buffer.size() - kRingTrailerLength);
    max_payload_length_ = capacity_ == ring::kHeaderLength ? 0 : capacity_ / 8;
}

bool ManyToOneRingBuffer::write(std::int32_t message_type, ConstBytes payload) {
    std::optional<Claim> claim = try_claim(message_type, payload.size());
    if (!claim) return false;
    if (!payload.empty()) {
        std::memcpy(claim->payload().data(), payload.data(), payload.size());
    }
    claim->commit();
    return true;
}

std::optional<ManyToOneRingBuffer::Claim> ManyToOneRingBuffer::try_claim(std::int32_t message_type,
                                                                         std::size_t length) {
    check_ring_message(message_type, length, max_payload_length_);
    const auto record_length =
        static_cast<std::int32_t>(length) + static_cast<std::int32_t>(ring::kHeaderLength);
    std::byte* const record = claim_record(align_up<std::int64_t>(record_length, ring::kAlignment));
    if (record == nullptr) return std::nullopt;
    // Negative first: from here on the consumer knows how much to skip if we die.
    store_release(record, -record_length);
    store_store_fence();
    store(record + ring::kTypeOffset, message_type);
    return Claim(Bytes(record, static_cast<std::size_t>(record_length)));
}

std::byte* ManyToOneRingBuffer::claim_record(std::int64_t required) noexcept {
    std::byte* const tail_field = trailer(ring::kTailOffset);
    std::byte* const head_cache_field = trailer(ring::kHeadCacheOffset);
    const std::int64_t mask = capacity_ - 1;
    auto head = load_acquire<std::int64_t>(head_cache_field);
    while (true) {
        const auto tail = load_acquire<std::int64_t>(tail_field);
        if (!is_place(head) || !is_place(tail)) return nullptr;
        if (required > capacity_ - (tail - head)) {
            head = consumer_position();
            if (!is_place(head) || required > capacity_ - (tail - head)) return nullptr;
            store_release(head_cache_field, head);
        }
        const std::int64_t index = tail & mask;
        const std::int64_t to_end = capacity_ - index;
        const std::int64_t padding = required > to_end ? to_end : 0;
        if (padding > 0 && required > (head & mask)) {
            head = consumer_position();
            if (required > (head & mask)) return nullptr;
            store_release(head_cache_field, head);
        }
        if (!compare_and_set<std::int64_t>(tail_field, tail, tail + padding + required)) continue;
        if (padding == 0) return at(index);
        write_padding(at(index), padding);
        return at(0);
    }
}

std::int64_t ManyToOneRingBuffer::size() const noexcept {
    // The head first: it never passes the tail, so the difference is never negative.
    const std::int64_t head = consumer_position();
    const std::int64_t tail = producer_position();
    return is_place(head) && is_place(tail) ? std::min(tail - head, capacity_) : 0;
}

std::optional<RingCorruption> ManyToOneRingBuffer::take_corruption() noexcept {
    return std::exchange(corruption_, std::nullopt);
}

ManyToOneRingBuffer::Reading::Reading(ManyToOneRingBuffer& ring) noexcept
    : ring_(ring), head_(load_relaxed<std::int64_t>(ring.trailer(ring::kHeadOffset))) {
    if (is_place(head_) || ring_.corrupt_) return;
    ring_.corrupt_ = true;
    ring_.corruption_ = RingCorruption{head_, 0, 0};
}

std::optional<ManyToOneRingBuffer::Record> ManyToOneRingBuffer::Reading::next() noexcept {
    const std::int64_t begin = head_ & (ring_.capacity_ - 1);
    while (!ring_.corrupt_ && begin + passed_ < ring_.capacity_) {
        const std::byte* const record = ring_.at(begin + passed_);
        const auto length = load_acquire<std::int32_t>(record);  // pairs with publish
        if (length <= 0) break;
        const auto message_type = load<std::int32_t>(record + ring::kTypeOffset);
        const std::int64_t aligned = align_up<std::int64_t>(length, ring::kAlignment);
        if (length < ring::kHeaderLength || begin + passed_ + aligned > ring_.capacity_) {
            ring_.corrupt_ = true;
            ring_.corruption_ = RingCorruption{head_ + passed_, length, message_type};
            break;
        }
        passed_ += aligned;
        if (message_type == ring::kPaddingTypeId) continue;
        return Record{message_type,
                      ConstBytes(record + ring::kHeaderLength,
                                 static_cast<std::size_t>(length - ring::kHeaderLength)),
                      aligned};
    }
    return std::nullopt;
}

void ManyToOneRingBuffer::Reading::release() noexcept {
    if (passed_ == 0) return;
    // Zeroes first: producers and unblock() tell an empty slot by its length of 0.
    std::memset(ring_.at(head_ & (ring_.capacity_ - 1)), 0, static_cast<std::size_t>(passed_));
    head_ += passed_;
    passed_ = 0;
    store_release(ring_.trailer(ring::kHeadOffset), head_);
}

bool ManyToOneRingBuffer::unblock() noexcept {
    const std::int64_t head = consumer_position();
    const std::int64_t tail = producer_position();
    if (head == tail || corrupt_ || !is_place(head) || !is_place(tail)) return false;
    const std::int64_t index = head & (capacity_ - 1);
    const auto length = load_acquire<std::int32_t>(at(index));
    if (length > 0) return false;
    if (length == 0) return unblock_unclaimed_length(index, tail);
    // Claimed with a known length. It has to be one that can be, or it stays as it is.
    const std::int64_t record_length = -std::int64_t{length};
    if (record_length < ring::kHeaderLength || index + record_length > capacity_) return false;
    store(at(index) + ring::kTypeOffset, ring::kPaddingTypeId);
    publish(at(index), -length);
    return true;
}

bool ManyToOneRingBuffer::unblock_unclaimed_length(std::int64_t index, std::int64_t tail) noexcept {
    // The producer died before it wrote even the length: the record ends where the next begins.
    const std::int64_t tail_index = tail & (capacity_ - 1);
    const std::int64_t limit = tail_index > index ? tail_index : capacity_;
    std::int64_t next = index + ring::kAlignment;
    while (next < limit && load_acquire<std::int32_t>(at(next)) == 0) next += ring::kAlignment;
    if (next >= limit) return false;
    for (std::int64_t back = next - ring::kAlignment; back >= index; back -= ring::kAlignment) {
        if (load_acquire<std::int32_t>(at(back)) != 0) return false;
    }
    store(at(index) + ring::kTypeOffset, ring::kPaddingTypeId);
    publish(at(index), static_cast<std::int32_t>(next - index));
    return true;
}

}  // namespace tern::memory
