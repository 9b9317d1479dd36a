#include "tern/client/buffer_builder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tern/client/errors.hpp"

namespace tern::client {

BufferBuilder::BufferBuilder(std::size_t initial_capacity) {
    if (initial_capacity > kMaxLength) {
        throw InvalidArgument(
            fmt::format("initialCapacity outside range 0 - {}: initialCapacity={}", kMaxLength,
                        initial_capacity));
    }
    bytes_.reserve(initial_capacity);
}

void BufferBuilder::compact() {
    const std::size_t capacity = std::max(kMinCapacity, bytes_.size());
    if (capacity >= bytes_.capacity()) return;
    std::vector<std::byte> smaller;
    smaller.reserve(capacity);
    smaller.assign(bytes_.begin(), bytes_.end());
    bytes_.swap(smaller);
}

void BufferBuilder::begin(ConstBytes payload, const Header& header) {
    reset();
    std::ranges::copy(header.bytes(), header_.begin());
    first_frame_length_ = header.frame_length();
    grow_for(payload.size());
    bytes_.insert(bytes_.end(), payload.begin(), payload.end());
    next_term_offset_ = header.next_term_offset();
}

bool BufferBuilder::append(ConstBytes payload, const Header& header) {
    if (bytes_.size() + payload.size() > kMaxLength) return false;
    length_before_last_ = bytes_.size();
    offset_before_last_ = next_term_offset_;
    grow_for(bytes_.size() + payload.size());
    bytes_.insert(bytes_.end(), payload.begin(), payload.end());
    next_term_offset_ = header.next_term_offset();
    return true;
}

void BufferBuilder::undo_last() noexcept {
    bytes_.resize(length_before_last_);
    next_term_offset_ = offset_before_last_;
}

void BufferBuilder::reset() noexcept {
    bytes_.clear();
    next_term_offset_ = kNone;
    length_before_last_ = 0;
    offset_before_last_ = kNone;
}

Header BufferBuilder::complete_header(const Header& last) noexcept {
    // A copy: the stored one must stay the first fragment's, should the message come again.
    completed_ = header_;
    std::byte* frame = completed_.data();
    const auto length = static_cast<std::int32_t>(bytes_.size());
    const Header first(header_.data(), last.initial_term_id(), last.position_bits_to_shift(),
                       last.context());
    store(frame + offsetof(wire::DataHeader, frame_length), length + wire::kDataHeaderLength);
    store(frame + offsetof(wire::DataHeader, flags),
          static_cast<std::uint8_t>(first.flags() | last.flags()));
    Header whole(frame, last.initial_term_id(), last.position_bits_to_shift(), last.context());
    whole.set_fragmented_length(
        logbuffer::framed_length(length, first_frame_length_ - wire::kDataHeaderLength));
    return whole;
}

void BufferBuilder::grow_for(std::size_t length) {
    if (length <= bytes_.capacity()) return;
    std::size_t capacity = std::max(bytes_.capacity(), kMinCapacity);
    while (capacity < length) capacity += capacity / 2;
    bytes_.reserve(std::min(capacity, kMaxLength));
}

}  // namespace tern::client
