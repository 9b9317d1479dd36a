#include "tern/platform/sim/timeline.hpp"

#include "tern/platform/split_mix.hpp"

namespace tern::platform::sim {

namespace {
std::uint64_t mix(std::uint64_t hash, std::uint64_t word) noexcept {
    return split_mix(hash ^ (word + kSplitMixIncrement));
}
}  // namespace

std::uint64_t hash_of(ConstBytes bytes) noexcept {
    std::uint64_t hash = bytes.size();
    for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
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
