#pragma once
// A stream of numbered messages whose every byte follows from the number: what tests record, and
// how they know that a replay brought all of it, and nothing else.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "tern/base/bytes.hpp"

namespace tern::testing_support {

/// Message lengths go through all of [4, kMaxStreamMessage): some are fragmented.
inline constexpr int kMaxStreamMessage = 5000;

/// Message `number`: the number in its first four bytes.
[[nodiscard]] inline std::vector<std::byte> stream_message(int number) {
    std::vector<std::byte> bytes(
        static_cast<std::size_t>(4 + (number * 131) % (kMaxStreamMessage - 4)));
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::byte>(static_cast<std::size_t>(number) * 7 + i);
    }
    store(bytes.data(), number);
    return bytes;
}

/// Expects messages `next`, `next` + 1, ... of the stream.
struct StreamCheck {
    int next = 0;
    void operator()(ConstBytes received) {
        const auto expected = stream_message(next);
        ASSERT_TRUE(std::ranges::equal(received, expected))
            << "message " << next << " differs; " << received.size() << " bytes instead of "
            << expected.size();
        ++next;
    }
};

}  // namespace tern::testing_support
