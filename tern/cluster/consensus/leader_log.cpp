#include "tern/cluster/consensus/leader_log.hpp"

#include <fmt/format.h>

#include <utility>

#include "tern/base/error.hpp"
#include "tern/cluster/archive_refusal.hpp"

namespace tern::cluster {

LeaderLog::LeaderLog(client::Aeron& aeron, archive::AsyncArchiveClient& archive,
                     std::int32_t stream_id)
    : aeron_(aeron), archive_(archive), stream_id_(stream_id) {}

void LeaderLog::begin_publication(LeaderLogChannel spec) {
    spec.publication_tag = aeron_.next_correlation_id();
    spec.channel_tag = aeron_.next_correlation_id();
    log_channel_ = spec.log_channel;
    own_log_endpoint_ = spec.own_log_endpoint;
    spec_ = std::move(spec);
    spec_.log_channel = log_channel_;
    spec_.own_log_endpoint = own_log_endpoint_;
    publication_.begin(aeron_, aeron_.async_add_exclusive_publication(
                                   leader_publication_channel(spec_), stream_id_));
}

bool LeaderLog::poll_publication() {
    const auto* publication = publication_.poll();
    if (publication == nullptr) return false;
    if (publication->position() != spec_.position) {
        throw Error(fmt::format("log publication is at position {}, not at {}: channel={}",
                                publication->position(), spec_.position, publication->channel()));
    }
    recording_channel_ =
        leader_recording_channel(spec_.log_channel, spec_.channel_tag, publication->session_id());
    return true;
}

void LeaderLog::begin_recording(std::int64_t recording_id) {
    constexpr auto kLocal = archive::SourceLocation::local;
    request_id_ =
        recording_id == -1
            ? archive_.start_recording(recording_channel_, stream_id_, kLocal, true)
            : archive_.extend_recording(recording_id, recording_channel_, stream_id_, kLocal, true);
}

bool LeaderLog::poll_recording() {
    if (request_id_ != -1) {
        const auto outcome = archive_.take_outcome(request_id_);
        if (!outcome) return false;
        request_id_ = -1;
        if (!outcome->ok()) {
            throw archive_refusal("failed to record the log", *outcome);
        }
        recording_subscription_id_ = outcome->relevant_id;
    }
    if (!counter_) {
        counter_ = RecordingCounter::find(aeron_.counters_reader(),
                                          publication_.get()->session_id(), archive_.archive_id());
    }
    if (!counter_ && stopped_subscription_id_ == recording_subscription_id_) {
        throw Error(fmt::format("the recording of the log ended as soon as it began: channel={}",
                                recording_channel_));
    }
    return counter_.has_value();
}

std::int64_t LeaderLog::recording_id() const noexcept {
    return counter_ ? counter_->recording_id : -1;
}

std::int64_t LeaderLog::counter_registration_id() const noexcept {
    return counter_ ? counter_->registration_id : -1;
}

std::optional<std::int64_t> LeaderLog::append_position() const {
    return counter_ ? counter_->position(aeron_.counters_reader()) : std::nullopt;
}

void LeaderLog::forget_recording() noexcept {
    if (request_id_ != -1) archive_.abandon(request_id_);
    request_id_ = -1;
    recording_subscription_id_ = -1;
    counter_.reset();
}

}  // namespace tern::cluster
