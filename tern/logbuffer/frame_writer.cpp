#include "tern/logbuffer/frame_writer.hpp"

#include <fmt/format.h>

#include "tern/base/error.hpp"

namespace tern::logbuffer {

std::int32_t message_length(std::span<const ConstBytes> parts) {
    std::size_t length = 0;
    for (const ConstBytes part : parts) {
        if (part.size() > INT32_MAX - length) {
            throw Error("the parts of a message are longer than 2 GiB together");
        }
        length += part.size();
    }
    return static_cast<std::int32_t>(length);
}

void throw_message_too_long(std::int64_t length, std::int32_t max_length) {
    throw Error(fmt::format("message exceeds max length of {}, length={}", max_length, length));
}

}  // namespace tern::logbuffer
