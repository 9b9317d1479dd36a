#pragma once
// Members of a cluster: the member and ingress endpoint strings, per-member state as the others
// report it, and what a quorum of them says. Pure: no I/O, time is passed in.
// Spec: CLF-17 (strings), CON-4 (state, predicates, quorum position).

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tern/cluster/cluster_types.hpp"

namespace tern::cluster {

/// More members than any cluster has; bounds what a configuration may claim.
inline constexpr std::size_t kMaxMembers = 64;

struct MemberEndpoints {
    std::string ingress;
    std::string consensus;
    std::string log;
    std::string catchup;
    std::string archive;
    std::string archive_response;  ///< optional
    std::string egress_response;   ///< optional, unused by the peers

    /// The five mandatory ones joined by ','.
    [[nodiscard]] std::string mandatory() const;
};

struct ClusterMember {
    std::int32_t id = -1;
    MemberEndpoints endpoints;

    // What the member reported last (CON-4.1). "update" always assigns all three.
    std::int64_t leadership_term_id = -1;
    std::int64_t log_position = kNullPosition;
    std::optional<std::int64_t> time_of_last_append_ns;  ///< monotonic; empty: never heard of

    // Ballot.
    std::int64_t candidate_term_id = -1;
    std::optional<bool> vote;
    bool is_ballot_sent = false;

    bool is_leader = false;
    bool has_terminated = false;

    void update_position(std::int64_t term_id, std::int64_t position, std::int64_t now_ns) {
        leadership_term_id = term_id;
        log_position = position;
        time_of_last_append_ns = now_ns;
    }
    /// What entering CANVASS forgets: everything but the time of the last report.
    void reset();
    [[nodiscard]] bool is_active(std::int64_t now_ns, std::int64_t heartbeat_timeout_ns) const {
        return time_of_last_append_ns && *time_of_last_append_ns + heartbeat_timeout_ns > now_ns;
    }
};

using ClusterMembers = std::vector<ClusterMember>;

/// "id,ingress,consensus,log,catchup,archive[,archiveResponse[,egressResponse]]|...".
/// Throws ConfigurationError naming the member that cannot be used; empty text gives no members.
[[nodiscard]] ClusterMembers parse_cluster_members(std::string_view text);

/// The inverse, in the members' order.
[[nodiscard]] std::string encode_cluster_members(std::span<const ClusterMember> members);

/// "id=endpoint,id=endpoint": the ingress endpoints of NewLeaderEvent and REDIRECT.
[[nodiscard]] std::string encode_ingress_endpoints(std::span<const ClusterMember> members);

/// Throws ConfigurationError ("memberId=N not found in clusterMembers", "clusterMembers and
/// endpoints differ: A != B"). Returns the index of the member.
[[nodiscard]] std::size_t find_own_member(std::span<const ClusterMember> members,
                                          std::int32_t member_id,
                                          std::string_view member_endpoints);

[[nodiscard]] ClusterMember* find_member(std::span<ClusterMember> members, std::int32_t id);

[[nodiscard]] constexpr std::size_t quorum_threshold(std::size_t member_count) noexcept {
    return member_count / 2 + 1;
}

/// First by term, then by position: -1, 0, 1.
[[nodiscard]] int compare_log(std::int64_t lhs_term_id, std::int64_t lhs_position,
                              std::int64_t rhs_term_id, std::int64_t rhs_position) noexcept;

/// A member that has reported a log no longer than the candidate's would vote for it. Activity is
/// deliberately not considered (CON-4.2).
[[nodiscard]] bool will_vote_for(const ClusterMember& member, const ClusterMember& candidate);

/// `excluded_id`: the leader that closed its log gracefully, or -1.
[[nodiscard]] bool is_unanimous_candidate(std::span<const ClusterMember> members,
                                          const ClusterMember& candidate, std::int32_t excluded_id);
[[nodiscard]] bool is_quorum_candidate(std::span<const ClusterMember> members,
                                       const ClusterMember& candidate);
[[nodiscard]] bool is_unanimous_leader(std::span<const ClusterMember> members, std::int64_t term_id,
                                       std::int32_t excluded_id);
[[nodiscard]] bool is_quorum_leader(std::span<const ClusterMember> members, std::int64_t term_id);
[[nodiscard]] bool has_active_quorum(std::span<const ClusterMember> members, std::int64_t now_ns,
                                     std::int64_t heartbeat_timeout_ns);
[[nodiscard]] bool has_quorum_at_position(std::span<const ClusterMember> members,
                                          std::int64_t leadership_term_id, std::int64_t position,
                                          std::int64_t now_ns, std::int64_t heartbeat_timeout_ns);

/// The highest position that a quorum of *active* members has; 0 with fewer active than a quorum
/// (CON-4.3).
[[nodiscard]] std::int64_t quorum_position(std::span<const ClusterMember> members,
                                           std::int64_t now_ns, std::int64_t heartbeat_timeout_ns);

}  // namespace tern::cluster
