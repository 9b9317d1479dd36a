#pragma once
// Bringing memory into the cache before it is needed, without waiting for it.

#include <cstddef>

#include "tern/base/math.hpp"

namespace tern {

/// Fetches the lines of `length` bytes to be written soon. Nothing happens where no memory is.
inline void prefetch_to_write(const std::byte* begin, std::size_t length) noexcept {
    for (const std::byte* line = begin; line < begin + length; line += kCacheLineLength) {
#if defined(__x86_64__)
        // GCC's builtin would fetch to read: it takes processors without this instruction, which
        // do nothing at it, into account.
        asm volatile("prefetchw %0" : : "m"(*line));
#else
        __builtin_prefetch(line, 1);
#endif
    }
}

}  // namespace tern
