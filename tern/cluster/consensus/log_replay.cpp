#include "tern/cluster/consensus/log_replay.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tern/base/error.hpp"

namespace tern::cluster {

LogReplay::LogReplay(ModuleCore& core, LogReader& reader, std::int64_t start_position,
                     std::int64_t stop_position)
    : core_(core),
      reader_(reader),
      start_position_(start_position),
      stop_position_(stop_position),
      position_(start_position),
      replay_(*core.aeron, *core.archive,
              {.recording_id = core.log_recording_id,
               .position = start_position,
               .length = stop_position - start_position,
               .channel = core.ctx.replay_channel,
               .stream_id = core.ctx.replay_stream_id}),
      join_(core.services, core.acks) {}

bool LogReplay::poll() {
    switch (state_) {
        case State::await_image:
            await_image();
            break;
        case State::await_services:
            if (join_.poll()) state_ = State::replay;
            break;
        case State::replay:
            replay();
            break;
        case State::done:
            break;
    }
    return state_ == State::done;
}

void LogReplay::await_image() {
    if (!replay_.poll()) return;
    const auto joined = replay_.image().join_position();
    if (joined != start_position_) {
        throw Error(
            fmt::format("joinPosition={} expected startPosition={}", joined, start_position_),
            kGenericError, Severity::warn);
    }
    join_.begin({.log_position = start_position_,
                 .max_log_position = stop_position_,
                 .member_id = core_.ctx.member_id,
                 .log_session_id = replay_.session_id(),
                 .log_stream_id = core_.ctx.replay_stream_id,
                 .is_startup = wire::BooleanType::yes,
                 .role = static_cast<std::int32_t>(Role::follower),
                 .is_standby = wire::BooleanType::no,
                 .log_channel = {}},
                replay_.channel());
    state_ = State::await_services;
}

void LogReplay::replay() {
    if (core_.state == ModuleState::active || core_.state == ModuleState::suspended) {
        auto& image = replay_.image();
        reader_.poll(image, stop_position_);
        const auto position = std::max(position_, image.position());
        if (position == position_ && image.is_closed() && position < stop_position_) {
            throw Error(
                fmt::format("unexpected image close when replaying log: position={}", position),
                kGenericError, Severity::warn);
        }
        position_ = position;
        core_.advance_commit_position(position_);
    }
    if (position_ < stop_position_ || core_.state == ModuleState::snapshot) return;
    replay_.stop();
    state_ = State::done;
}

}  // namespace tern::cluster
