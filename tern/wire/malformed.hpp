#pragma once
// Why bytes from outside were refused. Decoders of this room return std::expected<T, Malformed>;
// nothing they return points outside the bytes they were given.

#include <cstdint>
#include <expected>
#include <string_view>

namespace tern::wire {

enum class Malformed : std::uint8_t {
    too_short,           ///< the bytes end before the fixed fields do
    bad_length,          ///< an inner length is negative or runs past the end
    wrong_schema,        ///< SBE: another schema id
    wrong_template,      ///< SBE: another message
    unknown_enum_value,  ///< neither a listed value nor the null value
    bad_value,           ///< a field has a value that no peer writes
};

[[nodiscard]] constexpr std::string_view to_string(Malformed malformed) noexcept {
    switch (malformed) {
        case Malformed::too_short:
            return "too short";
        case Malformed::bad_length:
            return "bad length";
        case Malformed::wrong_schema:
            return "wrong schema";
        case Malformed::wrong_template:
            return "wrong template";
        case Malformed::unknown_enum_value:
            return "unknown enum value";
        case Malformed::bad_value:
            return "bad value";
    }
    return "malformed";
}

template <typename Message>
using Decoded = std::expected<Message, Malformed>;

}  // namespace tern::wire
