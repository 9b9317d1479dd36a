#pragma once
// Messages that both ends of a stream know by seed, size class and number, so that each can tell
// whether it got what it should; java/CheckedMessages.java is the same for upstream's client.
//
// Message `number` begins with seed << 32 | number as int64; the rest is a piece of a fixed table
// that begins at (seed * 31 + number) mod 256. Its length follows from both and the size class:
// small 8 to 100 bytes; fragmented 1,400 to 16,000; mixed takes turns between small, exactly one
// full frame, one byte more, and 8 to 16,000.

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "tern/base/bytes.hpp"

namespace tern::interop {

inline constexpr std::int32_t kMaxCheckedLength = 16'000;
/// Payload of a full frame with the default MTU.
inline constexpr std::int32_t kOneFrame = 1376;

enum class Sizes : std::uint8_t { small, fragmented, mixed };
[[nodiscard]] std::string_view name_of(Sizes sizes) noexcept;

struct CheckedMessages {
    std::int32_t seed = 0;
    Sizes sizes = Sizes::small;

    /// Writes message `number` (below 2^32) to the beginning of `buffer`; returns its bytes.
    [[nodiscard]] ConstBytes write(Bytes buffer, std::int64_t number) const;
};

/// What has come of a stream: messages [first, next) but for some that were skipped, `bytes` of
/// them in all, and sum = sum * 31 + CRC-32 over the messages.
struct StreamSummary {
    std::int64_t first = -1;
    std::int64_t next = 0;
    std::int64_t skipped = 0;
    std::int64_t bytes = 0;
    std::int64_t sum = 0;
    bool in_order = true;

    void add(ConstBytes message);
    [[nodiscard]] std::string text() const;  ///< as the Java peer writes it
    friend bool operator==(const StreamSummary&, const StreamSummary&) = default;
};

/// What messages [first, next) come to, without those that are `left_out`.
[[nodiscard]] StreamSummary summary_of(const CheckedMessages& messages, std::int64_t first,
                                       std::int64_t next,
                                       const std::set<std::int64_t>& left_out = {});

}  // namespace tern::interop
