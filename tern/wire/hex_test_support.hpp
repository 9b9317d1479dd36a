#pragma once
// For the tests of this room: bytes as text.

#include <string>
#include <string_view>
#include <vector>

#include "tern/base/bytes.hpp"

namespace tern::wire::testing {

[[nodiscard]] inline std::vector<std::byte> from_hex(std::string_view hex) {
    std::vector<std::byte> bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes.push_back(
            static_cast<std::byte>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
    }
    return bytes;
}

[[nodiscard]] inline std::string to_hex(ConstBytes bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string hex;
    for (const std::byte each : bytes) {
        hex += kDigits[static_cast<unsigned>(each) >> 4];
        hex += kDigits[static_cast<unsigned>(each) & 15];
    }
    return hex;
}

}  // namespace tern::wire::testing
