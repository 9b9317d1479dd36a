#include "tern/archive/replays.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tern/archive/channels.hpp"
#include "tern/archive/error_codes.hpp"
#include "tern/archive/registration.hpp"
#include "tern/base/math.hpp"
#include "tern/wire/data_header.hpp"

namespace tern::archive {

Replays::Replays(ArchiveServices& services, ControlSessions& sessions, Recordings& recordings,
                 Replayer& replayer, const PendingDeletes& deletes)
    : services_(services),
      sessions_(sessions),
      recordings_(recordings),
      replayer_(replayer),
      deletes_(deletes) {}

// ---- Requests ----------------------------------------------------------------------------------

/// Follows a counter for as long as it is the counter that it was. Throws when it is none.
ReplayBoundSource Replays::bound_by(std::int32_t counter_id) const {
    const auto& counters = services_.aeron.counters_reader();
    if (!counters.contains(counter_id) ||
        counters.state(counter_id) != memory::CounterState::allocated) {
        throw Error(fmt::format("counter {} is not allocated", counter_id));
    }
    const auto registration_id = counters.registration_id(counter_id);
    const auto is_the_same = [&counters, counter_id, registration_id] {
        return counters.state(counter_id) == memory::CounterState::allocated &&
               counters.registration_id(counter_id) == registration_id;
    };
    // The reader lives as long as the Aeron client, which outlives every replay.
    return [&counters, counter_id, is_the_same,
            last = counters.value(counter_id)]() mutable -> ReplayBound {
        const auto value = counters.value(counter_id);
        if (!is_the_same()) return {last, true};
        last = value;
        return {last, false};
    };
}

void Replays::start(ControlSession& session, const Request& request) {
    const auto id = request.recording_id;
    const auto refuse = [&](std::int64_t code, const std::string& text) {
        session.send_error(request.correlation_id, code, text);
    };
    const auto most = services_.context.max_concurrent_replays;
    if (std::ssize(replays_) >= most) {
        return refuse(error_code::kMaxReplays,
                      fmt::format("max concurrent replays reached {}", most));
    }
    const auto recording = services_.catalog.find(id);
    if (!recording) {
        return refuse(error_code::kUnknownRecording, fmt::format("unknown recording id: {}", id));
    }
    Replay replay;
    auto& spec = replay.spec;
    spec.recorded = recordings_.recorded(id);
    std::optional<std::int64_t> limit;
    if (spec.recorded) limit = spec.recorded->position();
    if (request.limit_counter_id) {
        try {
            spec.bound = bound_by(*request.limit_counter_id);
            limit = spec.bound().position;
        } catch (const std::exception& error) {
            return refuse(error_code::kGeneric,
                          fmt::format("unable to create replay limit counter id= {} because of: {}",
                                      *request.limit_counter_id, error.what()));
        }
    }
    spec.recording = *recording;
    if (!check_range(session, request, *recording, limit, spec)) return;
    try {
        replay.publication_channel =
            replay_publication_channel(services_.context, wire::ChannelUri::parse(request.channel),
                                       *recording, spec.start_position, request.response_image);
        replay.publication_id = services_.aeron.async_add_exclusive_publication(
            replay.publication_channel, request.stream_id);
    } catch (const std::exception& error) {
        services_.report(error);
        return refuse(error_code::kGeneric,
                      std::string("failed to process replayChannel - ") + error.what());
    }
    replay.correlation_id = spec.correlation_id = request.correlation_id;
    replay.control_session_id = spec.control_session_id = session.session_id();
    spec.replay_channel = std::string(request.channel);
    spec.replay_stream_id = request.stream_id;
    spec.file_io_max_length = std::max(request.file_io_max_length, 0);
    spec.checksum = services_.context.replay_checksum;
    spec.connect_timeout_ns = services_.context.connect_timeout_ns;
    spec.archive_directory = services_.context.archive_directory;
    replays_.emplace(next_replay_++, std::move(replay));
    services_.counters.replay_sessions->set(std::ssize(replays_));
}

bool Replays::check_range(ControlSession& session, const Request& request,
                          const RecordingSummary& recording, std::optional<std::int64_t> limit,
                          ReplaySession::Spec& spec) {
    const auto id = request.recording_id;
    const auto refuse = [&](std::int64_t code, const std::string& text) {
        session.send_error(request.correlation_id, code, text);
        return false;
    };
    const auto beyond = [&](std::int64_t start, std::int64_t end) {
        return refuse(error_code::kInvalidPosition,
                      fmt::format("requested replay start position={} must be less than the limit "
                                  "position={} for recording {}",
                                  start, end, id));
    };
    const auto position = request.position;
    if (position != kNullValue) {
        if (!is_aligned<std::int64_t>(position, wire::kFrameAlignment)) {
            return refuse(error_code::kGeneric,
                          fmt::format("requested replay start position={} is not a multiple of "
                                      "FRAME_ALIGNMENT (32) for recording {}",
                                      position, id));
        }
        if (position < recording.start_position) {
            return refuse(error_code::kInvalidPosition,
                          fmt::format("requested replay start position={} is less than recording "
                                      "start position={} for recording {}",
                                      position, recording.start_position, id));
        }
        if (!recording.is_live() && position >= recording.stop_position) {
            return beyond(position, recording.stop_position);
        }
    }
    if (request.file_io_max_length > 0 && request.file_io_max_length < recording.mtu_length) {
        return refuse(error_code::kGeneric,
                      fmt::format("fileIoMaxLength={} < mtuLength={}", request.file_io_max_length,
                                  recording.mtu_length));
    }
    if (services_.context.file_io_max_length < recording.mtu_length) {
        return refuse(error_code::kGeneric,
                      fmt::format("replayBufferCapacity={} < mtuLength={}",
                                  services_.context.file_io_max_length, recording.mtu_length));
    }
    const auto start = position == kNullValue ? recording.start_position : position;
    if (limit && start > *limit) return beyond(start, *limit);
    const auto stop = limit.value_or(recording.stop_position);
    const auto most = limit ? INT64_MAX - start : stop - start;
    if (request.length == kReplayAllAndStop && stop == start) {
        return refuse(error_code::kEmptyRecording,
                      fmt::format("when replaying and stopping the replay length must be "
                                  "non-zero, recordingId={}",
                                  id));
    }
    std::int64_t length = std::min(request.length, most);
    if (request.length == kReplayAllAndFollow) length = most;
    if (request.length == kReplayAllAndStop) length = stop - start;
    if (length < 0) {
        return refuse(error_code::kGeneric,
                      fmt::format("replay length must be positive: replayLength={}, length={}, "
                                  "stopPosition={}, replayPosition={} for recording {}",
                                  length, request.length, stop, start, id));
    }
    if (!recording.is_live() && stop > recording.stop_position &&
        deletes_.highest_segment(id) > recording.stop_position) {
        return refuse(
            error_code::kGeneric,
            fmt::format(
                "cannot start replay of recording {} due to an outstanding delete operation", id));
    }
    spec.start_position = start;
    spec.length = length;
    return true;
}

void Replays::stop(ControlSession& session, std::int64_t correlation_id,
                   std::int64_t replay_session_id) {
    const auto it = replays_.find(replay_session_id >> 32);
    if (it != replays_.end() && it->second.session &&
        it->second.session->spec().replay_session_id == replay_session_id) {
        request_stop(it->second);
    }
    session.send_ok(correlation_id);
}

void Replays::stop_all(ControlSession& session, std::int64_t correlation_id,
                       std::int64_t recording_id) {
    for (auto& [n, replay] : replays_) {
        if (recording_id == kNullValue || replay.recording_id() == recording_id) {
            request_stop(replay);
        }
    }
    session.send_ok(correlation_id);
}

void Replays::request_stop(Replay& replay) {
    replay.stop_requested = true;
    if (replay.session) replay.session->request_stop();
}

bool Replays::has_replay(std::int64_t recording_id) const {
    return std::ranges::any_of(
        replays_, [&](const auto& entry) { return entry.second.recording_id() == recording_id; });
}

bool Replays::has_stopping_replay(std::int64_t recording_id) const {
    return std::ranges::any_of(replays_, [&](const auto& entry) {
        return entry.second.stop_requested && entry.second.recording_id() == recording_id;
    });
}

void Replays::stop_replays_of(std::int64_t recording_id) {
    for (auto& [n, replay] : replays_) {
        if (replay.recording_id() == recording_id) request_stop(replay);
    }
}

std::optional<std::string> Replays::replay_below(std::int64_t recording_id,
                                                 std::int64_t position) const {
    for (const auto& [n, replay] : replays_) {
        if (replay.recording_id() != recording_id) continue;
        const auto& spec = replay.session ? replay.session->spec() : replay.spec;
        const auto base = replay.session
                              ? replay.session->segment_base()
                              : spec.recording.geometry().segment_base(spec.start_position);
        if (base >= position) continue;
        return fmt::format(
            "state={} newStartPosition={} upperBound={} sessionId={} streamId={} "
            "channel={}",
            replay.session ? "REPLAY" : "INIT", position, base,
            static_cast<std::int32_t>(spec.replay_session_id), spec.replay_stream_id,
            spec.replay_channel);
    }
    return std::nullopt;
}

// ---- Tokens ------------------------------------------------------------------------------------

std::int64_t Replays::issue_token(std::int64_t session_id, std::int64_t recording_id) {
    if (tokens_.size() >= kMaxTokens) {
        throw Error(fmt::format("replay token request dropped: {} tokens are valid", kMaxTokens));
    }
    std::int64_t token = kNullValue;
    while (token == kNullValue || tokens_.contains(token)) {
        token = static_cast<std::int64_t>(services_.platform.random.next_u64());
    }
    tokens_[token] = {session_id, recording_id,
                      services_.now_ns() + services_.context.connect_timeout_ns};
    return token;
}

std::optional<std::int64_t> Replays::find_token(std::int64_t token,
                                                std::int64_t recording_id) const {
    const auto it = tokens_.find(token);
    if (it == tokens_.end() || it->second.recording_id != recording_id) return std::nullopt;
    return it->second.session_id;
}

int Replays::expire_tokens() {
    if (tokens_.empty()) return 0;
    const auto now_ns = services_.now_ns();
    return static_cast<int>(std::erase_if(tokens_, [&](const auto& entry) {
        return now_ns > entry.second.deadline_ns ||
               sessions_.find(entry.second.session_id) == nullptr;
    }));
}

// ---- Duty cycle --------------------------------------------------------------------------------

int Replays::do_work() {
    int work = expire_tokens();
    for (auto it = replays_.begin(); it != replays_.end();) {
        auto& replay = it->second;
        if (!replay.session && replay.publication_id != kNullValue) {
            replay.spec.replay_session_id = it->first << 32;
        }
        work += poll(replay);
        if (!is_over(replay)) {
            ++it;
            continue;
        }
        finish(replay);
        it = replays_.erase(it);
        services_.counters.replay_sessions->set(std::ssize(replays_));
        ++work;
    }
    return work;
}

int Replays::poll(Replay& replay) {
    if (!replay.session) {
        if (replay.stop_requested) {
            services_.aeron.abandon(replay.publication_id);
            replay.publication_id = kNullValue;
            refuse_as_stopped(replay);
            return 1;
        }
        return poll_publication(replay) ? 1 : 0;
    }
    if (!replay.handed_over) replay.handed_over = replayer_.hand_over(replay.session.get());
    if (replay.answered || !replay.session->is_started()) return 0;
    replay.answered = true;
    sessions_.send_ok(replay.control_session_id, replay.correlation_id,
                      replay.session->spec().replay_session_id);
    return 1;
}

void Replays::refuse_as_stopped(const Replay& replay) {
    sessions_.send_error(replay.control_session_id, replay.correlation_id, error_code::kGeneric,
                         "replay was stopped before it started");
}

bool Replays::poll_publication(Replay& replay) {
    try {
        auto publication = services_.aeron.find_exclusive_publication(replay.publication_id);
        if (!publication) return false;
        auto& spec = replay.spec;
        spec.replay_session_id |= static_cast<std::uint32_t>(publication->session_id());
        spec.publication = std::move(publication);
        replay.session = std::make_unique<ReplaySession>(std::move(spec), services_.platform);
        return true;
    } catch (const client::RegistrationException& refusal) {
        if (is_temporary(refusal)) {
            replay.publication_id = services_.aeron.async_add_exclusive_publication(
                replay.publication_channel, replay.spec.replay_stream_id);
            return false;
        }
        services_.report(refusal);
        sessions_.send_error(replay.control_session_id, replay.correlation_id, error_code::kGeneric,
                             std::string("failed to create replay publication: ") + refusal.what());
    } catch (const std::exception& error) {
        services_.report(error);
        sessions_.send_error(replay.control_session_id, replay.correlation_id, error_code::kGeneric,
                             std::string("failed to create replay publication: ") + error.what());
    }
    replay.publication_id = kNullValue;
    return true;
}

bool Replays::is_over(const Replay& replay) const {
    return replay.session ? replay.session->is_released() : replay.publication_id == kNullValue;
}

void Replays::finish(Replay& replay) {
    if (!replay.session) return;
    const auto& session = *replay.session;
    if (session.is_started() && !replay.answered) {
        sessions_.send_ok(replay.control_session_id, replay.correlation_id,
                          session.spec().replay_session_id);
    }
    if (!session.error().empty()) {
        sessions_.send_error(replay.control_session_id, replay.correlation_id, session.error_code(),
                             session.error());
        services_.report(Error(session.error(), session.error_code()));
    } else if (!session.is_started()) {
        refuse_as_stopped(replay);
    }
    if (session.is_revoked()) {
        session.spec().publication->revoke();
    } else {
        session.spec().publication->close();
    }
}

void Replays::close() {
    for (auto& [n, replay] : replays_) {
        if (replay.session) {
            replay.session->spec().publication->close();
        } else if (replay.publication_id != kNullValue) {
            services_.aeron.abandon(replay.publication_id);
        }
    }
    replays_.clear();
}

}  // namespace tern::archive
