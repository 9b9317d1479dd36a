#pragma once
// SBE messages for the fuzz targets: decodes, and reads everything there is in the message.

#include <string_view>

#include "tern/wire/sbe.hpp"
#include "tests/fuzz/target.hpp"

namespace tern::fuzz {

/// Visits the fields of a decoded message: what they refer to lies in the bytes.
class StaysInside {
  public:
    explicit StaysInside(ConstBytes bytes) : bytes_(bytes) {}
    template <typename Field>
    void operator()(std::string_view, const Field&, std::uint16_t = 0) {}
    void at(std::size_t) {}
    void data(std::string_view, ConstBytes value, std::uint16_t = 0) {
        require(is_inside(value, bytes_));
    }
    void data(std::string_view, std::string_view text, std::uint16_t = 0) {
        require(is_inside(text, bytes_));
    }
    template <typename Entry>
    void group(std::string_view, const wire::Group<Entry>& entries) {
        for (const Entry& entry : entries) Entry::fields(entry, *this);
    }

  private:
    ConstBytes bytes_;
};

/// Each of the messages from the same bytes; those of another template refuse them at once.
template <typename... Messages>
void decode_all(ConstBytes bytes) {
    const auto decode = [bytes](auto message) {
        using Message = decltype(message);
        if (const auto decoded = wire::decode<Message>(bytes)) {
            StaysInside inside(bytes);
            Message::fields(*decoded, inside);
        }
    };
    (decode(Messages{}), ...);
}

}  // namespace tern::fuzz
