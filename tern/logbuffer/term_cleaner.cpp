#include "tern/logbuffer/term_cleaner.hpp"

#include <cstring>

#include "tern/base/atomic.hpp"

namespace tern::logbuffer {

void clean_term(Bytes term, std::int32_t offset, std::int32_t length) noexcept {
    if (length <= 0) return;
    std::byte* const from = term.data() + offset;
    std::memset(from + 8, 0, static_cast<std::size_t>(length) - 8);
    store_release<std::int64_t>(from, 0);
}

void clean_word(Bytes term, std::int32_t offset) noexcept {
    store_release<std::int64_t>(term.data() + offset, 0);
}

}  // namespace tern::logbuffer
