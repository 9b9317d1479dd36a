#include "sim/checkers/log_checker.hpp"

#include <fmt/format.h>

#include <utility>

#include "tern/base/assert.hpp"
#include "tern/platform/sim/timeline.hpp"

namespace tern::sim {

void LogChecker::started(std::int32_t member, std::int64_t position) {
    TERN_ASSERT(position >= 0 && position % kBlockLength == 0, "a position between two frames");
    positions_[member] = position;
}

std::optional<std::string> LogChecker::committed(std::int32_t member, std::int64_t position,
                                                 ConstBytes bytes) {
    const auto length = static_cast<std::int64_t>(bytes.size());
    TERN_ASSERT(position >= 0 && position % kBlockLength == 0 && length % kBlockLength == 0,
                "whole frames");
    TERN_ASSERT(position + length <= kMaxLogLength, "a run writes a shorter log");
    const auto expected = positions_.find(member);
    TERN_ASSERT(expected != positions_.end(), "a member starts before it commits");
    const std::int64_t before = std::exchange(expected->second, position + length);
    if (position != before) {
        return fmt::format("member {} commits from {} on, though it stood at {}", member, position,
                           before);
    }
    if (position + length > commit_position_) {
        commit_position_ = position + length;
        furthest_ = member;
        const auto count = static_cast<std::size_t>(commit_position_ / kBlockLength);
        if (blocks_.size() < count) blocks_.resize(count);
    }
    for (; !bytes.empty(); bytes = bytes.subspan(kBlockLength), position += kBlockLength) {
        const std::uint64_t hash = platform::sim::hash_of(bytes.first(kBlockLength));
        Block& block = blocks_[static_cast<std::size_t>(position / kBlockLength)];
        if (block.member == kNobody) block = {hash, member};
        if (block.hash == hash) continue;
        return fmt::format("member {} commits other bytes at {} than member {} did", member,
                           position, block.member);
    }
    return std::nullopt;
}

std::optional<std::string> LogChecker::elected(std::int32_t member,
                                               std::int64_t append_position) const {
    if (append_position >= commit_position_) return std::nullopt;
    return fmt::format("member {} is elected with a log up to {}, but member {} committed up to {}",
                       member, append_position, furthest_, commit_position_);
}

}  // namespace tern::sim
