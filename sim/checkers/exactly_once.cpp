#include "sim/checkers/exactly_once.hpp"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "tern/base/assert.hpp"

namespace tern::sim {
namespace {

std::string named(CommandId id) {
    return fmt::format("command {} of client {}", id.number, id.client);
}

}  // namespace

void ExactlyOnceChecker::sent(CommandId id) {
    TERN_ASSERT(commands_.size() < kMaxCommands, "a run sends fewer commands");
    const bool is_new = commands_.try_emplace(id).second;
    TERN_ASSERT(is_new, "a command is sent once");
}

std::optional<std::string> ExactlyOnceChecker::acknowledged(CommandId id) {
    const auto command = commands_.find(id);
    if (command == commands_.end()) return named(id) + " acknowledged, but never sent";
    command->second.acknowledged = true;
    if (command->second.position) return std::nullopt;
    return named(id) + " acknowledged, but no member has applied it";
}

void ExactlyOnceChecker::restored(std::int32_t member, std::int64_t log_position) {
    positions_[member] = log_position;
}

std::optional<std::string> ExactlyOnceChecker::applied(std::int32_t member,
                                                       std::int64_t log_position, CommandId id) {
    const auto position = positions_.find(member);
    TERN_ASSERT(position != positions_.end(), "a member is restored before it applies");
    const std::int64_t from = std::exchange(position->second, log_position);
    if (auto found = check_step(member, from, log_position, id)) return found;
    if (history_.contains(log_position)) return std::nullopt;
    return add_to_history(member, log_position, id);
}

// The member's step agrees with the history as far as it is known.
std::optional<std::string> ExactlyOnceChecker::check_step(std::int32_t member, std::int64_t from,
                                                          std::int64_t to, CommandId id) const {
    if (to <= from) {
        return fmt::format("member {} applied {} at {}, though its state is at {} already", member,
                           named(id), to, from);
    }
    const auto next = history_.upper_bound(from);
    if (next == history_.end()) return std::nullopt;
    if (next->first == to && next->second == id) return std::nullopt;
    return fmt::format("member {} applied {} at {} where the history has {} at {}", member,
                       named(id), to, named(next->second), next->first);
}

std::optional<std::string> ExactlyOnceChecker::add_to_history(std::int32_t member,
                                                              std::int64_t log_position,
                                                              CommandId id) {
    const auto command = commands_.find(id);
    if (command == commands_.end()) {
        return fmt::format("member {} applied {} at {}, but it was never sent", member, named(id),
                           log_position);
    }
    history_.emplace(log_position, id);
    const auto before = std::exchange(command->second.position, log_position);
    if (before) {
        return fmt::format("member {} applied {} at {}, but it was applied at {} before", member,
                           named(id), log_position, *before);
    }
    // New positions ascend, so a later command of the client that is in the history is out of
    // order.
    for (auto later = std::next(command);
         later != commands_.end() && later->first.client == id.client; ++later) {
        if (!later->second.position) continue;
        return fmt::format("member {} applied {} at {}, after {} at {}", member, named(id),
                           log_position, named(later->first), *later->second.position);
    }
    return std::nullopt;
}

std::optional<std::string> ExactlyOnceChecker::finish(std::int32_t member) const {
    const auto state = positions_.find(member);
    const std::int64_t position = state == positions_.end() ? -1 : state->second;
    for (const auto& [id, fate] : commands_) {
        if (!fate.acknowledged || (fate.position && *fate.position <= position)) continue;
        return fmt::format("{} was acknowledged, but member {} ends at {} without it", named(id),
                           member, position);
    }
    return std::nullopt;
}

}  // namespace tern::sim
