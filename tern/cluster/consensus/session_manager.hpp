#pragma once
// Client sessions: connect, authentication, opening and closing through the log, time-outs,
// redirects and rejections, and what of it survives in snapshots and replays (CON-8).
//
// The module's parents decide when: process_* and check_* run on the slow tick of a leader that is
// active, on_replay_* while the log is read, the rest as named. Effects that depend on an append
// which may not be committed are settled by sweep() or undone by prepare_for_new_leadership().
//
// Nothing waits: response publications and session counters are added asynchronously; what a client
// cannot be told now is tried again on the next tick. A client with an unusable response channel
// only harms its own session. Bounded: max_concurrent_sessions pending and open ones,
// kMaxTurnedAway redirects and rejections (more are dropped without an answer).
//
// Thread safety: the module's thread.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tern/cluster/consensus/cluster_session.hpp"
#include "tern/cluster/consensus/consensus_module_context.hpp"
#include "tern/cluster/consensus/egress_publisher.hpp"
#include "tern/cluster/consensus/log_publisher.hpp"
#include "tern/cluster/consensus/module_errors.hpp"
#include "tern/cluster/consensus/uncommitted_queue.hpp"

namespace tern::cluster {

/// A connect request, with what is known of the image that it came on.
struct SessionConnect {
    std::int64_t correlation_id = -1;
    std::int32_t response_stream_id = 0;
    std::int32_t version = 0;
    std::string_view response_channel;
    ConstBytes encoded_credentials;
    std::string_view client_info;
    std::int64_t image_correlation_id = -1;
    std::int32_t image_session_id = 0;
    std::string_view source_identity;
};

/// The times of one tick.
struct ClusterNow {
    std::int64_t monotonic_ns = 0;
    std::int64_t epoch_ms = 0;
    std::int64_t cluster_time = 0;
};

class SessionManager {
  public:
    static constexpr std::size_t kMaxTurnedAway = 64;

    SessionManager(const ConsensusModuleContext& context, LogPublisher& log_publisher,
                   ModuleErrors& errors);
    ~SessionManager();
    SessionManager(const SessionManager&) = delete;
    SessionManager& operator=(const SessionManager&) = delete;

    /// Once, before the first request; `aeron` outlives this object or its close_all().
    void set_aeron(client::Aeron& aeron) { aeron_ = &aeron; }
    /// What events tell clients.
    void set_leadership(std::int64_t leadership_term_id, std::int32_t leader_member_id,
                        std::string ingress_endpoints);

    // Ingress.
    void on_connect(const SessionConnect& request, bool is_leader, const ClusterNow& now);
    void on_challenge_response(std::int64_t session_id, std::int64_t correlation_id,
                               ConstBytes encoded_credentials, const ClusterNow& now);
    /// Null unless it is open.
    [[nodiscard]] ClusterSession* find_open(std::int64_t session_id);
    void on_close_request(ClusterSession& session, const ClusterNow& now);
    void on_ingress_image_unavailable(std::int64_t image_correlation_id, const ClusterNow& now);
    /// A service wants the session closed; only an active leader appends it at once.
    void on_service_close(std::int64_t session_id, bool may_append, const ClusterNow& now);

    // Slow tick; all return work done.
    int process_turned_away(const ClusterNow& now);  ///< always
    int process_pending(const ClusterNow& now);      ///< leader, active
    int check_sessions(const ClusterNow& now);       ///< leader, active

    // Log replay.
    void on_replay_open(std::int64_t log_position, std::int64_t correlation_id,
                        std::int64_t session_id, std::int32_t response_stream_id,
                        std::string_view response_channel);
    void on_replay_close(std::int64_t session_id);

    // Leadership.
    void prepare_for_new_leadership(std::int64_t log_position);
    /// Startup: every recovered session is timed out; else it gets an event of the new leader.
    void on_new_leadership(bool is_startup, const ClusterNow& now);
    void sweep(std::int64_t commit_position);
    /// All sessions were active now: after a snapshot or a suspension.
    void refresh_activity(std::int64_t now_ns);

    // Snapshot.
    void load_ids(std::int64_t next_session_id);
    void load_session(std::int64_t session_id, std::int64_t correlation_id,
                      std::int64_t opened_log_position, std::optional<CloseReason> close_reason,
                      std::int32_t response_stream_id, std::string_view response_channel);
    template <typename Visit>
    void for_each_session(Visit&& visit) const {
        for (const auto& session : sessions_) visit(*session);
    }

    [[nodiscard]] std::int64_t next_session_id() const noexcept { return next_session_id_; }
    [[nodiscard]] std::int64_t next_committed_session_id() const noexcept {
        return next_committed_session_id_;
    }
    [[nodiscard]] std::size_t session_count() const noexcept { return sessions_.size(); }
    [[nodiscard]] std::int64_t highest_session_id() const noexcept {
        return sessions_.empty() ? 0 : sessions_.back()->id;
    }
    /// Sessions timed out since the last call.
    [[nodiscard]] std::int64_t take_timed_out() noexcept { return std::exchange(timed_out_, 0); }

    void close_all() noexcept;  ///< harmless when repeated

  private:
    class Proxy;
    using SessionPtr = std::unique_ptr<ClusterSession>;
    using Sessions = std::vector<SessionPtr>;

    void connect_response(ClusterSession& session, std::string_view info);
    bool poll_response(ClusterSession& session, const ClusterNow& now);
    void reject(ClusterSession& session, wire::cluster::EventCode code, std::string detail);
    int process_one_pending(ClusterSession& session, const ClusterNow& now);
    void authenticate(ClusterSession& session, const ClusterNow& now);
    bool try_open(ClusterSession& session, const ClusterNow& now);
    bool try_append_close(ClusterSession& session, const ClusterNow& now);
    bool send_event(ClusterSession& session, wire::cluster::EventCode code,
                    std::string_view detail);
    void begin_close(ClusterSession& session, CloseReason reason);
    void add_session(SessionPtr session);
    [[nodiscard]] ClusterSession* find(std::int64_t session_id);
    SessionPtr take(std::int64_t session_id);

    const ConsensusModuleContext& ctx_;
    LogPublisher& log_publisher_;
    ModuleErrors& errors_;
    client::Aeron* aeron_ = nullptr;
    EgressPublisher egress_;
    std::unique_ptr<Authenticator> authenticator_;

    std::int64_t leadership_term_id_ = -1;
    std::int32_t leader_member_id_ = -1;
    std::string ingress_endpoints_;

    Sessions sessions_;     // open and closing, by ascending id
    Sessions pending_;      // not open yet
    Sessions turned_away_;  // to be told so
    std::int64_t next_session_id_ = 1;
    std::int64_t next_committed_session_id_ = 1;
    UncommittedQueue<std::int64_t> uncommitted_opens_;  // id + 1
    UncommittedQueue<SessionPtr> uncommitted_closes_;
    std::int64_t timed_out_ = 0;
};

}  // namespace tern::cluster
