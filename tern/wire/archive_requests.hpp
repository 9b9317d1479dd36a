#pragma once
// What clients ask of an archive: the requests on its control streams (ARC-4 of chapter 40).
//
// The initial value of a field that is newer than some writers is what an archive must assume of
// them. Elsewhere set every field.

#include <cstdint>
#include <string_view>

#include "tern/base/bytes.hpp"
#include "tern/wire/archive_schema.hpp"
#include "tern/wire/sbe.hpp"

namespace tern::wire::archive {

/// Client -> archive: connect without credentials. Legacy: clients at 1.52.2 always send
/// template 58 instead; an archive must still accept it (treated as zero-length credentials and
/// empty client info).
struct ConnectRequest {
    static constexpr Template kId{kSchema, 2};

    std::int64_t correlation_id = kNullInt64;
    /// Stream on which the archive must publish responses.
    std::int32_t response_stream_id = kNullInt32;
    std::int32_t version = 0;  ///< Protocol version of the client. Null 0
    std::string_view response_channel{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("correlationId", m.correlation_id);
        visit("responseStreamId", m.response_stream_id);
        visit("version", m.version, 2);
        visit.data("responseChannel", m.response_channel);
    }
};

/// Client -> archive: ends a control session. No reply is sent. Unknown session id: ignored
/// silently, no warning.
struct CloseSessionRequest {
    static constexpr Template kId{kSchema, 3};

    std::int64_t control_session_id = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
    }
};

/// Client -> archive: legacy form, equal to template 63 with autoStop = FALSE. Java clients
/// still send it from the overload without an auto-stop argument; the C client never does.
struct StartRecordingRequest {
    static constexpr Template kId{kSchema, 4};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int32_t stream_id = kNullInt32;
    SourceLocation source_location = SourceLocation::null;
    std::string_view channel{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("streamId", m.stream_id);
        visit("sourceLocation", m.source_location);
        visit.data("channel", m.channel);
    }
};

/// Client -> archive: stops a recording subscription by stream id and channel (ARC-14.6).
struct StopRecordingRequest {
    static constexpr Template kId{kSchema, 5};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int32_t stream_id = kNullInt32;
    std::string_view channel{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("streamId", m.stream_id);
        visit.data("channel", m.channel);
    }
};

/// Client -> archive: open-ended, fixed-length or follow replay.
struct ReplayRequest {
    static constexpr Template kId{kSchema, 6};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t recording_id = kNullInt64;
    std::int64_t position = kNullInt64;  ///< -1 = recording start position. Must be 32-byte aligned
    std::int64_t length = kNullInt64;
    std::int32_t replay_stream_id = kNullInt32;
    /// -1 = archive default. Treated as -1 when header version < 7.
    std::int32_t file_io_max_length = -1;
    std::int64_t replay_token = -1;  ///< -1 = none. Treated as -1 when header version < 10
    std::string_view replay_channel{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("recordingId", m.recording_id);
        visit("position", m.position);
        visit("length", m.length);
        visit("replayStreamId", m.replay_stream_id);
        visit("fileIoMaxLength", m.file_io_max_length, 7);
        visit("replayToken", m.replay_token, 10);
        visit.data("replayChannel", m.replay_channel);
    }
};

/// Client -> archive: replaySessionId is the 64-bit value returned by the replay response.
struct StopReplayRequest {
    static constexpr Template kId{kSchema, 7};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t replay_session_id = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("replaySessionId", m.replay_session_id);
    }
};

/// Client -> archive: lists descriptors in ascending recording id order starting at the first
/// VALID id >= fromRecordingId.
struct ListRecordingsRequest {
    static constexpr Template kId{kSchema, 8};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t from_recording_id = kNullInt64;
    std::int32_t record_count = kNullInt32;  ///< Maximum descriptors to send

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("fromRecordingId", m.from_recording_id);
        visit("recordCount", m.record_count);
    }
};

/// Client -> archive: as template 8, filtered by exact stream id and by substring of the
/// original channel.
struct ListRecordingsForUriRequest {
    static constexpr Template kId{kSchema, 9};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t from_recording_id = kNullInt64;
    std::int32_t record_count = kNullInt32;
    std::int32_t stream_id = kNullInt32;
    std::string_view channel{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("fromRecordingId", m.from_recording_id);
        visit("recordCount", m.record_count);
        visit("streamId", m.stream_id);
        visit.data("channel", m.channel);
    }
};

/// Client -> archive: asks for one descriptor.
struct ListRecordingRequest {
    static constexpr Template kId{kSchema, 10};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t recording_id = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("recordingId", m.recording_id);
    }
};

/// Client -> archive: legacy form, equal to template 64 with autoStop = FALSE.
struct ExtendRecordingRequest {
    static constexpr Template kId{kSchema, 11};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t recording_id = kNullInt64;
    std::int32_t stream_id = kNullInt32;
    SourceLocation source_location = SourceLocation::null;
    std::string_view channel{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("recordingId", m.recording_id);
        visit("streamId", m.stream_id);
        visit("sourceLocation", m.source_location);
        visit.data("channel", m.channel);
    }
};

/// Client -> archive: position of an active recording; -1 when not active.
struct RecordingPositionRequest {
    static constexpr Template kId{kSchema, 12};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t recording_id = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("recordingId", m.recording_id);
    }
};

/// Client -> archive: cuts a recording at a position.
struct TruncateRecordingRequest {
    static constexpr Template kId{kSchema, 13};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t recording_id = kNullInt64;
    std::int64_t position = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("recordingId", m.recording_id);
        visit("position", m.position);
    }
};

/// Client -> archive: stop by the subscription registration id which was returned when the
/// recording was started.
struct StopRecordingSubscriptionRequest {
    static constexpr Template kId{kSchema, 14};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t subscription_id = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("subscriptionId", m.subscription_id);
    }
};

/// Client -> archive: stop position from the catalog; -1 while active.
struct StopPositionRequest {
    static constexpr Template kId{kSchema, 15};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t recording_id = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("recordingId", m.recording_id);
    }
};

/// Client -> archive: searches backwards from the highest id; session id and stream id must be
/// equal; channel is a substring of the original channel (empty matches all).
struct FindLastMatchingRecordingRequest {
    static constexpr Template kId{kSchema, 16};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t min_recording_id = kNullInt64;  ///< Negative is an error (code 5)
    std::int32_t session_id = kNullInt32;
    std::int32_t stream_id = kNullInt32;
    std::string_view channel{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("minRecordingId", m.min_recording_id);
        visit("sessionId", m.session_id);
        visit("streamId", m.stream_id);
        visit.data("channel", m.channel);
    }
};

/// Client -> archive: channel is a substring match on the subscription channel (including any
/// aeron-spy: prefix); streamId only compared when applyStreamId is TRUE.
struct ListRecordingSubscriptionsRequest {
    static constexpr Template kId{kSchema, 17};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int32_t pseudo_index = kNullInt32;
    std::int32_t subscription_count = kNullInt32;
    BooleanType apply_stream_id = BooleanType::null;
    std::int32_t stream_id = kNullInt32;
    std::string_view channel{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("pseudoIndex", m.pseudo_index);
        visit("subscriptionCount", m.subscription_count);
        visit("applyStreamId", m.apply_stream_id);
        visit("streamId", m.stream_id);
        visit.data("channel", m.channel);
    }
};

/// Client -> archive: replay limited by an external counter in the same driver as the archive.
struct BoundedReplayRequest {
    static constexpr Template kId{kSchema, 18};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t recording_id = kNullInt64;
    std::int64_t position = kNullInt64;          ///< As template 6
    std::int64_t length = kNullInt64;            ///< As template 6
    std::int32_t limit_counter_id = kNullInt32;  ///< Counter id in the driver's counters file
    std::int32_t replay_stream_id = kNullInt32;
    std::int32_t file_io_max_length = -1;  ///< As template 6
    std::int64_t replay_token = -1;        ///< As template 6. Offset is not 8-byte aligned
    std::string_view replay_channel{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("recordingId", m.recording_id);
        visit("position", m.position);
        visit("length", m.length);
        visit("limitCounterId", m.limit_counter_id);
        visit("replayStreamId", m.replay_stream_id);
        visit("fileIoMaxLength", m.file_io_max_length, 7);
        visit("replayToken", m.replay_token, 10);
        visit.data("replayChannel", m.replay_channel);
    }
};

/// Client -> archive: recordingId -1 stops every replay of every recording, whichever control
/// session started it.
struct StopAllReplaysRequest {
    static constexpr Template kId{kSchema, 19};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t recording_id = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("recordingId", m.recording_id);
    }
};

/// Client -> archive: legacy form of template 66 with stopPosition -1, both tags -1, no session
/// id, no credentials, replication channel from server configuration.
struct ReplicateRequest {
    static constexpr Template kId{kSchema, 50};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t src_recording_id = kNullInt64;
    std::int64_t dst_recording_id = kNullInt64;  ///< -1 = create a new recording
    std::int32_t src_control_stream_id = kNullInt32;
    std::string_view src_control_channel{};
    std::string_view live_destination{};  ///< Empty = none

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("srcRecordingId", m.src_recording_id);
        visit("dstRecordingId", m.dst_recording_id);
        visit("srcControlStreamId", m.src_control_stream_id);
        visit.data("srcControlChannel", m.src_control_channel);
        visit.data("liveDestination", m.live_destination);
    }
};

/// Client -> archive: ends a replication.
struct StopReplicationRequest {
    static constexpr Template kId{kSchema, 51};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t replication_id = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("replicationId", m.replication_id);
    }
};

/// Client -> archive: asks for the start position of a recording.
struct StartPositionRequest {
    static constexpr Template kId{kSchema, 52};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t recording_id = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("recordingId", m.recording_id);
    }
};

/// Client -> archive: moves the start position forward, leaving the segment files before it.
struct DetachSegmentsRequest {
    static constexpr Template kId{kSchema, 53};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t recording_id = kNullInt64;
    std::int64_t new_start_position = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("recordingId", m.recording_id);
        visit("newStartPosition", m.new_start_position);
    }
};

/// Client -> archive: deletes the segment files before the start position.
struct DeleteDetachedSegmentsRequest {
    static constexpr Template kId{kSchema, 54};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t recording_id = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("recordingId", m.recording_id);
    }
};

/// Client -> archive: detaches and deletes segment files.
struct PurgeSegmentsRequest {
    static constexpr Template kId{kSchema, 55};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t recording_id = kNullInt64;
    std::int64_t new_start_position = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("recordingId", m.recording_id);
        visit("newStartPosition", m.new_start_position);
    }
};

/// Client -> archive: moves the start position back over segment files that are there.
struct AttachSegmentsRequest {
    static constexpr Template kId{kSchema, 56};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t recording_id = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("recordingId", m.recording_id);
    }
};

/// Client -> archive: joins the segments of one recording to the beginning of another.
struct MigrateSegmentsRequest {
    static constexpr Template kId{kSchema, 57};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t src_recording_id = kNullInt64;
    std::int64_t dst_recording_id = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("srcRecordingId", m.src_recording_id);
        visit("dstRecordingId", m.dst_recording_id);
    }
};

/// Client -> archive: the connect request used by every 1.52.2 client, with zero-length
/// credentials when unauthenticated.
struct AuthConnectRequest {
    static constexpr Template kId{kSchema, 58};

    std::int64_t correlation_id = kNullInt64;
    std::int32_t response_stream_id = kNullInt32;
    std::int32_t version = 0;  ///< Null 0. Java sends 68608 (1.12.0), C/C++ sends 68352 (1.11.0)
    std::string_view response_channel{};
    ConstBytes encoded_credentials{};  ///< Length 0 when none
    std::string_view client_info{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("correlationId", m.correlation_id);
        visit("responseStreamId", m.response_stream_id);
        visit("version", m.version);
        visit.data("responseChannel", m.response_channel);
        visit.data("encodedCredentials", m.encoded_credentials);
        visit.data("clientInfo", m.client_info, 12);
    }
};

/// Client -> archive: accepted only while the session is in the challenged state; otherwise
/// ignored.
struct ChallengeResponse {
    static constexpr Template kId{kSchema, 60};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    ConstBytes encoded_credentials{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit.data("encodedCredentials", m.encoded_credentials);
    }
};

/// Client -> archive: no reply (unless unauthorised: error 13). Moves an authenticated session
/// to active.
struct KeepAliveRequest {
    static constexpr Template kId{kSchema, 61};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
    }
};

/// Client -> archive: legacy form of template 66 with stopPosition -1 and no replication
/// channel or credentials.
struct TaggedReplicateRequest {
    static constexpr Template kId{kSchema, 62};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t src_recording_id = kNullInt64;
    std::int64_t dst_recording_id = kNullInt64;  ///< -1 = create a new recording
    std::int64_t channel_tag_id = kNullInt64;
    std::int64_t subscription_tag_id = kNullInt64;
    std::int32_t src_control_stream_id = kNullInt32;
    std::string_view src_control_channel{};
    std::string_view live_destination{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("srcRecordingId", m.src_recording_id);
        visit("dstRecordingId", m.dst_recording_id);
        visit("channelTagId", m.channel_tag_id);
        visit("subscriptionTagId", m.subscription_tag_id);
        visit("srcControlStreamId", m.src_control_stream_id);
        visit.data("srcControlChannel", m.src_control_channel);
        visit.data("liveDestination", m.live_destination);
    }
};

/// Client -> archive: starts a recording; auto_stop ends it with its first image.
struct StartRecordingRequest2 {
    static constexpr Template kId{kSchema, 63};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int32_t stream_id = kNullInt32;
    SourceLocation source_location = SourceLocation::null;
    BooleanType auto_stop = BooleanType::null;
    std::string_view channel{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("streamId", m.stream_id);
        visit("sourceLocation", m.source_location);
        visit("autoStop", m.auto_stop);
        visit.data("channel", m.channel);
    }
};

/// Client -> archive: records on into an existing recording.
struct ExtendRecordingRequest2 {
    static constexpr Template kId{kSchema, 64};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t recording_id = kNullInt64;
    std::int32_t stream_id = kNullInt32;
    SourceLocation source_location = SourceLocation::null;
    BooleanType auto_stop = BooleanType::null;
    std::string_view channel{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("recordingId", m.recording_id);
        visit("streamId", m.stream_id);
        visit("sourceLocation", m.source_location);
        visit("autoStop", m.auto_stop);
        visit.data("channel", m.channel);
    }
};

/// Client -> archive: stops the recording of this id, if it is live.
struct StopRecordingByIdentityRequest {
    static constexpr Template kId{kSchema, 65};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t recording_id = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("recordingId", m.recording_id);
    }
};

/// Client -> archive: the only replicate form that 1.52.2 clients send.
struct ReplicateRequest2 {
    static constexpr Template kId{kSchema, 66};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t src_recording_id = kNullInt64;
    std::int64_t dst_recording_id = kNullInt64;     ///< -1 = create a new recording
    std::int64_t stop_position = kNullInt64;        ///< -1 = follow to the end of the source
    std::int64_t channel_tag_id = kNullInt64;       ///< -1 = none
    std::int64_t subscription_tag_id = kNullInt64;  ///< -1 = none
    std::int32_t src_control_stream_id = kNullInt32;
    std::int32_t file_io_max_length = -1;  ///< -1 = default; treated as -1 when header version < 7
    std::int32_t replication_session_id = -1;
    std::string_view src_control_channel{};
    std::string_view live_destination{};     ///< Empty = no live merge
    std::string_view replication_channel{};  ///< Empty = server default
    ConstBytes encoded_credentials{};  ///< For the source archive. Empty when header version < 8
    std::string_view src_response_channel{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("srcRecordingId", m.src_recording_id);
        visit("dstRecordingId", m.dst_recording_id);
        visit("stopPosition", m.stop_position);
        visit("channelTagId", m.channel_tag_id);
        visit("subscriptionTagId", m.subscription_tag_id);
        visit("srcControlStreamId", m.src_control_stream_id);
        visit("fileIoMaxLength", m.file_io_max_length, 7);
        visit("replicationSessionId", m.replication_session_id, 8);
        visit.data("srcControlChannel", m.src_control_channel);
        visit.data("liveDestination", m.live_destination);
        visit.data("replicationChannel", m.replication_channel);
        visit.data("encodedCredentials", m.encoded_credentials, 8);
        visit.data("srcResponseChannel", m.src_response_channel, 10);
    }
};

/// Client -> archive: live recorded position if active, else the stop position.
struct MaxRecordedPositionRequest {
    static constexpr Template kId{kSchema, 67};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t recording_id = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("recordingId", m.recording_id);
    }
};

/// Client -> archive: asks for the id of the archive.
struct ArchiveIdRequest {
    static constexpr Template kId{kSchema, 68};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
    }
};

/// Client -> archive: marks the recording DELETED in the catalog and deletes its files.
struct PurgeRecordingRequest {
    static constexpr Template kId{kSchema, 104};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t recording_id = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("recordingId", m.recording_id);
    }
};

/// Client -> archive: asks for a token that lets a replay request arrive over a different image
/// (response channels).
struct ReplayTokenRequest {
    static constexpr Template kId{kSchema, 105};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t recording_id = kNullInt64;

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("recordingId", m.recording_id);
    }
};

/// Client -> archive: replaces stripped and original channel in the catalog entry.
struct UpdateChannelRequest {
    static constexpr Template kId{kSchema, 107};

    std::int64_t control_session_id = kNullInt64;
    std::int64_t correlation_id = kNullInt64;
    std::int64_t recording_id = kNullInt64;
    std::string_view channel{};

    static constexpr void fields(auto& m, auto& visit) {
        visit("controlSessionId", m.control_session_id);
        visit("correlationId", m.correlation_id);
        visit("recordingId", m.recording_id);
        visit.data("channel", m.channel);
    }
};

}  // namespace tern::wire::archive
