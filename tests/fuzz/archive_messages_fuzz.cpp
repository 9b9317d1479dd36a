// All messages of an archive and its clients.

#include "tern/wire/archive_messages.hpp"
#include "tests/fuzz/sbe_target.hpp"

using namespace tern;
using namespace tern::wire::archive;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ConstBytes bytes = fuzz::input(data, size);
    fuzz::decode_all<
        ConnectRequest, CloseSessionRequest, StartRecordingRequest, StopRecordingRequest,
        ReplayRequest, StopReplayRequest, ListRecordingsRequest, ListRecordingsForUriRequest,
        ListRecordingRequest, ExtendRecordingRequest, RecordingPositionRequest,
        TruncateRecordingRequest, StopRecordingSubscriptionRequest, StopPositionRequest,
        FindLastMatchingRecordingRequest, ListRecordingSubscriptionsRequest, BoundedReplayRequest,
        StopAllReplaysRequest, ReplicateRequest, StopReplicationRequest, StartPositionRequest,
        DetachSegmentsRequest, DeleteDetachedSegmentsRequest, PurgeSegmentsRequest,
        AttachSegmentsRequest, MigrateSegmentsRequest, AuthConnectRequest, ChallengeResponse,
        KeepAliveRequest, TaggedReplicateRequest, StartRecordingRequest2, ExtendRecordingRequest2,
        StopRecordingByIdentityRequest, ReplicateRequest2, MaxRecordedPositionRequest,
        ArchiveIdRequest, PurgeRecordingRequest, ReplayTokenRequest, UpdateChannelRequest>(bytes);
    fuzz::decode_all<ControlResponse, CatalogHeader, RecordingDescriptorHeader, RecordingDescriptor,
                     RecordingSubscriptionDescriptor, RecordingSignalEvent, Challenge,
                     RecordingStarted, RecordingProgress, RecordingStopped, Ping>(bytes);
    return 0;
}
