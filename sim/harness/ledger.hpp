#pragma once
// What a client of the `counter` service knows for sure: the total that was acknowledged, and the
// commands after it whose fate is open. Judges every total that the service tells.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace tern::sim {

class Ledger {
  public:
    [[nodiscard]] std::int64_t acknowledged_total() const noexcept { return total_; }
    [[nodiscard]] std::int64_t acknowledged_count() const noexcept { return count_; }
    [[nodiscard]] std::size_t pending() const noexcept { return pending_.size(); }

    /// A command that adds `value` is on its way.
    void sent(std::int64_t value) { pending_.push_back(value); }
    /// The service has answered the oldest open command with this total. What is wrong with it, or
    /// nullopt.
    [[nodiscard]] std::optional<std::string> answered(std::int64_t total);
    /// After a restart, or over a new session: the state is this. It must be what was acknowledged
    /// and some of the open commands after it, in their order, each once.
    [[nodiscard]] std::optional<std::string> recovered(std::int64_t total);

  private:
    std::int64_t total_ = 0;
    std::int64_t count_ = 0;
    std::deque<std::int64_t> pending_;
};

}  // namespace tern::sim
