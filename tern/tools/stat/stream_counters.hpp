#pragma once
// The counters of streams, brought together by what they count: session id, stream id and the
// channel as far as the counters' keys have it (TLG-3, TLG-20.3). A stream's publisher and its
// subscribers usually name the channel differently, and then are two entries.

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tern/tools/stat/counter_samples.hpp"

namespace tern::tools {

struct StreamCounter {
    std::int32_t counter_id = 0;
    std::int32_t type_id = 0;
    std::int64_t registration_id = 0;  ///< in the key: of the publication, image or subscription
    std::int64_t value = 0;
    std::string name;     ///< the label up to its first ':', such as "pub-pos (concurrent)"
    std::string channel;  ///< as the label has it, else the key
};

struct StreamName {
    std::int32_t session_id = 0;
    std::int32_t stream_id = 0;
    std::string channel;  ///< cut to 92 bytes
    auto operator<=>(const StreamName&) const = default;
};

struct Stream {
    StreamName name;
    std::vector<StreamCounter> counters;  ///< in order of id
    /// The longest that any of the counters has.
    [[nodiscard]] const std::string& channel() const;
};

/// Positions and limits of publisher, sender, receiver and subscriber.
[[nodiscard]] bool is_stream_position(std::int32_t type_id) noexcept;
/// Those, and the stream's counts of back pressure events and NAKs.
[[nodiscard]] bool is_stream_counter(std::int32_t type_id) noexcept;

/// In order of session id, stream id and channel. Counters whose key cannot be read are left out.
[[nodiscard]] std::vector<Stream> group_by_stream(std::span<const CounterSample> counters,
                                                  bool (*wanted)(std::int32_t type_id) noexcept);

}  // namespace tern::tools
