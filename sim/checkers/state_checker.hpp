#pragma once
// The states of a replicated service are equal at equal log positions, whoever has them and however
// they came about: applied command by command, or restored from a snapshot and replayed.
//
// Findings are one line and name both. Log positions in bytes. No thread safety.

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace tern::sim {

class StateChecker {
  public:
    static constexpr std::size_t kMaxPositions = 1 << 16;  ///< remembered: the latest

    /// The state of this member has this hash at this log position.
    [[nodiscard]] std::optional<std::string> state(std::int32_t member, std::int64_t log_position,
                                                   std::uint64_t hash);
    /// Snapshot and log, replayed, gave this state.
    [[nodiscard]] std::optional<std::string> reproduced(std::int64_t snapshot_position,
                                                        std::int64_t log_position,
                                                        std::uint64_t hash);

  private:
    struct State {
        std::uint64_t hash;
        bool reproduced;
        std::int64_t source;  // member, or position of the snapshot
    };
    [[nodiscard]] static std::string named(const State& state);
    [[nodiscard]] std::optional<std::string> compare(std::int64_t log_position, State state);

    std::map<std::int64_t, State> states_;  // the first at each log position
};

}  // namespace tern::sim
