#pragma once
// Zeroing consumed parts of terms, so that publishers and rebuilders find them clean (TRN-2.13).

#include <cstdint>

#include "tern/base/bytes.hpp"

namespace tern::logbuffer {

/// Zeroes [offset, offset + length) of the term, the first commit word last. Multiples of 32.
void clean_term(Bytes term, std::int32_t offset, std::int32_t length) noexcept;

/// Zeroes the word with the frame length, so that nobody reads on at that offset.
void clean_word(Bytes term, std::int32_t offset) noexcept;

}  // namespace tern::logbuffer
