#pragma once
// The receiving side of a broadcast buffer (TRN-5.5): each client has one. A view; the bytes
// belong to the caller and outlive it.
//
// Every record is copied to private memory and then validated, so what the handler sees was whole.
// Nothing read from the buffer is trusted before that: lengths are bounded by the buffer, and after
// a loss the receiver starts again at the latest record.
//
// Thread safety: one thread per receiver; any number of receivers per buffer.

#include <cstdint>
#include <utility>
#include <vector>

#include "tern/base/bytes.hpp"
#include "tern/memory/broadcast_buffer.hpp"

namespace tern::memory {

enum class BroadcastResult : std::uint8_t {
    none,      ///< nothing new
    received,  ///< the handler was called once
    lost,      ///< unable to keep up with broadcast: an unknown number of records is gone
};

class BroadcastReceiver {
  public:
    /// `buffer`: capacity (a power of two) plus kBroadcastTrailerLength, 8-byte aligned; throws
    /// Error when it is not. The first record seen is the latest one already transmitted, if any.
    explicit BroadcastReceiver(Bytes buffer);

    [[nodiscard]] std::int64_t capacity() const noexcept { return capacity_; }
    /// How often records were lost.
    [[nodiscard]] std::int64_t lapped_count() const noexcept { return lapped_count_; }

    /// Takes the next record, if any, and calls handler(std::int32_t message_type, ConstBytes
    /// payload); the payload is a private copy, valid during the call.
    template <typename Handler>
    BroadcastResult receive(Handler&& handler) {
        const BroadcastResult result = copy_next();
        if (result == BroadcastResult::received) {
            std::forward<Handler>(handler)(message_type_, ConstBytes(scratch_.data(), length_));
        }
        return result;
    }

  private:
    [[nodiscard]] BroadcastResult copy_next();
    [[nodiscard]] BroadcastResult start_again() noexcept;
    [[nodiscard]] bool is_overwritten(std::int64_t cursor) const noexcept;
    [[nodiscard]] std::byte* trailer(std::size_t offset) const noexcept {
        return buffer_.data() + capacity_ + offset;
    }

    Bytes buffer_;
    std::int64_t capacity_;
    std::int64_t next_record_;
    std::int64_t lapped_count_ = 0;
    std::int32_t message_type_ = 0;
    std::size_t length_ = 0;
    std::vector<std::byte> scratch_;
};

}  // namespace tern::memory
