#include "sim/checkers/leadership.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tern::sim {
namespace {

std::string named(Leader leader) {
    return fmt::format("member {} (start {})", leader.member, leader.incarnation);
}

}  // namespace

std::optional<std::string> LeadershipChecker::leads(Leader leader, std::int64_t leadership_term_id,
                                                    std::int64_t now_ns) {
    const auto term = terms_.try_emplace(leadership_term_id, leader, now_ns).first;
    const Term first = term->second;
    if (terms_.size() > kMaxTerms) terms_.erase(terms_.begin());
    auto& last_led = last_led_.try_emplace(leader.member, leadership_term_id).first->second;
    const std::int64_t before = last_led;
    last_led = std::max(last_led, leadership_term_id);

    if (first.leader != leader) {
        return fmt::format("term {} has two leaders: {} since {}, {} at {}", leadership_term_id,
                           named(first.leader), first.since_ns, named(leader), now_ns);
    }
    if (leadership_term_id < before) {
        return fmt::format("{} leads term {} at {}, after it led term {}", named(leader),
                           leadership_term_id, now_ns, before);
    }
    return std::nullopt;
}

}  // namespace tern::sim
