#include "tern/cluster/consensus/archive_replay.hpp"

#include <fmt/format.h>

#include <utility>

#include "tern/base/planted_fault.hpp"
#include "tern/cluster/archive_refusal.hpp"
#include "tern/wire/channel_uri.hpp"

namespace tern::cluster {

ArchiveReplay::ArchiveReplay(client::Aeron& aeron, archive::AsyncArchiveClient& archive, Spec spec)
    : aeron_(aeron),
      archive_(archive),
      spec_(std::move(spec)),
      request_id_(archive_.start_replay(spec_.recording_id, spec_.channel, spec_.stream_id,
                                        {.position = spec_.position, .length = spec_.length})) {}

ArchiveReplay::~ArchiveReplay() {
    try {
        stop();
    } catch (const Error&) {  // too many requests are pending: the archive finds out by itself
    }
}

bool ArchiveReplay::poll() {
    if (state_ == State::await_replay) {
        const auto outcome = archive_.take_outcome(request_id_);
        if (!outcome) return false;
        request_id_ = -1;
        if (!outcome->ok()) {
            throw archive_refusal(fmt::format("failed to replay recording {} from {}",
                                              spec_.recording_id, spec_.position),
                                  *outcome);
        }
        replay_session_id_ = outcome->relevant_id;
        session_id_ = static_cast<std::int32_t>(replay_session_id_);  // its low 32 bits
        channel_ = wire::add_session_id(spec_.channel, session_id_);
        subscription_.begin(aeron_, aeron_.async_add_subscription(channel_, spec_.stream_id));
        state_ = State::await_subscription;
    }
    if (state_ == State::await_subscription && subscription_.poll() != nullptr) {
        state_ = State::await_image;
    }
    if (state_ == State::await_image) {
        image_ = subscription_.get()->image_by_session_id(session_id_);
        if (image_ != nullptr) state_ = State::ready;
    }
    return state_ == State::ready;
}

void ArchiveReplay::stop() {
    if (planted(Fault::leave_replays_running)) return;
    if (replay_session_id_ != -1 && archive_.is_connected()) {
        archive_.abandon(archive_.stop_replay(replay_session_id_));
    }
    if (request_id_ != -1) archive_.abandon_replay(std::exchange(request_id_, -1));
    replay_session_id_ = -1;
    subscription_.close();
}

}  // namespace tern::cluster
