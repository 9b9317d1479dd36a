#pragma once
// Cuts the committed frames of a term into trains of datagrams (DSR-3.4): each datagram holds whole
// frames, at most an MTU of them; datagrams of one length that lie behind each other become one
// train, which may end with a shorter one.
//
// Thread safety: pure functions.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "tern/base/bytes.hpp"
#include "tern/logbuffer/position.hpp"
#include "tern/platform/network.hpp"

namespace tern::driver {

inline constexpr std::size_t kMaxTrainsPerBatch = 16;
inline constexpr std::int32_t kMaxDatagramsPerBatch = 128;

/// The longest padding at a term's end: what did not fit there was at most the longest message,
/// with a header for every 32 bytes of it. A sender whose window ends behind the header of a
/// padding stands beyond that window by at most so much.
[[nodiscard]] constexpr std::int32_t max_padding_length(std::int32_t term_length) noexcept {
    return 2 * logbuffer::max_message_length(term_length);
}

/// Contiguous bytes of one term, to be sent in order.
struct TrainBatch {
    std::array<platform::Train, kMaxTrainsPerBatch> trains;
    std::size_t count = 0;
    std::int32_t bytes = 0;    ///< of all trains
    std::int32_t padding = 0;  ///< what the position advances beyond them, behind a PAD header
    bool is_blocked = false;   ///< there is a frame, but it does not fit the limit

    [[nodiscard]] std::span<platform::Train> span() { return {trains.data(), count}; }
};

/// Cuts from `offset` to at most `limit` bytes, padding included, and `max_datagrams`, which is at
/// most kMaxDatagramsPerBatch. Destinations are left null.
void cut_trains(ConstBytes term, std::int32_t offset, std::int64_t limit, std::int32_t mtu,
                std::int32_t max_datagrams, TrainBatch& batch) noexcept;

}  // namespace tern::driver
