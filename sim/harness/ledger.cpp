#include "sim/harness/ledger.hpp"

#include <fmt/format.h>

namespace tern::sim {

std::optional<std::string> Ledger::answered(std::int64_t total) {
    if (pending_.empty()) return fmt::format("an answer, {}, to no command", total);
    const std::int64_t expected = total_ + pending_.front();
    pending_.pop_front();
    ++count_;
    total_ = total;
    if (total == expected) return std::nullopt;
    return fmt::format("the answer to command {} is {}, not {}", count_, total, expected);
}

std::optional<std::string> Ledger::recovered(std::int64_t total) {
    const std::int64_t acknowledged = total_;
    std::int64_t possible = total_;
    std::size_t applied = 0;
    while (possible != total && applied < pending_.size()) possible += pending_[applied++];
    const std::size_t open = pending_.size();
    pending_.clear();
    total_ = total;
    if (possible == total) return std::nullopt;
    return fmt::format("recovered {}, but {} was acknowledged, and {} with all {} open commands",
                       total, acknowledged, possible, open);
}

}  // namespace tern::sim
