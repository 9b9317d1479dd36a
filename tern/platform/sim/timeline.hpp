#pragma once
// What all parts of a simulated world share: virtual time, and the hash of all that has happened.

#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

#include "tern/base/bytes.hpp"

namespace tern::platform::sim {

enum class Event : std::uint8_t {
    turn,
    time_step,
    process,
    crash,
    datagram_sent,
    datagram_delivered,
    datagram_dropped,
    file_write,
    file_resize,
    file_sync,
    directory_change,
    bit_rot,
};

[[nodiscard]] std::string_view to_string(Event event) noexcept;

/// A well-mixed hash of some bytes.
[[nodiscard]] std::uint64_t hash_of(ConstBytes bytes) noexcept;
[[nodiscard]] inline std::uint64_t hash_of(std::string_view text) noexcept {
    return hash_of(as_bytes(text));
}

class Timeline {
  public:
    [[nodiscard]] std::int64_t now_ns() const noexcept { return now_ns_; }  ///< since the beginning
    void advance(std::int64_t step_ns) noexcept;

    /// Every choice and every effect passes here; order and content make up the hash.
    void note(Event event, std::uint64_t a = 0, std::uint64_t b = 0, std::uint64_t c = 0) noexcept;
    /// Shows every event to `watcher`: to see where two runs part.
    using Watcher = std::function<void(Event, std::uint64_t, std::uint64_t, std::uint64_t)>;
    void watch(Watcher watcher) { watcher_ = std::move(watcher); }
    [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }
    [[nodiscard]] std::uint64_t event_count() const noexcept { return event_count_; }

  private:
    std::int64_t now_ns_ = 0;
    std::uint64_t hash_ = 0;
    std::uint64_t event_count_ = 0;
    Watcher watcher_;
};

}  // namespace tern::platform::sim
