#pragma once
// Type ids of counters (TRN-10). Below 1000 they are reserved; applications use 1000 and above.

#include <cstdint>

namespace tern::memory::counter_type {

// Driver and client.
inline constexpr std::int32_t kSystem = 0;
inline constexpr std::int32_t kPublisherLimit = 1;
inline constexpr std::int32_t kSenderPosition = 2;
inline constexpr std::int32_t kReceiverHighWaterMark = 3;
inline constexpr std::int32_t kSubscriberPosition = 4;
inline constexpr std::int32_t kReceiverPosition = 5;
inline constexpr std::int32_t kSendChannelStatus = 6;
inline constexpr std::int32_t kReceiveChannelStatus = 7;
inline constexpr std::int32_t kSenderLimit = 9;
inline constexpr std::int32_t kPerImage = 10;
inline constexpr std::int32_t kClientHeartbeat = 11;
inline constexpr std::int32_t kPublisherPosition = 12;
inline constexpr std::int32_t kSenderBackPressureEvents = 13;
inline constexpr std::int32_t kLocalSocketAddress = 14;
inline constexpr std::int32_t kResolverNeighbors = 15;
inline constexpr std::int32_t kResolverCacheEntries = 16;
inline constexpr std::int32_t kFlowControlReceivers = 17;
inline constexpr std::int32_t kMdcDestinations = 18;
inline constexpr std::int32_t kSenderNaksReceived = 19;
inline constexpr std::int32_t kReceiverNaksSent = 20;
inline constexpr std::int32_t kResolverBootstrapNeighbor = 21;

// Archive.
inline constexpr std::int32_t kRecordingPosition = 100;
inline constexpr std::int32_t kArchiveErrorCount = 101;
inline constexpr std::int32_t kArchiveControlSessions = 102;
inline constexpr std::int32_t kArchiveMaxCycleTime = 103;
inline constexpr std::int32_t kArchiveCycleTimeThresholdExceeded = 104;
inline constexpr std::int32_t kArchiveRecorderMaxWriteTime = 105;
inline constexpr std::int32_t kArchiveRecorderTotalWriteBytes = 106;
inline constexpr std::int32_t kArchiveRecorderTotalWriteTime = 107;
inline constexpr std::int32_t kArchiveReplayerMaxReadTime = 108;
inline constexpr std::int32_t kArchiveReplayerTotalReadBytes = 109;
inline constexpr std::int32_t kArchiveReplayerTotalReadTime = 110;
inline constexpr std::int32_t kArchiveRecordingSessions = 111;
inline constexpr std::int32_t kArchiveReplaySessions = 112;
inline constexpr std::int32_t kArchiveControlSession = 113;
inline constexpr std::int32_t kPersistentSubscriptionState = 114;
inline constexpr std::int32_t kPersistentSubscriptionJoinDifference = 115;
inline constexpr std::int32_t kPersistentSubscriptionLiveLeft = 116;
inline constexpr std::int32_t kPersistentSubscriptionLiveJoined = 117;

// Cluster.
inline constexpr std::int32_t kConsensusModuleState = 200;
inline constexpr std::int32_t kClusterNodeRole = 201;
inline constexpr std::int32_t kClusterControlToggle = 202;
inline constexpr std::int32_t kClusterCommitPosition = 203;
inline constexpr std::int32_t kClusterRecoveryState = 204;
inline constexpr std::int32_t kClusterSnapshotCount = 205;
inline constexpr std::int32_t kClusterElectionState = 207;
inline constexpr std::int32_t kClusterBackupState = 208;
inline constexpr std::int32_t kClusterBackupLiveLogPosition = 209;
inline constexpr std::int32_t kClusterBackupQueryDeadline = 210;
inline constexpr std::int32_t kClusterBackupErrorCount = 211;
inline constexpr std::int32_t kConsensusModuleErrorCount = 212;
inline constexpr std::int32_t kClusterClientTimeoutCount = 213;
inline constexpr std::int32_t kClusterInvalidRequestCount = 214;
inline constexpr std::int32_t kClusteredServiceErrorCount = 215;
inline constexpr std::int32_t kClusterMaxCycleTime = 216;
inline constexpr std::int32_t kClusterCycleTimeThresholdExceeded = 217;
inline constexpr std::int32_t kClusteredServiceMaxCycleTime = 218;
inline constexpr std::int32_t kClusteredServiceCycleTimeThresholdExceeded = 219;
inline constexpr std::int32_t kClusterStandbySnapshotCount = 232;
inline constexpr std::int32_t kNodeControlToggle = 233;
inline constexpr std::int32_t kClusterTotalMaxSnapshotDuration = 234;
inline constexpr std::int32_t kClusterTotalSnapshotThresholdExceeded = 235;
inline constexpr std::int32_t kClusteredServiceMaxSnapshotDuration = 236;
inline constexpr std::int32_t kClusteredServiceSnapshotThresholdExceeded = 237;
inline constexpr std::int32_t kClusterElectionCount = 238;
inline constexpr std::int32_t kClusterLeadershipTermId = 239;
inline constexpr std::int32_t kClusterBackupSnapshotRetrieveCount = 240;
inline constexpr std::int32_t kClusterSession = 241;

}  // namespace tern::memory::counter_type
