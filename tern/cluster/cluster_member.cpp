#include "tern/cluster/cluster_member.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "tern/base/assert.hpp"
#include "tern/base/error.hpp"

namespace tern::cluster {

namespace {

constexpr std::size_t kMinFields = 6;
constexpr std::size_t kMaxFields = 8;
constexpr std::size_t kEndpointFields = 5;

/// Splits as upstream's splitter does: trailing empty parts are dropped.
std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    std::size_t begin = 0;
    while (begin <= text.size()) {
        const auto end = std::min(text.find(separator, begin), text.size());
        parts.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    while (!parts.empty() && parts.back().empty()) parts.pop_back();
    return parts;
}

ClusterMember parse_member(std::string_view text, std::string_view all) {
    const auto fields = split(text, ',');
    if (fields.size() < kMinFields || fields.size() > kMaxFields) {
        throw ConfigurationError(fmt::format("invalid member value: {} within: {}", text, all));
    }
    ClusterMember member;
    const auto id = fields[0];
    const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), member.id);
    if (error != std::errc{} || end != id.data() + id.size()) {
        throw ConfigurationError(fmt::format(
            "invalid cluster member id, must be an integer value: {} within: {}", id, all));
    }
    auto& ep = member.endpoints;
    const std::array targets{&ep.ingress,        &ep.consensus, &ep.log,
                             &ep.catchup,        &ep.archive,   &ep.archive_response,
                             &ep.egress_response};
    for (std::size_t i = 1; i < fields.size(); ++i) *targets[i - 1] = fields[i];
    return member;
}

}  // namespace

std::string MemberEndpoints::mandatory() const {
    return fmt::format("{},{},{},{},{}", ingress, consensus, log, catchup, archive);
}

void ClusterMember::reset() {
    leadership_term_id = -1;
    log_position = kNullPosition;
    candidate_term_id = -1;
    vote.reset();
    is_ballot_sent = false;
    is_leader = false;
    has_terminated = false;
}

ClusterMembers parse_cluster_members(std::string_view text) {
    ClusterMembers members;
    for (const auto part : split(text, '|')) {
        members.push_back(parse_member(part, text));
        const auto id = members.back().id;
        const auto same = std::ranges::count(members, id, &ClusterMember::id);
        if (same > 1) {
            throw ConfigurationError(fmt::format("member id {} appears twice in: {}", id, text));
        }
        if (members.size() > kMaxMembers) {
            throw ConfigurationError(fmt::format("more than {} cluster members", kMaxMembers));
        }
    }
    return members;
}

std::string encode_cluster_members(std::span<const ClusterMember> members) {
    std::string text;
    for (const auto& member : members) {
        if (!text.empty()) text += '|';
        text += fmt::format("{},{}", member.id, member.endpoints.mandatory());
        if (!member.endpoints.archive_response.empty()) {
            text += ',' + member.endpoints.archive_response;
            if (!member.endpoints.egress_response.empty()) {
                text += ',' + member.endpoints.egress_response;
            }
        }
    }
    return text;
}

std::string encode_ingress_endpoints(std::span<const ClusterMember> members) {
    std::string text;
    for (const auto& member : members) {
        if (!text.empty()) text += ',';
        text += fmt::format("{}={}", member.id, member.endpoints.ingress);
    }
    return text;
}

std::size_t find_own_member(std::span<const ClusterMember> members, std::int32_t member_id,
                            std::string_view member_endpoints) {
    const auto own = std::ranges::find(members, member_id, &ClusterMember::id);
    if (own == members.end()) {
        throw ConfigurationError(fmt::format("memberId={} not found in clusterMembers", member_id));
    }
    if (!member_endpoints.empty()) {
        if (split(member_endpoints, ',').size() != kEndpointFields) {
            throw ConfigurationError(fmt::format("invalid member value: {}", member_endpoints));
        }
        const auto configured = own->endpoints.mandatory();
        if (configured != member_endpoints) {
            throw ConfigurationError(fmt::format("clusterMembers and endpoints differ: {} != {}",
                                                 configured, member_endpoints));
        }
    }
    return static_cast<std::size_t>(own - members.begin());
}

ClusterMember* find_member(std::span<ClusterMember> members, std::int32_t id) {
    const auto found = std::ranges::find(members, id, &ClusterMember::id);
    return found == members.end() ? nullptr : &*found;
}

int compare_log(std::int64_t lhs_term_id, std::int64_t lhs_position, std::int64_t rhs_term_id,
                std::int64_t rhs_position) noexcept {
    if (lhs_term_id != rhs_term_id) return lhs_term_id < rhs_term_id ? -1 : 1;
    if (lhs_position != rhs_position) return lhs_position < rhs_position ? -1 : 1;
    return 0;
}

bool will_vote_for(const ClusterMember& member, const ClusterMember& candidate) {
    return member.log_position != kNullPosition &&
           compare_log(member.leadership_term_id, member.log_position, candidate.leadership_term_id,
                       candidate.log_position) <= 0;
}

bool is_unanimous_candidate(std::span<const ClusterMember> members, const ClusterMember& candidate,
                            std::int32_t excluded_id) {
    std::size_t votes = 0;
    for (const auto& member : members) {
        if (member.id == excluded_id) continue;
        if (!will_vote_for(member, candidate)) return false;
        ++votes;
    }
    return votes >= quorum_threshold(members.size());
}

bool is_quorum_candidate(std::span<const ClusterMember> members, const ClusterMember& candidate) {
    const auto votes = std::ranges::count_if(
        members, [&](const ClusterMember& member) { return will_vote_for(member, candidate); });
    return static_cast<std::size_t>(votes) >= quorum_threshold(members.size());
}

bool is_unanimous_leader(std::span<const ClusterMember> members, std::int64_t term_id,
                         std::int32_t excluded_id) {
    std::size_t votes = 0;
    for (const auto& member : members) {
        if (member.id == excluded_id) continue;
        if (member.candidate_term_id != term_id || !member.vote.value_or(false)) return false;
        ++votes;
    }
    return votes >= quorum_threshold(members.size());
}

bool is_quorum_leader(std::span<const ClusterMember> members, std::int64_t term_id) {
    std::size_t votes = 0;
    for (const auto& member : members) {
        if (member.candidate_term_id != term_id || !member.vote) continue;
        if (!*member.vote) return false;
        ++votes;
    }
    return votes >= quorum_threshold(members.size());
}

bool has_active_quorum(std::span<const ClusterMember> members, std::int64_t now_ns,
                       std::int64_t heartbeat_timeout_ns) {
    const auto active = std::ranges::count_if(members, [&](const ClusterMember& member) {
        return member.is_active(now_ns, heartbeat_timeout_ns);
    });
    return static_cast<std::size_t>(active) >= quorum_threshold(members.size());
}

bool has_quorum_at_position(std::span<const ClusterMember> members, std::int64_t leadership_term_id,
                            std::int64_t position, std::int64_t now_ns,
                            std::int64_t heartbeat_timeout_ns) {
    const auto there = std::ranges::count_if(members, [&](const ClusterMember& member) {
        return member.is_active(now_ns, heartbeat_timeout_ns) &&
               member.leadership_term_id == leadership_term_id && member.log_position >= position;
    });
    return static_cast<std::size_t>(there) >= quorum_threshold(members.size());
}

std::int64_t quorum_position(std::span<const ClusterMember> members, std::int64_t now_ns,
                             std::int64_t heartbeat_timeout_ns) {
    TERN_ASSERT(members.size() <= kMaxMembers, "no more members than the parser accepts");
    std::array<std::int64_t, kMaxMembers> positions{};
    std::size_t count = 0;
    for (const auto& member : members) {
        positions[count++] = member.is_active(now_ns, heartbeat_timeout_ns)
                                 ? std::max<std::int64_t>(0, member.log_position)
                                 : 0;
    }
    if (count == 0) return 0;
    const auto rank = static_cast<std::ptrdiff_t>(quorum_threshold(count)) - 1;
    const auto end = positions.begin() + static_cast<std::ptrdiff_t>(count);
    std::nth_element(positions.begin(), positions.begin() + rank, end, std::greater<>{});
    return positions[static_cast<std::size_t>(rank)];
}

}  // namespace tern::cluster
