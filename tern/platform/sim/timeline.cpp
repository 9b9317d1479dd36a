#include "tern/platform/sim/timeline.hpp"

#include <array>
#include <bit>

#include <array>

#include "tern/platform/split_mix.hpp"

namespace tern::platform::sim {

namespace {

// Odd numbers without a pattern, as split_mix() has them.
constexpr std::array<std::uint64_t, 4> kFactors{0xBF58476D1CE4E5B9U, 0x94D049BB133111EBU,
                                                0xC2B2AE3D27D4EB4FU, 0xD6E8FEB86659FD93U};
constexpr std::size_t kBlockLength = kFactors.size() * sizeof(std::uint64_t);

std::uint64_t mix(std::uint64_t hash, std::uint64_t word) noexcept {
    return split_mix(hash ^ (word + kSplitMixIncrement));
}

}  // namespace

std::string_view to_string(Event event) noexcept {
    constexpr std::array<std::string_view, 12> kNames{
        "turn",          "time step",          "process",          "crash",
        "datagram sent", "datagram delivered", "datagram dropped", "file write",
        "file resize",   "file sync",          "directory change", "bit rot"};
    const auto index = static_cast<std::size_t>(event);
    return index < kNames.size() ? kNames[index] : "event";
}

std::uint64_t hash_of(ConstBytes bytes) noexcept {
    std::uint64_t hash = bytes.size();
    if (bytes.size() >= kBlockLength) {
        // Four sums side by side: one after the other, a processor would only wait for products.
        std::array<std::uint64_t, 4> lanes = kFactors;
        for (; bytes.size() >= kBlockLength; bytes = bytes.subspan(kBlockLength)) {
            for (std::size_t i = 0; i < lanes.size(); ++i) {
                const auto word = load<std::uint64_t>(bytes.data() + i * sizeof(std::uint64_t));
                // Once more after the turn: the first product leaves a highest bit alone.
                lanes[i] = std::rotl(lanes[i] + word * kFactors[i], 31) * kSplitMixIncrement;
            }
        }
        for (const std::uint64_t lane : lanes) hash = mix(hash, lane);
    }
    for (; bytes.size() >= sizeof(hash); bytes = bytes.subspan(sizeof(hash))) {
        hash = mix(hash, load<std::uint64_t>(bytes.data()));
    }
    std::uint64_t rest = 0;
    for (const std::byte byte : bytes) rest = (rest << 8) | static_cast<std::uint64_t>(byte);
    return mix(hash, rest);
}

void Timeline::advance(std::int64_t step_ns) noexcept {
    now_ns_ += step_ns;
    note(Event::time_step, static_cast<std::uint64_t>(step_ns));
}

void Timeline::note(Event event, std::uint64_t a, std::uint64_t b, std::uint64_t c) noexcept {
    ++event_count_;
    hash_ = mix(hash_, static_cast<std::uint64_t>(event));
    for (const std::uint64_t word : {a, b, c}) hash_ = mix(hash_, word);
    if (watcher_) watcher_(event, a, b, c);
}

}  // namespace tern::platform::sim
