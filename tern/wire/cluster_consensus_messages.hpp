#pragma once
// Between the members of a cluster: elections and the log (CLF-5 of chapter 50).
//
// log_leadership_term_id is the term of the last entry of a log, leadership_term_id the current or
// next term.

#include <cstdint>
#include <string_view>

#include "tern/base/bytes.hpp"
#include "tern/wire/cluster_schema.hpp"
#include "tern/wire/sbe.hpp"

namespace tern::wire::cluster {

/// Member -> members: where the sender stands before an election.
struct CanvassPosition {
    static constexpr Template kId{kSchema, 50};

    std::int64_t log_leadership_term_id = kNullInt64;  ///< term of the sender's log
    std::int64_t log_position = kNullInt64;            ///< append position
    std::int64_t leadership_term_id = kNullInt64;  ///< highest leadership term known to the sender
    std::int32_t follower_member_id = kNullInt32;  ///< sender
    std::int32_t protocol_version = 0;             ///< 1.0.0 = 65536

    static constexpr void fields(auto& m, auto& visit) {
        visit("logLeadershipTermId", m.log_leadership_term_id);
        visit("logPosition", m.log_position);
        visit("leadershipTermId", m.leadership_term_id);
        visit("followerMemberId", m.follower_member_id);
        visit("protocolVersion", m.protocol_version, 9);
    }
};

/// Candidate -> members.
struct RequestVote {
    static constexpr Template kId{kSchema, 51};

    std::int64_t log_leadership_term_id = kNullInt64;
    std::int64_t log_position = kNullInt64;  ///< candidate's append position
    std::int64_t candidate_term_id = kNullInt64;
    std::int32_t candidate_member_id = kNullInt32;
    std::int32_t protocol_version = 0;  ///< 65536

    static constexpr void fields(auto& m, auto& visit) {
        visit("logLeadershipTermId", m.log_leadership_term_id);
        visit("logPosition", m.log_position);
        visit("candidateTermId", m.candidate_term_id);
        visit("candidateMemberId", m.candidate_member_id);
        visit("protocolVersion", m.protocol_version, 9);
    }
};

/// Sent only to the candidate.
struct Vote {
    static constexpr Template kId{kSchema, 52};

    std::int64_t candidate_term_id = kNullInt64;
    std::int64_t log_leadership_term_id = kNullInt64;  ///< voter's log term
    std::int64_t log_position = kNullInt64;            ///< voter's append position
    std::int32_t candidate_member_id = kNullInt32;
    std::int32_t follower_member_id = kNullInt32;  ///< voter
    BooleanType vote = BooleanType::null;

    static constexpr void fields(auto& m, auto& visit) {
        visit("candidateTermId", m.candidate_term_id);
        visit("logLeadershipTermId", m.log_leadership_term_id);
        visit("logPosition", m.log_position);
        visit("candidateMemberId", m.candidate_member_id);
        visit("followerMemberId", m.follower_member_id);
        visit("vote", m.vote);
    }
};

/// Announces the leader and how the receiver's log relates to the leader's recording log.
struct NewLeadershipTerm {
    static constexpr Template kId{kSchema, 53};

    std::int64_t log_leadership_term_id = kNullInt64;
    std::int64_t next_leadership_term_id = kNullInt64;
    std::int64_t next_term_base_log_position = kNullInt64;
    std::int64_t next_log_position = kNullInt64;
    std::int64_t leadership_term_id = kNullInt64;      ///< the new/current term
    std::int64_t term_base_log_position = kNullInt64;  ///< base position of that term
    std::int64_t log_position = kNullInt64;
    std::int64_t leader_recording_id = kNullInt64;  ///< leader archive's recording id of the log
    std::int64_t timestamp = kNullInt64;            ///< cluster time
    std::int32_t leader_member_id = kNullInt32;
    std::int32_t log_session_id = kNullInt32;
    std::int32_t app_version = 0;
    /// TRUE when the leader itself started in this election.
    BooleanType is_startup = BooleanType::null;
    std::int64_t commit_position = -1;

    static constexpr void fields(auto& m, auto& visit) {
        visit("logLeadershipTermId", m.log_leadership_term_id);
        visit("nextLeadershipTermId", m.next_leadership_term_id);
        visit("nextTermBaseLogPosition", m.next_term_base_log_position);
        visit("nextLogPosition", m.next_log_position);
        visit("leadershipTermId", m.leadership_term_id);
        visit("termBaseLogPosition", m.term_base_log_position);
        visit("logPosition", m.log_position);
        visit("leaderRecordingId", m.leader_recording_id);
        visit("timestamp", m.timestamp);
        visit("leaderMemberId", m.leader_member_id);
        visit("logSessionId", m.log_session_id);
        visit("appVersion", m.app_version);
        visit("isStartup", m.is_startup);
        visit("commitPosition", m.commit_position, 15);
    }
};

/// 29 bytes with header.
struct AppendPosition {
    static constexpr Template kId{kSchema, 54};

    std::int64_t leadership_term_id = kNullInt64;
    std::int64_t log_position = kNullInt64;  ///< position persisted
    std::int32_t follower_member_id = kNullInt32;
    std::uint8_t flags = 0;  ///< bit 0 = catching up

    static constexpr void fields(auto& m, auto& visit) {
        visit("leadershipTermId", m.leadership_term_id);
        visit("logPosition", m.log_position);
        visit("followerMemberId", m.follower_member_id);
        visit("flags", m.flags, 8);
    }
};

/// 28 bytes with header; also the leader heartbeat.
struct CommitPosition {
    static constexpr Template kId{kSchema, 55};

    std::int64_t leadership_term_id = kNullInt64;
    std::int64_t log_position = kNullInt64;
    std::int32_t leader_member_id = kNullInt32;

    static constexpr void fields(auto& m, auto& visit) {
        visit("leadershipTermId", m.leadership_term_id);
        visit("logPosition", m.log_position);
        visit("leaderMemberId", m.leader_member_id);
    }
};

/// Follower -> leader: asks for a replay of the log.
struct CatchupPosition {
    static constexpr Template kId{kSchema, 56};

    std::int64_t leadership_term_id = kNullInt64;
    std::int64_t log_position = kNullInt64;  ///< replay start
    std::int32_t follower_member_id = kNullInt32;
    std::string_view catchup_endpoint{};  ///< host:port with a resolved port (never :0)

    static constexpr void fields(auto& m, auto& visit) {
        visit("leadershipTermId", m.leadership_term_id);
        visit("logPosition", m.log_position);
        visit("followerMemberId", m.follower_member_id);
        visit.data("catchupEndpoint", m.catchup_endpoint);
    }
};

/// Leader -> follower.
struct StopCatchup {
    static constexpr Template kId{kSchema, 57};

    std::int64_t leadership_term_id = kNullInt64;
    std::int32_t follower_member_id = kNullInt32;

    static constexpr void fields(auto& m, auto& visit) {
        visit("leadershipTermId", m.leadership_term_id);
        visit("followerMemberId", m.follower_member_id);
    }
};

/// Leader -> followers: terminate at this position.
struct TerminationPosition {
    static constexpr Template kId{kSchema, 75};

    std::int64_t leadership_term_id = kNullInt64;
    std::int64_t log_position = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("leadershipTermId", m.leadership_term_id);
        visit("logPosition", m.log_position);
    }
};

/// Follower -> leader: has terminated its services at the position.
struct TerminationAck {
    static constexpr Template kId{kSchema, 76};

    std::int64_t leadership_term_id = kNullInt64;
    std::int64_t log_position = kNullInt64;
    std::int32_t member_id = kNullInt32;

    static constexpr void fields(auto& m, auto& visit) {
        visit("leadershipTermId", m.leadership_term_id);
        visit("logPosition", m.log_position);
        visit("memberId", m.member_id);
    }
};

}  // namespace tern::wire::cluster
