#pragma once
// No acknowledged command is lost, and none is applied twice.
//
// A history is what a cluster applies: at each log position one command. Members tell what they
// apply; who tells of a position first defines it for all. A member goes through the history
// without leaving anything out, from where its state was restored; positions may come again after
// a restart, with the same commands.
//
// Findings are one line each. Log positions in bytes. No thread safety.

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tern::sim {

/// Unique in a run. The numbers of a client ascend in the order in which it sends; a client is one
/// session, since the log keeps the order of a session only.
struct CommandId {
    std::int64_t client = 0;
    std::int64_t number = 0;
    auto operator<=>(const CommandId&) const = default;
};

class ExactlyOnceChecker {
  public:
    static constexpr std::size_t kMaxCommands = 1 << 20;  ///< sent, in a run

    /// Before the command is offered: from now on it may be applied.
    void sent(CommandId id);
    /// The client has the service's answer.
    [[nodiscard]] std::optional<std::string> acknowledged(CommandId id);

    /// The state of this member is that of `log_position`: a snapshot's, or the log's beginning.
    void restored(std::int32_t member, std::int64_t log_position);
    /// The service of this member applies a command.
    [[nodiscard]] std::optional<std::string> applied(std::int32_t member, std::int64_t log_position,
                                                     CommandId id);
    /// This member's state is final: all acknowledged commands should be in it.
    [[nodiscard]] std::optional<std::string> finish(std::int32_t member) const;

  private:
    struct Fate {
        std::optional<std::int64_t> position;  // where it is in the history
        bool acknowledged = false;
    };

    [[nodiscard]] std::optional<std::string> check_step(std::int32_t member, std::int64_t from,
                                                        std::int64_t to, CommandId id) const;
    [[nodiscard]] std::optional<std::string> add_to_history(std::int32_t member,
                                                            std::int64_t log_position,
                                                            CommandId id);

    std::map<CommandId, Fate> commands_;
    std::map<std::int64_t, CommandId> history_;       // by log position
    std::map<std::int32_t, std::int64_t> positions_;  // of the members' states
};

}  // namespace tern::sim
