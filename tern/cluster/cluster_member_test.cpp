#include "tern/cluster/cluster_member.hpp"

#include <gtest/gtest.h>

#include "tern/base/error.hpp"

namespace tern::cluster {
namespace {

constexpr std::string_view kThree =
    "0,h0:1,h0:2,h0:3,h0:4,h0:5|1,h1:1,h1:2,h1:3,h1:0,h1:5|2,h2:1,h2:2,h2:3,h2:4,h2:5,h2:6,h2:7";

TEST(ClusterMembersTest, ParsesAndEncodesWhatUpstreamWrites) {
    const auto members = parse_cluster_members(kThree);
    ASSERT_EQ(members.size(), 3U);
    EXPECT_EQ(members[0].endpoints.ingress, "h0:1");
    EXPECT_EQ(members[1].endpoints.catchup, "h1:0");
    EXPECT_EQ(members[2].endpoints.archive_response, "h2:6");
    EXPECT_EQ(members[2].endpoints.egress_response, "h2:7");
    EXPECT_EQ(encode_cluster_members(members), kThree);
    EXPECT_EQ(encode_ingress_endpoints(members), "0=h0:1,1=h1:1,2=h2:1");
    EXPECT_TRUE(parse_cluster_members("").empty());
}

TEST(ClusterMembersTest, RefusesWhatCannotBeUsed) {
    EXPECT_THROW((void)parse_cluster_members("0,a,b,c,d"), ConfigurationError);
    EXPECT_THROW((void)parse_cluster_members("0,a,b,c,d,e,f,g,h"), ConfigurationError);
    EXPECT_THROW((void)parse_cluster_members("x,a,b,c,d,e"), ConfigurationError);
    EXPECT_THROW((void)parse_cluster_members("0x,a,b,c,d,e"), ConfigurationError);
    EXPECT_THROW((void)parse_cluster_members("0,a,b,c,d,e|0,a,b,c,d,e"), ConfigurationError);
    EXPECT_THROW((void)parse_cluster_members("0,a,b,c,d,"), ConfigurationError);
}

TEST(ClusterMembersTest, FindsItselfAndChecksItsEndpoints) {
    const auto members = parse_cluster_members(kThree);
    EXPECT_EQ(find_own_member(members, 2, ""), 2U);
    EXPECT_EQ(find_own_member(members, 0, "h0:1,h0:2,h0:3,h0:4,h0:5"), 0U);
    EXPECT_THROW((void)find_own_member(members, 3, ""), ConfigurationError);
    EXPECT_THROW((void)find_own_member(members, 0, "h0:1,h0:2,h0:3,h0:4,h0:6"), ConfigurationError);
    EXPECT_THROW((void)find_own_member(members, 0, "h0:1"), ConfigurationError);
}

struct Report {
    std::int64_t term;
    std::int64_t position;
    std::int64_t time_ns;
};

ClusterMembers members_with(std::initializer_list<Report> reports) {
    ClusterMembers members;
    for (const auto& report : reports) {
        auto& member = members.emplace_back();
        member.id = static_cast<std::int32_t>(members.size()) - 1;
        member.update_position(report.term, report.position, report.time_ns);
    }
    return members;
}

TEST(QuorumTest, PositionIsWhatAQuorumOfActiveMembersHas) {
    constexpr std::int64_t kTimeout = 100;
    EXPECT_EQ(quorum_position(members_with({{1, 64, 0}}), 50, kTimeout), 64);
    EXPECT_EQ(quorum_position(members_with({{1, 64, 0}, {1, 32, 0}}), 50, kTimeout), 32);
    EXPECT_EQ(quorum_position(members_with({{1, 64, 0}, {1, 32, 0}, {1, 96, 0}}), 50, kTimeout),
              64);
    // A silent member does not count, however far it got.
    EXPECT_EQ(quorum_position(members_with({{1, 64, 0}, {1, 32, 0}, {1, 96, -60}}), 50, kTimeout),
              32);
    EXPECT_EQ(quorum_position(members_with({{1, 64, 0}, {1, 32, -60}, {1, 96, -60}}), 50, kTimeout),
              0);
    EXPECT_EQ(quorum_position(members_with({{1, 1, 0}, {1, 2, 0}, {1, 3, 0}, {1, 4, 0}, {1, 5, 0}}),
                              50, kTimeout),
              3);
    // Never heard of is not active, even at time zero.
    ClusterMembers fresh(1);
    EXPECT_EQ(quorum_position(fresh, 0, kTimeout), 0);
    EXPECT_FALSE(has_active_quorum(fresh, 0, kTimeout));
}

TEST(QuorumTest, CandidatesNeedALogAtLeastAsLong) {
    auto members = members_with({{1, 64, 0}, {1, 32, 0}, {2, 0, 0}});
    EXPECT_TRUE(is_quorum_candidate(members, members[0]));
    EXPECT_FALSE(is_unanimous_candidate(members, members[0], -1));
    EXPECT_TRUE(is_unanimous_candidate(members, members[0], 2));
    EXPECT_TRUE(is_unanimous_candidate(members, members[2], -1));
    members[1].log_position = kNullPosition;
    EXPECT_FALSE(is_unanimous_candidate(members, members[2], -1));
    EXPECT_TRUE(is_quorum_candidate(members, members[2]));
}

TEST(QuorumTest, OneNegativeVoteVetoesAMajority) {
    auto members = members_with({{1, 64, 0}, {1, 64, 0}, {1, 64, 0}});
    for (auto& member : members) member.candidate_term_id = 2;
    members[0].vote = members[1].vote = true;
    EXPECT_TRUE(is_quorum_leader(members, 2));
    EXPECT_FALSE(is_unanimous_leader(members, 2, -1));
    EXPECT_TRUE(is_unanimous_leader(members, 2, 2));
    members[2].vote = false;
    EXPECT_FALSE(is_quorum_leader(members, 2));
}

TEST(QuorumTest, ReadinessCountsOnlyTheTermsOwnReports) {
    auto members = members_with({{2, 64, 0}, {1, 96, 0}, {2, 32, 0}});
    EXPECT_FALSE(has_quorum_at_position(members, 2, 64, 50, 100));
    members[2].log_position = 64;
    EXPECT_TRUE(has_quorum_at_position(members, 2, 64, 50, 100));
    EXPECT_FALSE(has_quorum_at_position(members, 2, 64, 150, 100));
}

}  // namespace
}  // namespace tern::cluster
