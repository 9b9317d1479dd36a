#include "tern/archive/client/archive_client.hpp"

#include "tern/client/aeron.hpp"
#include "tern/platform/idle_strategy.hpp"

namespace tern::archive {

ArchiveClient::ArchiveClient(ArchiveClientContext context, client::Aeron& aeron,
                             platform::Platform platform, Idle idle)
    : aeron_(aeron), idle_(std::move(idle)), async_(std::move(context), aeron, platform) {
    if (!idle_) {
        std::shared_ptr<platform::IdleStrategy> backoff = platform::make_idle_strategy("backoff");
        idle_ = [backoff](int work_count) { backoff->idle(work_count); };
    }
}

std::unique_ptr<ArchiveClient> ArchiveClient::connect(ArchiveClientContext context,
                                                      client::Aeron& aeron,
                                                      platform::Platform platform, Idle idle) {
    std::unique_ptr<ArchiveClient> archive(
        new ArchiveClient(std::move(context), aeron, platform, std::move(idle)));
    archive->await_connected();
    return archive;
}

ArchiveClient::~ArchiveClient() { close(); }

void ArchiveClient::step() {
    int work = aeron_.do_work();
    work += async_.do_work();
    idle_(work);
}

void ArchiveClient::await_connected() {
    while (!async_.is_connected()) {
        if (async_.is_failed()) {
            const std::string why = async_.error();
            if (async_.error_code() != kGenericError) throw ArchiveError(why, async_.error_code());
            throw TimeoutError(why);
        }
        step();
    }
}

void ArchiveClient::close() {
    async_.begin_close();
    while (!async_.is_closed() && !aeron_.is_closed()) step();
}

std::int64_t ArchiveClient::await(std::int64_t correlation_id) {
    std::optional<Outcome> outcome;
    while (!(outcome = async_.take_outcome(correlation_id))) step();
    switch (outcome->status) {
        case Outcome::Status::ok:
            return outcome->relevant_id;
        case Outcome::Status::timed_out:
            throw TimeoutError(outcome->message);
        case Outcome::Status::disconnected:
            throw Error(outcome->message);
        case Outcome::Status::unknown:
        case Outcome::Status::error:
            break;
    }
    throw ArchiveError(outcome->message, static_cast<std::int32_t>(outcome->relevant_id));
}

std::int64_t ArchiveClient::start_recording(std::string_view channel, std::int32_t stream_id,
                                            SourceLocation source, bool auto_stop) {
    return await(async_.start_recording(channel, stream_id, source, auto_stop));
}

std::int64_t ArchiveClient::extend_recording(std::int64_t recording_id, std::string_view channel,
                                             std::int32_t stream_id, SourceLocation source,
                                             bool auto_stop) {
    return await(async_.extend_recording(recording_id, channel, stream_id, source, auto_stop));
}

void ArchiveClient::stop_recording(std::string_view channel, std::int32_t stream_id) {
    (void)await(async_.stop_recording(channel, stream_id));
}

void ArchiveClient::stop_recording(std::int64_t subscription_id) {
    (void)await(async_.stop_recording(subscription_id));
}

bool ArchiveClient::stop_recording_by_identity(std::int64_t recording_id) {
    return await(async_.stop_recording_by_identity(recording_id)) != 0;
}

std::int64_t ArchiveClient::start_replay(std::int64_t recording_id, std::string_view channel,
                                         std::int32_t stream_id, const ReplayParams& params) {
    return await(async_.start_replay(recording_id, channel, stream_id, params));
}

void ArchiveClient::stop_replay(std::int64_t replay_session_id) {
    (void)await(async_.stop_replay(replay_session_id));
}

void ArchiveClient::stop_all_replays(std::int64_t recording_id) {
    (void)await(async_.stop_all_replays(recording_id));
}

std::int64_t ArchiveClient::get_recording_position(std::int64_t recording_id) {
    return await(async_.get_recording_position(recording_id));
}

std::int64_t ArchiveClient::get_start_position(std::int64_t recording_id) {
    return await(async_.get_start_position(recording_id));
}

std::int64_t ArchiveClient::get_stop_position(std::int64_t recording_id) {
    return await(async_.get_stop_position(recording_id));
}

std::int64_t ArchiveClient::get_max_recorded_position(std::int64_t recording_id) {
    return await(async_.get_max_recorded_position(recording_id));
}

std::int64_t ArchiveClient::find_last_matching_recording(std::int64_t min_recording_id,
                                                         std::string_view channel_fragment,
                                                         std::int32_t stream_id,
                                                         std::int32_t session_id) {
    return await(async_.find_last_matching_recording(min_recording_id, channel_fragment, stream_id,
                                                     session_id));
}

std::int64_t ArchiveClient::list_recordings(std::int64_t from_recording_id, std::int32_t count,
                                            DescriptorConsumer consumer) {
    return await(async_.list_recordings(from_recording_id, count, std::move(consumer)));
}

std::int64_t ArchiveClient::list_recordings_for_uri(std::int64_t from_recording_id,
                                                    std::int32_t count,
                                                    std::string_view channel_fragment,
                                                    std::int32_t stream_id,
                                                    DescriptorConsumer consumer) {
    return await(async_.list_recordings_for_uri(from_recording_id, count, channel_fragment,
                                                stream_id, std::move(consumer)));
}

std::optional<RecordingDescriptor> ArchiveClient::list_recording(std::int64_t recording_id) {
    std::optional<RecordingDescriptor> found;
    (void)await(async_.list_recording(
        recording_id, [&](const RecordingDescriptor& descriptor) { found = descriptor; }));
    return found;
}

void ArchiveClient::truncate_recording(std::int64_t recording_id, std::int64_t position) {
    (void)await(async_.truncate_recording(recording_id, position));
}

std::int64_t ArchiveClient::purge_recording(std::int64_t recording_id) {
    return await(async_.purge_recording(recording_id));
}

std::int64_t ArchiveClient::purge_segments(std::int64_t recording_id,
                                           std::int64_t new_start_position) {
    return await(async_.purge_segments(recording_id, new_start_position));
}

}  // namespace tern::archive
