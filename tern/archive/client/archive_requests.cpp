// The requests of AsyncArchiveClient: each fills a message and queues it (ARC-4 of chapter 40).

#include "tern/archive/client/async_archive_client_impl.hpp"

namespace tern::archive {
namespace {

message::SourceLocation to_wire(SourceLocation source) {
    return source == SourceLocation::local ? message::SourceLocation::local
                                           : message::SourceLocation::remote;
}

}  // namespace

std::int64_t AsyncArchiveClient::start_recording(std::string_view channel, std::int32_t stream_id,
                                                 SourceLocation source, bool auto_stop) {
    return impl_->request("start recording", message::StartRecordingRequest2{
                                                 .stream_id = stream_id,
                                                 .source_location = to_wire(source),
                                                 .auto_stop = wire::boolean_type(auto_stop),
                                                 .channel = channel});
}

std::int64_t AsyncArchiveClient::extend_recording(std::int64_t recording_id,
                                                  std::string_view channel, std::int32_t stream_id,
                                                  SourceLocation source, bool auto_stop) {
    return impl_->request("extend recording", message::ExtendRecordingRequest2{
                                                  .recording_id = recording_id,
                                                  .stream_id = stream_id,
                                                  .source_location = to_wire(source),
                                                  .auto_stop = wire::boolean_type(auto_stop),
                                                  .channel = channel});
}

std::int64_t AsyncArchiveClient::stop_recording(std::string_view channel, std::int32_t stream_id) {
    return impl_->request("stop recording", message::StopRecordingRequest{.stream_id = stream_id,
                                                                          .channel = channel});
}

std::int64_t AsyncArchiveClient::stop_recording(std::int64_t subscription_id) {
    return impl_->request("stop recording", message::StopRecordingSubscriptionRequest{
                                                .subscription_id = subscription_id});
}

std::int64_t AsyncArchiveClient::stop_recording_by_identity(std::int64_t recording_id) {
    return impl_->request("stop recording",
                          message::StopRecordingByIdentityRequest{.recording_id = recording_id});
}

std::int64_t AsyncArchiveClient::start_replay(std::int64_t recording_id, std::string_view channel,
                                              std::int32_t stream_id, const ReplayParams& params) {
    if (params.bounding_counter_id != kNullValue) {
        return impl_->request("bounded replay", message::BoundedReplayRequest{
                                                    .recording_id = recording_id,
                                                    .position = params.position,
                                                    .length = params.length,
                                                    .limit_counter_id = params.bounding_counter_id,
                                                    .replay_stream_id = stream_id,
                                                    .file_io_max_length = params.file_io_max_length,
                                                    .replay_token = kNullValue,
                                                    .replay_channel = channel});
    }
    return impl_->request("replay",
                          message::ReplayRequest{.recording_id = recording_id,
                                                 .position = params.position,
                                                 .length = params.length,
                                                 .replay_stream_id = stream_id,
                                                 .file_io_max_length = params.file_io_max_length,
                                                 .replay_token = kNullValue,
                                                 .replay_channel = channel});
}

std::int64_t AsyncArchiveClient::stop_replay(std::int64_t replay_session_id) {
    return impl_->request("stop replay",
                          message::StopReplayRequest{.replay_session_id = replay_session_id});
}

std::int64_t AsyncArchiveClient::stop_all_replays(std::int64_t recording_id) {
    return impl_->request("stop all replays",
                          message::StopAllReplaysRequest{.recording_id = recording_id});
}

std::int64_t AsyncArchiveClient::get_recording_position(std::int64_t recording_id) {
    return impl_->request("get recording position",
                          message::RecordingPositionRequest{.recording_id = recording_id});
}

std::int64_t AsyncArchiveClient::get_start_position(std::int64_t recording_id) {
    return impl_->request("get start position",
                          message::StartPositionRequest{.recording_id = recording_id});
}

std::int64_t AsyncArchiveClient::get_stop_position(std::int64_t recording_id) {
    return impl_->request("get stop position",
                          message::StopPositionRequest{.recording_id = recording_id});
}

std::int64_t AsyncArchiveClient::get_max_recorded_position(std::int64_t recording_id) {
    return impl_->request("get max recorded position",
                          message::MaxRecordedPositionRequest{.recording_id = recording_id});
}

std::int64_t AsyncArchiveClient::find_last_matching_recording(std::int64_t min_recording_id,
                                                              std::string_view channel_fragment,
                                                              std::int32_t stream_id,
                                                              std::int32_t session_id) {
    return impl_->request("find last matching recording", message::FindLastMatchingRecordingRequest{
                                                              .min_recording_id = min_recording_id,
                                                              .session_id = session_id,
                                                              .stream_id = stream_id,
                                                              .channel = channel_fragment});
}

std::int64_t AsyncArchiveClient::list_recordings(std::int64_t from_recording_id, std::int32_t count,
                                                 DescriptorConsumer consumer) {
    return impl_->request("list recordings",
                          message::ListRecordingsRequest{.from_recording_id = from_recording_id,
                                                         .record_count = count},
                          {.on_descriptor = std::move(consumer), .requested_count = count});
}

std::int64_t AsyncArchiveClient::list_recordings_for_uri(std::int64_t from_recording_id,
                                                         std::int32_t count,
                                                         std::string_view channel_fragment,
                                                         std::int32_t stream_id,
                                                         DescriptorConsumer consumer) {
    return impl_->request(
        "list recordings for uri",
        message::ListRecordingsForUriRequest{.from_recording_id = from_recording_id,
                                             .record_count = count,
                                             .stream_id = stream_id,
                                             .channel = channel_fragment},
        {.on_descriptor = std::move(consumer), .requested_count = count});
}

std::int64_t AsyncArchiveClient::list_recording(std::int64_t recording_id,
                                                DescriptorConsumer consumer) {
    return impl_->request("list recording",
                          message::ListRecordingRequest{.recording_id = recording_id},
                          {.on_descriptor = std::move(consumer), .requested_count = 1});
}

std::int64_t AsyncArchiveClient::list_recording_subscriptions(
    std::int32_t pseudo_index, std::int32_t count, std::string_view channel_fragment,
    std::int32_t stream_id, bool apply_stream_id, SubscriptionDescriptorConsumer consumer) {
    return impl_->request("list recording subscriptions",
                          message::ListRecordingSubscriptionsRequest{
                              .pseudo_index = pseudo_index,
                              .subscription_count = count,
                              .apply_stream_id = wire::boolean_type(apply_stream_id),
                              .stream_id = stream_id,
                              .channel = channel_fragment},
                          {.on_subscription = std::move(consumer), .requested_count = count});
}

std::int64_t AsyncArchiveClient::truncate_recording(std::int64_t recording_id,
                                                    std::int64_t position) {
    return impl_->request(
        "truncate recording",
        message::TruncateRecordingRequest{.recording_id = recording_id, .position = position});
}

std::int64_t AsyncArchiveClient::purge_recording(std::int64_t recording_id) {
    return impl_->request("purge recording",
                          message::PurgeRecordingRequest{.recording_id = recording_id});
}

std::int64_t AsyncArchiveClient::detach_segments(std::int64_t recording_id,
                                                 std::int64_t new_start_position) {
    return impl_->request("detach segments",
                          message::DetachSegmentsRequest{.recording_id = recording_id,
                                                         .new_start_position = new_start_position});
}

std::int64_t AsyncArchiveClient::delete_detached_segments(std::int64_t recording_id) {
    return impl_->request("delete detached segments",
                          message::DeleteDetachedSegmentsRequest{.recording_id = recording_id});
}

std::int64_t AsyncArchiveClient::purge_segments(std::int64_t recording_id,
                                                std::int64_t new_start_position) {
    return impl_->request("purge segments",
                          message::PurgeSegmentsRequest{.recording_id = recording_id,
                                                        .new_start_position = new_start_position});
}

std::int64_t AsyncArchiveClient::attach_segments(std::int64_t recording_id) {
    return impl_->request("attach segments",
                          message::AttachSegmentsRequest{.recording_id = recording_id});
}

std::int64_t AsyncArchiveClient::migrate_segments(std::int64_t source_recording_id,
                                                  std::int64_t destination_recording_id) {
    return impl_->request("migrate segments", message::MigrateSegmentsRequest{
                                                  .src_recording_id = source_recording_id,
                                                  .dst_recording_id = destination_recording_id});
}

}  // namespace tern::archive
