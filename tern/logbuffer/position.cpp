#include "tern/logbuffer/position.hpp"

#include <fmt/format.h>

#include "tern/base/error.hpp"

namespace tern::logbuffer {

namespace {

void check_length(std::string_view what, std::int64_t length, std::int64_t min, std::int64_t max) {
    if (length < min) {
        throw Error(fmt::format("{} less than min length of {}: length={}", what, min, length));
    }
    if (length > max) {
        throw Error(fmt::format("{} more than max length of {}: length={}", what, max, length));
    }
    if (!is_power_of_two(length)) {
        throw Error(fmt::format("{} not a power of 2: length={}", what, length));
    }
}

}  // namespace

void check_term_length(std::int64_t length) {
    check_length("Term length", length, kTermMinLength, kTermMaxLength);
}

void check_page_size(std::int64_t size) {
    check_length("Page size", size, kPageMinSize, kPageMaxSize);
}

}  // namespace tern::logbuffer
