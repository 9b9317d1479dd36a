#include "sim/checkers/service_history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace tern::sim {
namespace {

std::string named(const ServiceEvent& event) {
    return fmt::format("{} {} at {}", to_string(event.kind), event.id, event.log_position);
}

bool is_same(const ServiceEvent& a, const ServiceEvent& b) {
    return a.kind == b.kind && a.log_position == b.log_position && a.timestamp == b.timestamp &&
           a.id == b.id && a.payload == b.payload;
}

}  // namespace

std::string_view to_string(ServiceEvent::Kind kind) noexcept {
    constexpr std::array<std::string_view, 6> kNames{
        "open of session", "close of session", "command of session", "message", "timer", "term"};
    return kNames[static_cast<std::size_t>(kind)];
}

std::optional<std::string> ServiceHistory::restored(std::int32_t member, std::int64_t log_position,
                                                    const std::vector<std::int64_t>& sessions) {
    positions_[member] = log_position;
    std::set<std::int64_t> open;
    for (const auto& [position, event] : events_) {
        if (position > log_position) break;
        if (event.kind == ServiceEvent::Kind::open) open.insert(event.id);
        if (event.kind == ServiceEvent::Kind::close) open.erase(event.id);
    }
    if (std::ranges::equal(open, sessions)) return std::nullopt;
    return fmt::format("member {} restored at {} has sessions [{}], not [{}]", member, log_position,
                       fmt::join(sessions, " "), fmt::join(open, " "));
}

std::optional<std::string> ServiceHistory::applied(std::int32_t member, const ServiceEvent& event) {
    const std::int64_t from = std::exchange(positions_[member], event.log_position);
    auto found = check_known(event, from);
    if (!found && !events_.contains(event.log_position)) {
        found = check_new(event);
        events_.emplace(event.log_position,
                        Stored{event.kind, event.timestamp, event.id, std::string(event.payload)});
    }
    if (found) found = fmt::format("member {}: {}", member, *found);
    return found;
}

std::optional<std::string> ServiceHistory::check_known(const ServiceEvent& event,
                                                       std::int64_t from) const {
    if (event.log_position <= from) {
        return fmt::format("{}, though it is at {} already", named(event), from);
    }
    const auto next = events_.upper_bound(from);
    if (next == events_.end() || is_same(next->second.view(next->first), event)) {
        return std::nullopt;
    }
    return fmt::format("{} where the history has {}", named(event),
                       named(next->second.view(next->first)));
}

std::optional<std::string> ServiceHistory::check_new(const ServiceEvent& event) {
    const auto session = sessions_.find(event.id);
    const bool is_open = session != sessions_.end() && session->second;
    switch (event.kind) {
        case ServiceEvent::Kind::open:
            if (session != sessions_.end()) return named(event) + ", which was open before";
            sessions_[event.id] = true;
            return std::nullopt;
        case ServiceEvent::Kind::close:
            if (!is_open) return named(event) + ", which is not open";
            sessions_[event.id] = false;
            return std::nullopt;
        case ServiceEvent::Kind::command:
            if (!is_open) return named(event) + ", which is not open";
            return std::nullopt;
        case ServiceEvent::Kind::term:
            return std::nullopt;
        default:
            break;
    }
    const auto expected = expected_.find({event.kind, event.id});
    if (expected == expected_.end()) return named(event) + ", which nobody asked for";
    if (std::exchange(expected->second, true)) return named(event) + ", for the second time";
    --pending_;
    return std::nullopt;
}

void ServiceHistory::expect(ServiceEvent::Kind kind, std::int64_t id) {
    if (expected_.try_emplace({kind, id}, false).second) ++pending_;
}

std::string ServiceHistory::first_pending() const {
    for (const auto& [expected, has_come] : expected_) {
        if (!has_come) return fmt::format("{} {}", to_string(expected.first), expected.second);
    }
    return "nothing";
}

}  // namespace tern::sim
