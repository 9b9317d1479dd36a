#pragma once
// The sending side of a broadcast buffer (TRN-5.5): driver to clients. A view; the bytes belong to
// the caller and outlive it.
//
// Thread safety: one transmitter thread per buffer.

#include <cstdint>

#include "tern/base/bytes.hpp"
#include "tern/memory/broadcast_buffer.hpp"

namespace tern::memory {

class BroadcastTransmitter {
  public:
    /// `buffer`: capacity (a power of two) plus kBroadcastTrailerLength, 8-byte aligned; throws
    /// Error when it is not.
    explicit BroadcastTransmitter(Bytes buffer);

    [[nodiscard]] std::int64_t capacity() const noexcept { return capacity_; }
    [[nodiscard]] std::int64_t max_payload_length() const noexcept { return capacity_ / 8; }

    /// Always succeeds; receivers that have not kept up lose records. Throws Error on a type id
    /// below 1 or a payload too long.
    void transmit(std::int32_t message_type, ConstBytes payload);

  private:
    Bytes buffer_;
    std::int64_t capacity_;
};

}  // namespace tern::memory
