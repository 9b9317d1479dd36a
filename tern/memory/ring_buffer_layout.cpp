#include "tern/memory/ring_buffer_layout.hpp"

#include <fmt/format.h>

#include "tern/base/error.hpp"

namespace tern::memory {

void check_ring_length(std::size_t length) {
    if (length < kRingTrailerLength + ring::kHeaderLength ||
        !is_power_of_two(length - kRingTrailerLength) || length > INT32_MAX) {
        throw Error(fmt::format(
            "ring buffer: capacity must be a power of two, plus {} of trailer: length={}",
            kRingTrailerLength, length));
    }
}

void check_ring_message(std::int32_t message_type, std::size_t length, std::int64_t max_length) {
    if (message_type < 1) {
        throw Error(fmt::format("ring buffer: message type must be positive: {}", message_type));
    }
    if (length > static_cast<std::size_t>(max_length)) {
        throw Error(fmt::format("ring buffer: message exceeds max length of {}: length={}",
                                max_length, length));
    }
}

}  // namespace tern::memory
