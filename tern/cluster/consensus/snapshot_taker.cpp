#include "tern/cluster/consensus/snapshot_taker.hpp"

#include <fmt/format.h>

#include <utility>

#include "tern/base/error.hpp"
#include "tern/base/planted_fault.hpp"
#include "tern/cluster/archive_refusal.hpp"
#include "tern/wire/channel_uri.hpp"

namespace tern::cluster {

SnapshotTaker::SnapshotTaker(client::Aeron& aeron, archive::AsyncArchiveClient& archive,
                             const platform::Clock& clock, Spec spec)
    : aeron_(aeron), archive_(archive), clock_(clock), spec_(std::move(spec)) {
    publication_.begin(aeron_,
                       aeron_.async_add_exclusive_publication(spec_.channel, spec_.stream_id));
}

SnapshotTaker::~SnapshotTaker() {
    if (request_id_ != -1) archive_.abandon(request_id_);
}

bool SnapshotTaker::poll() {
    switch (state_) {
        case State::await_publication:
            await_publication();
            break;
        case State::await_recording:
            await_recording();
            break;
        case State::await_counter:
            await_counter();
            break;
        case State::write:
            write();
            break;
        case State::await_recorded:
            await_recorded();
            break;
        case State::done:
            break;
    }
    return state_ == State::done;
}

void SnapshotTaker::await_publication() {
    const auto* publication = publication_.poll();
    if (publication == nullptr) return;
    request_id_ =
        archive_.start_recording(wire::add_session_id(spec_.channel, publication->session_id()),
                                 spec_.stream_id, archive::SourceLocation::local, true);
    state_ = State::await_recording;
}

void SnapshotTaker::await_recording() {
    const auto outcome = archive_.take_outcome(request_id_);
    if (!outcome) return;
    request_id_ = -1;
    if (!outcome->ok()) {
        throw archive_refusal("failed to record the snapshot", *outcome);
    }
    counter_deadline_ns_ = clock_.nano_time() + spec_.counter_timeout_ns;
    state_ = State::await_counter;
}

void SnapshotTaker::await_counter() {
    counter_ = RecordingCounter::find(aeron_.counters_reader(), publication_.get()->session_id(),
                                      archive_.archive_id());
    if (counter_) {
        state_ = State::write;
    } else if (clock_.nano_time() - counter_deadline_ns_ >= 0) {
        throw TimeoutError("the archive did not go on with the recording of the snapshot");
    }
}

void SnapshotTaker::write() {
    auto& publication = *publication_.get();
    while (next_message_ < spec_.messages.size()) {
        const auto result = publication.offer(ConstBytes(spec_.messages[next_message_]));
        if (result == client::kAdminAction) continue;
        if (result == client::kBackPressured) return;  // the recorder is behind
        if (result < 0) {
            throw Error(
                fmt::format("failed to write the snapshot: {}", client::offer_result_name(result)));
        }
        ++next_message_;
    }
    state_ = State::await_recorded;
}

void SnapshotTaker::await_recorded() {
    const auto recorded = counter_->position(aeron_.counters_reader());
    if (!recorded) {
        throw Error(fmt::format("recording has stopped unexpectedly: {}", counter_->recording_id));
    }
    if (*recorded < publication_.get()->position() && !planted(Fault::snapshot_not_awaited)) return;
    publication_.close();
    spec_.messages.clear();
    state_ = State::done;
}

}  // namespace tern::cluster
