#pragma once
// Replays: from the request through the replay publication to the end (ARC-4.7, ARC-4.8 and ARC-6
// of chapter 41), and the tokens of replays over response channels (ARC-2.12).
//
// A request is checked, its publication asked for, and when that is there the session handed to
// the replayer. A replay whose publication is still awaited counts as one of its recording: it is
// stopped with the others.
//
// Thread safety: none; the conductor's.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tern/archive/archive_services.hpp"
#include "tern/archive/control_sessions.hpp"
#include "tern/archive/recordings.hpp"
#include "tern/archive/replay_session.hpp"
#include "tern/archive/workers.hpp"
#include "tern/wire/channel_uri.hpp"

namespace tern::archive {

inline constexpr std::int64_t kReplayAllAndFollow = -1;  ///< lengths of replay requests
inline constexpr std::int64_t kReplayAllAndStop = -2;

class Replays {
  public:
    static constexpr std::size_t kMaxTokens = 4096;

    Replays(ArchiveServices& services, ControlSessions& sessions, Recordings& recordings,
            Replayer& replayer, const PendingDeletes& deletes);

    struct Request {
        std::int64_t correlation_id = 0;
        std::int64_t recording_id = 0;
        std::int64_t position = -1;
        std::int64_t length = -1;
        std::optional<std::int32_t> limit_counter_id;  ///< bounded by this counter
        std::int32_t stream_id = 0;
        std::int32_t file_io_max_length = -1;
        std::string_view channel;
        std::optional<std::int64_t> response_image;  ///< for response channels with a token
    };
    /// Throws when the channel cannot be parsed: then there is no answer, as upstream has none.
    void start(ControlSession& session, const Request& request);
    void stop(ControlSession& session, std::int64_t correlation_id, std::int64_t replay_session_id);
    void stop_all(ControlSession& session, std::int64_t correlation_id, std::int64_t recording_id);

    [[nodiscard]] bool has_replay(std::int64_t recording_id) const;
    /// One that was asked to stop and has not ended yet.
    [[nodiscard]] bool has_stopping_replay(std::int64_t recording_id) const;
    /// Stops every replay of the recording, those that are starting included.
    void stop_replays_of(std::int64_t recording_id);
    /// A replay that reads a segment below the position: its description, for an error text.
    [[nodiscard]] std::optional<std::string> replay_below(std::int64_t recording_id,
                                                          std::int64_t position) const;

    // Tokens: valid for the connect timeout, for a recording and the session that asked.
    // Throws when kMaxTokens are.
    [[nodiscard]] std::int64_t issue_token(std::int64_t session_id, std::int64_t recording_id);
    /// The session that a token was given to; nullopt when it is unknown, expired or not for this
    /// recording.
    [[nodiscard]] std::optional<std::int64_t> find_token(std::int64_t token,
                                                         std::int64_t recording_id) const;

    int do_work();
    /// After the replayer has ended.
    void close();

  private:
    struct Replay {
        std::int64_t correlation_id = -1;
        std::int64_t control_session_id = -1;
        std::int64_t publication_id = -1;  ///< registration, until found
        std::string publication_channel;
        bool stop_requested = false;
        bool handed_over = false;
        bool answered = false;
        ReplaySession::Spec spec;  ///< until the session is made
        std::unique_ptr<ReplaySession> session;
        [[nodiscard]] std::int64_t recording_id() const {
            return session ? session->spec().recording.recording_id : spec.recording.recording_id;
        }
    };
    struct Token {
        std::int64_t session_id;
        std::int64_t recording_id;
        std::int64_t deadline_ns;
    };

    [[nodiscard]] ReplayBoundSource bound_by(std::int32_t counter_id) const;
    [[nodiscard]] bool check_range(ControlSession& session, const Request& request,
                                   const RecordingSummary& recording,
                                   std::optional<std::int64_t> limit, ReplaySession::Spec& spec);
    int poll(Replay& replay);
    bool poll_publication(Replay& replay);
    [[nodiscard]] bool is_over(const Replay& replay) const;
    void finish(Replay& replay);
    void request_stop(Replay& replay);
    void refuse_as_stopped(const Replay& replay);
    int expire_tokens();

    ArchiveServices& services_;
    ControlSessions& sessions_;
    Recordings& recordings_;
    Replayer& replayer_;
    const PendingDeletes& deletes_;
    std::int64_t next_replay_ = 1;
    std::map<std::int64_t, Replay> replays_;  // by n of the replay session id
    std::map<std::int64_t, Token> tokens_;
};

}  // namespace tern::archive
