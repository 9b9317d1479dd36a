#pragma once
// What a cluster has committed never changes: committed log bytes are equal on all members and
// across restarts, and nobody leads without all of them.
//
// Who commits a stretch first defines it for all; the checker keeps a hash of each 32 bytes, the
// alignment of frames, which also says where two logs part. What may differ between members is
// blanked by the caller: the session id in the frame headers, since a member that catches up
// records a replay.
//
// Log positions in bytes, multiples of 32. Findings are one line each. No thread safety.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tern/base/bytes.hpp"

namespace tern::sim {

class LogChecker {
  public:
    static constexpr std::int64_t kBlockLength = 32;
    static constexpr std::int64_t kMaxLogLength = 1 << 30;  ///< half of it in memory

    /// A member starts, and its committed log will be told from `position` on.
    void started(std::int32_t member, std::int64_t position);
    /// The next stretch that is committed on this member.
    [[nodiscard]] std::optional<std::string> committed(std::int32_t member, std::int64_t position,
                                                       ConstBytes bytes);
    /// A member has been elected; its log ends at `append_position`.
    [[nodiscard]] std::optional<std::string> elected(std::int32_t member,
                                                     std::int64_t append_position) const;

    /// Up to where any member has committed.
    [[nodiscard]] std::int64_t commit_position() const noexcept { return commit_position_; }

  private:
    struct Block {
        std::uint64_t hash = 0;
        std::int32_t member = kNobody;  // who committed it first
    };
    static constexpr std::int32_t kNobody = -1;

    std::vector<Block> blocks_;                       // from position 0 on
    std::map<std::int32_t, std::int64_t> positions_;  // of the members
    std::int64_t commit_position_ = 0;
    std::int32_t furthest_ = kNobody;  // who committed up to there first
};

}  // namespace tern::sim
