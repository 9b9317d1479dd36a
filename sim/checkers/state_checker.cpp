#include "sim/checkers/state_checker.hpp"

#include <fmt/format.h>

namespace tern::sim {

std::string StateChecker::named(const State& state) {
    return fmt::format("{} {} has {:016x}",
                       state.reproduced ? "the replay of the snapshot of" : "member", state.source,
                       state.hash);
}

std::optional<std::string> StateChecker::state(std::int32_t member, std::int64_t log_position,
                                               std::uint64_t hash) {
    return compare(log_position, {.hash = hash, .reproduced = false, .source = member});
}

std::optional<std::string> StateChecker::reproduced(std::int64_t snapshot_position,
                                                    std::int64_t log_position, std::uint64_t hash) {
    return compare(log_position, {.hash = hash, .reproduced = true, .source = snapshot_position});
}

std::optional<std::string> StateChecker::compare(std::int64_t log_position, State state) {
    const State first = states_.try_emplace(log_position, state).first->second;
    if (states_.size() > kMaxPositions) states_.erase(states_.begin());
    if (first.hash == state.hash) return std::nullopt;
    return fmt::format("states differ at log position {}: {}, {}", log_position, named(first),
                       named(state));
}

}  // namespace tern::sim
