#include "tern/memory/broadcast_buffer.hpp"

#include <fmt/format.h>

#include <cstring>

#include "tern/base/atomic.hpp"
#include "tern/base/error.hpp"
#include "tern/base/math.hpp"

namespace tern::memory::broadcast {

void copy_in(std::byte* record, ConstBytes from) noexcept {
    constexpr std::size_t kWord = sizeof(std::int64_t);
    const std::size_t whole = from.size() / kWord * kWord;
    for (std::size_t i = 0; i < whole; i += kWord) {
        store_relaxed(record + i, load<std::int64_t>(from.data() + i));
    }
    if (whole < from.size()) {
        std::int64_t last = 0;
        std::memcpy(&last, from.data() + whole, from.size() - whole);
        store_relaxed(record + whole, last);
    }
}

void copy_out(Bytes to, const std::byte* record) noexcept {
    constexpr std::size_t kWord = sizeof(std::int64_t);
    const std::size_t whole = to.size() / kWord * kWord;
    for (std::size_t i = 0; i < whole; i += kWord) {
        store(to.data() + i, load_relaxed<std::int64_t>(record + i));
    }
    if (whole < to.size()) {
        const auto last = load_relaxed<std::int64_t>(record + whole);
        std::memcpy(to.data() + whole, &last, to.size() - whole);
    }
}

void check_length(std::size_t length) {
    if (length < kBroadcastTrailerLength + 8 ||
        !is_power_of_two(length - kBroadcastTrailerLength) || length > INT32_MAX) {
        throw Error(fmt::format(
            "broadcast buffer: capacity must be a power of two, plus {} of trailer: length={}",
            kBroadcastTrailerLength, length));
    }
}

}  // namespace tern::memory::broadcast
