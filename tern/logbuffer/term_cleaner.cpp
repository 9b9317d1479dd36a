#include "tern/logbuffer/term_cleaner.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "tern/base/atomic.hpp"
#include "tern/base/math.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace tern::logbuffer {
namespace {

/// From this length on a log's terms are in no core's cache when they come round again, and what is
/// cleaned is written long afterwards.
constexpr std::size_t kUncachedTermLength = 4 << 20;

/// Past the cache: what is overwritten is not read, and nothing else loses its place.
void stream_zeros(std::byte* begin, std::size_t length) noexcept {
#if defined(__SSE2__)
    const std::size_t head = std::min(
        length, (kCacheLineLength - reinterpret_cast<std::uintptr_t>(begin)) % kCacheLineLength);
    const std::size_t streamed = (length - head) / kCacheLineLength * kCacheLineLength;
    std::memset(begin, 0, head);
    for (std::size_t at = head; at < head + streamed; at += sizeof(__m128i)) {
        _mm_stream_si128(reinterpret_cast<__m128i*>(begin + at), _mm_setzero_si128());
    }
    std::memset(begin + head + streamed, 0, length - head - streamed);
    _mm_sfence();  // streamed stores are not in order with others
#else
    std::memset(begin, 0, length);
#endif
}

}  // namespace

void clean_term(Bytes term, std::int32_t offset, std::int32_t length) noexcept {
    if (length <= 0) return;
    std::byte* const from = term.data() + offset;
    const auto rest = static_cast<std::size_t>(length) - 8;
    if (term.size() < kUncachedTermLength) {
        std::memset(from + 8, 0, rest);
    } else {
        stream_zeros(from + 8, rest);
    }
    store_release<std::int64_t>(from, 0);
}

void clean_word(Bytes term, std::int32_t offset) noexcept {
    store_release<std::int64_t>(term.data() + offset, 0);
}

}  // namespace tern::logbuffer
