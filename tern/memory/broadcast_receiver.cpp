#include "tern/memory/broadcast_receiver.hpp"

#include "tern/base/atomic.hpp"
#include "tern/base/math.hpp"

namespace tern::memory {

namespace {

constexpr std::size_t kInitialScratchLength = 4096;

struct RecordHeader {
    std::int32_t length;
    std::int32_t message_type;
};

/// One load: length and type are of the same moment.
RecordHeader read_header(const std::byte* record) noexcept {
    const auto word = load_relaxed<std::int64_t>(record);
    return {static_cast<std::int32_t>(word), static_cast<std::int32_t>(word >> 32)};
}

// A place in the stream that a record may begin at, and from which sums do not overflow.
bool is_place(std::int64_t position) noexcept {
    return position >= 0 && position <= INT64_MAX / 2 &&
           is_aligned<std::int64_t>(position, broadcast::kAlignment);
}

}  // namespace

BroadcastReceiver::BroadcastReceiver(Bytes buffer)
    : buffer_(buffer), scratch_(kInitialScratchLength) {
    broadcast::check_length(buffer.size());
    capacity_ = static_cast<std::int64_t>(buffer.size() - kBroadcastTrailerLength);
    next_record_ = load_acquire<std::int64_t>(trailer(broadcast::kLatestOffset));
}

bool BroadcastReceiver::is_overwritten(std::int64_t cursor) const noexcept {
    return cursor + capacity_ <= load_acquire<std::int64_t>(trailer(broadcast::kTailIntentOffset));
}

BroadcastResult BroadcastReceiver::start_again() noexcept {
    ++lapped_count_;
    next_record_ = load_acquire<std::int64_t>(trailer(broadcast::kLatestOffset));
    return BroadcastResult::lost;
}

BroadcastResult BroadcastReceiver::copy_next() {
    const auto tail = load_acquire<std::int64_t>(trailer(broadcast::kTailOffset));
    if (tail <= next_record_) return BroadcastResult::none;
    const std::int64_t cursor = next_record_;
    if (!is_place(cursor) || is_overwritten(cursor)) return start_again();

    // Everything read from here on may be of a record that is being overwritten: used only within
    // the buffer, and believed only after the last check.
    std::int64_t index = cursor & (capacity_ - 1);
    std::int64_t passed = 0;
    RecordHeader header = read_header(buffer_.data() + index);
    if (header.message_type == broadcast::kPaddingTypeId) {
        passed = capacity_ - index;
        index = 0;
        header = read_header(buffer_.data());
    }
    const std::int64_t payload_length = header.length - broadcast::kHeaderLength;
    const bool plausible = payload_length >= 0 && index + header.length <= capacity_;
    if (plausible) {
        length_ = static_cast<std::size_t>(payload_length);
        if (scratch_.size() < length_) scratch_.resize(length_);
        broadcast::copy_out(Bytes(scratch_.data(), length_),
                            buffer_.data() + index + broadcast::kHeaderLength);
    }
    load_load_fence();
    if (!plausible || is_overwritten(cursor)) return start_again();

    message_type_ = header.message_type;
    next_record_ = cursor + passed + align_up<std::int64_t>(header.length, broadcast::kAlignment);
    return BroadcastResult::received;
}

}  // namespace tern::memory
