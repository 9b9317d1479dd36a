// All messages of a cluster, its services, clients, log and snapshots, and of the mark files.

#include "tern/wire/cluster_messages.hpp"
#include "tern/wire/mark_messages.hpp"
#include "tests/fuzz/sbe_target.hpp"

using namespace tern;
using namespace tern::wire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ConstBytes bytes = fuzz::input(data, size);
    fuzz::decode_all<cluster::BackupQuery, cluster::BackupResponse, cluster::HeartbeatRequest,
                     cluster::HeartbeatResponse, cluster::StandbySnapshot,
                     cluster::AddPassiveMember, cluster::ClusterMembersChange,
                     cluster::SnapshotRecordingQuery, cluster::SnapshotRecordings,
                     cluster::JoinCluster>(bytes);
    fuzz::decode_all<cluster::SessionMessageHeader, cluster::SessionEvent,
                     cluster::SessionConnectRequest, cluster::SessionCloseRequest,
                     cluster::SessionKeepAlive, cluster::NewLeaderEvent, cluster::Challenge,
                     cluster::ChallengeResponse, cluster::AdminRequest, cluster::AdminResponse>(
        bytes);
    fuzz::decode_all<cluster::CanvassPosition, cluster::RequestVote, cluster::Vote,
                     cluster::NewLeadershipTerm, cluster::AppendPosition, cluster::CommitPosition,
                     cluster::CatchupPosition, cluster::StopCatchup, cluster::TerminationPosition,
                     cluster::TerminationAck>(bytes);
    fuzz::decode_all<cluster::CloseSession, cluster::ScheduleTimer, cluster::CancelTimer,
                     cluster::ServiceAck, cluster::ClusterMembersQuery, cluster::RemoveMember,
                     cluster::JoinLog, cluster::ClusterMembersResponse,
                     cluster::ServiceTerminationPosition, cluster::ClusterMembersExtendedResponse,
                     cluster::RequestServiceAck>(bytes);
    fuzz::decode_all<cluster::TimerEvent, cluster::SessionOpenEvent, cluster::SessionCloseEvent,
                     cluster::ClusterActionRequest, cluster::NewLeadershipTermEvent,
                     cluster::MembershipChangeEvent, cluster::SnapshotMarker,
                     cluster::ClientSession, cluster::ClusterSession, cluster::Timer,
                     cluster::ConsensusModule, cluster::ClusterMembers,
                     cluster::PendingMessageTracker>(bytes);
    fuzz::decode_all<mark::ArchiveMarkHeader, mark::ClusterMarkHeader, node_state::FileHeader,
                     node_state::CandidateTerm, node_state::ClusterMembers, node_state::Footer>(
        bytes);
    return 0;
}
