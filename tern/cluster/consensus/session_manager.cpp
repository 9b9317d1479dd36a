#include "tern/cluster/consensus/session_manager.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tern/base/planted_fault.hpp"
#include "tern/cluster/consensus/log_channels.hpp"
#include "tern/memory/counter_keys.hpp"
#include "tern/memory/counter_types.hpp"
#include "tern/wire/error_codes.hpp"

namespace tern::cluster {

using State = ClusterSession::State;
using wire::cluster::EventCode;

namespace {

std::string text_of_version(std::int32_t version) {
    return fmt::format("{}.{}.{}", version_major(version), (version >> 8) & 0xff, version & 0xff);
}

std::string counter_label(std::string_view info, std::int32_t cluster_id) {
    auto label = fmt::format("cluster-session: {} - clusterId={}", info, cluster_id);
    // Longer labels would be refused; a client must not be able to cause that (CLF-14.4).
    if (label.size() > memory::kMaxCounterLabelLength) label.resize(memory::kMaxCounterLabelLength);
    return label;
}

}  // namespace

/// What an authenticator may do to a session while it is asked about it.
class SessionManager::Proxy final : public archive::SessionProxy {
  public:
    Proxy(SessionManager& manager, ClusterSession& session, std::int64_t now_ns)
        : manager_(manager), session_(session), now_ns_(now_ns) {}

    [[nodiscard]] std::int64_t session_id() const override { return session_.id; }
    bool challenge(ConstBytes encoded_challenge) override {
        auto* response = session_.connected_response();
        if (response == nullptr || !manager_.egress_.challenge(*response, session_.correlation_id,
                                                               session_.id, encoded_challenge)) {
            return false;
        }
        session_.state = State::challenged;
        session_.time_of_last_activity_ns = now_ns_;
        return true;
    }
    bool authenticate(ConstBytes encoded_principal) override {
        if (encoded_principal.size() > static_cast<std::size_t>(kMaxEncodedPrincipalLength)) {
            throw Error(fmt::format("encoded principal max length {} exceeded: length={}",
                                    kMaxEncodedPrincipalLength, encoded_principal.size()));
        }
        session_.encoded_principal.assign(encoded_principal.begin(), encoded_principal.end());
        session_.state = State::authenticated;
        return true;
    }
    void reject() override {
        session_.reject_code = EventCode::authentication_rejected;
        session_.reject_detail = "session failed authentication";
        session_.state = State::rejected;
    }

  private:
    SessionManager& manager_;
    ClusterSession& session_;
    std::int64_t now_ns_;
};

SessionManager::SessionManager(const ConsensusModuleContext& context, LogPublisher& log_publisher,
                               ModuleErrors& errors)
    : ctx_(context),
      log_publisher_(log_publisher),
      errors_(errors),
      authenticator_(context.authenticator_supplier ? context.authenticator_supplier()
                                                    : archive::make_permissive_authenticator()) {}

SessionManager::~SessionManager() = default;

void SessionManager::set_leadership(std::int64_t leadership_term_id, std::int32_t leader_member_id,
                                    std::string ingress_endpoints) {
    leadership_term_id_ = leadership_term_id;
    leader_member_id_ = leader_member_id;
    ingress_endpoints_ = std::move(ingress_endpoints);
}

// --- connecting

void SessionManager::on_connect(const SessionConnect& request, bool is_leader,
                                const ClusterNow& now) {
    auto session = std::make_unique<ClusterSession>();
    session->id = is_leader ? next_session_id_++ : -1;
    session->correlation_id = request.correlation_id;
    session->response_stream_id = request.response_stream_id;
    session->time_of_last_activity_ns = now.monotonic_ns;
    session->response_channel = refine_response_channel(
        request.response_channel, ctx_.egress_channel, ctx_.is_ipc_ingress_allowed);
    connect_response(*session,
                     fmt::format("{}{}sourceIdentity={} sessionId={}", request.client_info,
                                 request.client_info.empty() ? "" : " ", request.source_identity,
                                 request.image_session_id));
    const auto sessions = pending_.size() + sessions_.size();
    if (!is_leader) {
        session->reject_code = EventCode::redirect;
        session->reject_detail = ingress_endpoints_;
    } else if (version_major(request.version) != version_major(kClientProtocolVersion)) {
        reject(
            *session, EventCode::error,
            fmt::format("invalid client version {}, cluster is {}",
                        text_of_version(request.version), text_of_version(kClientProtocolVersion)));
    } else if (sessions >= static_cast<std::size_t>(std::max(0, ctx_.max_concurrent_sessions))) {
        reject(*session, EventCode::error, "concurrent session limit");
    } else {
        session->ingress_image_correlation_id = request.image_correlation_id;
        authenticator_->on_connect_request(session->id, request.encoded_credentials, now.epoch_ms);
        pending_.push_back(std::move(session));
        return;
    }
    if (turned_away_.size() < kMaxTurnedAway) turned_away_.push_back(std::move(session));
}

void SessionManager::connect_response(ClusterSession& session, std::string_view info) {
    session.response.begin(*aeron_, aeron_->async_add_publication(session.response_channel,
                                                                  session.response_stream_id));
    session.counter.begin(
        *aeron_,
        aeron_->async_add_counter(memory::counter_type::kClusterSession,
                                  memory::cluster_session_key(ctx_.cluster_id, session.id).bytes(),
                                  counter_label(info, ctx_.cluster_id)));
}

/// Whether the response publication is there; a session that can have none becomes invalid.
bool SessionManager::poll_response(ClusterSession& session, const ClusterNow& now) {
    try {
        if (session.response.is_pending() && session.response.poll() != nullptr) {
            session.time_of_last_activity_ns = now.monotonic_ns;
            if (session.state == State::init) session.state = State::connecting;
        }
        if (session.counter.is_pending() && session.counter.poll() != nullptr) {
            session.counter.get()->set(session.id);
        }
    } catch (const client::RegistrationException& refused) {
        if (wire::error_code_of(refused.code()) ==
            wire::ErrorCode::resource_temporarily_unavailable) {
            connect_response(session, session.response_channel);
            return false;
        }
        errors_.event(
            fmt::format("failed to connect session response publication: {}", refused.what()));
        session.state = State::invalid;
    } catch (const TimeoutError& late) {
        errors_.event(late.what());
        session.state = State::invalid;
    }
    return session.response.get() != nullptr;
}

void SessionManager::reject(ClusterSession& session, EventCode code, std::string detail) {
    errors_.event(fmt::format("{} {}, clusterMemberId={}, id={}", to_string(code), detail,
                              ctx_.member_id, session.id));
    session.reject_code = code;
    session.reject_detail = std::move(detail);
}

void SessionManager::on_challenge_response(std::int64_t session_id, std::int64_t correlation_id,
                                           ConstBytes encoded_credentials, const ClusterNow& now) {
    for (const auto& session : pending_) {
        if (session->id != session_id || session->state != State::challenged) continue;
        session->correlation_id = correlation_id;
        session->time_of_last_activity_ns = now.monotonic_ns;
        authenticator_->on_challenge_response(session_id, encoded_credentials, now.epoch_ms);
        return;
    }
}

// --- pending, redirected and rejected sessions

int SessionManager::process_pending(const ClusterNow& now) {
    int work = 0;
    for (std::size_t i = pending_.size(); i-- > 0;) {  // newest first, as upstream
        auto& session = *pending_[i];
        try {
            work += process_one_pending(session, now);
        } catch (const std::exception& failure) {
            errors_.report(failure);
            session.state = State::invalid;
        }
        const auto state = session.state;
        if (state != State::open && state != State::rejected && state != State::invalid) continue;
        auto done = std::move(pending_[i]);
        pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(i));
        if (state == State::open) add_session(std::move(done));
        if (state == State::rejected && turned_away_.size() < kMaxTurnedAway) {
            turned_away_.push_back(std::move(done));
        }
        ++work;
    }
    return work;
}

int SessionManager::process_one_pending(ClusterSession& session, const ClusterNow& now) {
    const bool has_response = poll_response(session, now);
    if (session.state == State::invalid) return 1;
    if (session.state != State::init &&
        now.monotonic_ns > session.time_of_last_activity_ns + ctx_.session_timeout_ns) {
        session.state = State::invalid;
        ++timed_out_;
        return 1;
    }
    if (!has_response || session.connected_response() == nullptr) return 0;
    if (session.state == State::connecting) session.state = State::connected;
    authenticate(session, now);
    return session.state == State::authenticated && try_open(session, now) ? 1 : 0;
}

void SessionManager::authenticate(ClusterSession& session, const ClusterNow& now) {
    Proxy proxy(*this, session, now.monotonic_ns);
    if (session.state == State::connected) {
        authenticator_->on_connected_session(proxy, now.epoch_ms);
    } else if (session.state == State::challenged) {
        authenticator_->on_challenged_session(proxy, now.epoch_ms);
    }
}

bool SessionManager::try_open(ClusterSession& session, const ClusterNow& now) {
    if (session.connected_response()->available_window() <= 0) return false;
    const auto position =
        log_publisher_.append_session_open(session, leadership_term_id_, now.cluster_time);
    if (!position) return false;
    session.opened_log_position = *position;
    session.time_of_last_activity_ns = now.monotonic_ns;
    session.state = State::open;
    session.is_open_event_pending = !send_event(session, EventCode::ok, "");
    uncommitted_opens_.push(*position, session.id + 1);
    return true;
}

int SessionManager::process_turned_away(const ClusterNow& now) {
    int work = 0;
    std::erase_if(turned_away_, [&](const SessionPtr& session) {
        poll_response(*session, now);
        bool is_done = session->state == State::invalid;
        if (session->connected_response() != nullptr) {
            is_done = send_event(*session, session->reject_code, session->reject_detail) || is_done;
        }
        const bool is_late =
            now.monotonic_ns > session->time_of_last_activity_ns + ctx_.session_timeout_ns;
        is_done = is_done || (is_late && session->state != State::init);
        work += is_done ? 1 : 0;
        return is_done;
    });
    return work;
}

bool SessionManager::send_event(ClusterSession& session, EventCode code, std::string_view detail) {
    auto* response = session.connected_response();
    return response != nullptr &&
           egress_.session_event(*response,
                                 {.cluster_session_id = session.id,
                                  .correlation_id = session.correlation_id,
                                  .leadership_term_id = leadership_term_id_,
                                  .leader_member_id = leader_member_id_,
                                  .code = code,
                                  .leader_heartbeat_timeout_ns = ctx_.leader_heartbeat_timeout_ns,
                                  .detail = detail});
}

// --- open sessions

ClusterSession* SessionManager::find(std::int64_t session_id) {
    const auto at = std::ranges::lower_bound(sessions_, session_id, {},
                                             [](const SessionPtr& session) { return session->id; });
    return at != sessions_.end() && (*at)->id == session_id ? at->get() : nullptr;
}

ClusterSession* SessionManager::find_open(std::int64_t session_id) {
    auto* session = find(session_id);
    return session != nullptr && session->is_open() ? session : nullptr;
}

void SessionManager::add_session(SessionPtr session) {
    const auto at = std::ranges::upper_bound(sessions_, session->id, {},
                                             [](const SessionPtr& other) { return other->id; });
    sessions_.insert(at, std::move(session));
}

SessionManager::SessionPtr SessionManager::take(std::int64_t session_id) {
    const auto at = std::ranges::find(sessions_, session_id,
                                      [](const SessionPtr& session) { return session->id; });
    if (at == sessions_.end()) return nullptr;
    auto session = std::move(*at);
    sessions_.erase(at);
    return session;
}

void SessionManager::begin_close(ClusterSession& session, CloseReason reason) {
    if (session.state == State::closing) return;
    session.state = State::closing;
    session.close_reason = reason;
}

/// Appends the close of a closing session; the session is then no more than a memory, until the
/// close is committed.
bool SessionManager::try_append_close(ClusterSession& session, const ClusterNow& now) {
    const auto position = log_publisher_.append_session_close(
        session.id, *session.close_reason, leadership_term_id_, now.cluster_time);
    if (!position) return false;
    if (*session.close_reason != CloseReason::client_action) {
        send_event(session, EventCode::closed, to_string(*session.close_reason));
    }
    if (*session.close_reason == CloseReason::timeout) ++timed_out_;
    session.disconnect();
    uncommitted_closes_.push(*position, take(session.id));
    return true;
}

void SessionManager::on_close_request(ClusterSession& session, const ClusterNow& now) {
    begin_close(session, CloseReason::client_action);
    session.disconnect();
    try_append_close(session, now);
}

void SessionManager::on_service_close(std::int64_t session_id, bool may_append,
                                      const ClusterNow& now) {
    auto* session = find(session_id);
    if (session == nullptr) return;
    begin_close(*session, CloseReason::service_action);
    if (may_append) try_append_close(*session, now);
}

void SessionManager::on_ingress_image_unavailable(std::int64_t image_correlation_id,
                                                  const ClusterNow& now) {
    for (std::size_t i = sessions_.size(); i-- > 0;) {
        auto& session = *sessions_[i];
        if (session.ingress_image_correlation_id != image_correlation_id) continue;
        session.ingress_image_correlation_id = -1;
        if (!session.is_open() || planted(Fault::session_never_times_out)) continue;
        begin_close(session, CloseReason::timeout);
        try_append_close(session, now);
    }
    for (const auto& session : pending_) {
        if (session->ingress_image_correlation_id != image_correlation_id) continue;
        session->ingress_image_correlation_id = -1;
    }
}

int SessionManager::check_sessions(const ClusterNow& now) {
    int work = 0;
    for (std::size_t i = sessions_.size(); i-- > 0;) {
        auto& session = *sessions_[i];
        if (session.response.is_pending()) poll_response(session, now);
        if (session.is_open() && !planted(Fault::session_never_times_out) &&
            now.monotonic_ns > session.time_of_last_activity_ns + ctx_.session_timeout_ns) {
            begin_close(session, CloseReason::timeout);
        }
        if (session.state == State::closing) {
            work += try_append_close(session, now) ? 1 : 0;
        } else if (session.is_open_event_pending) {
            session.is_open_event_pending = !send_event(session, EventCode::ok, "");
            work += session.is_open_event_pending ? 0 : 1;
        } else if (session.is_new_leader_event_pending) {
            auto* response = session.connected_response();
            if (response != nullptr &&
                egress_.new_leader_event(*response, leadership_term_id_, session.id,
                                         leader_member_id_, ingress_endpoints_)) {
                session.is_new_leader_event_pending = false;
                ++work;
            }
        }
    }
    return work;
}

void SessionManager::refresh_activity(std::int64_t now_ns) {
    for (const auto& session : sessions_) session->time_of_last_activity_ns = now_ns;
}

// --- log and snapshot

void SessionManager::on_replay_open(std::int64_t log_position, std::int64_t correlation_id,
                                    std::int64_t session_id, std::int32_t response_stream_id,
                                    std::string_view response_channel) {
    if (find(session_id) != nullptr) {
        throw Error(fmt::format("session {} is opened twice in the log, at position {}", session_id,
                                log_position));
    }
    load_session(session_id, correlation_id, log_position, std::nullopt, response_stream_id,
                 response_channel);
}

void SessionManager::on_replay_close(std::int64_t session_id) { (void)take(session_id); }

void SessionManager::load_ids(std::int64_t next_session_id) {
    next_session_id_ = next_session_id;
    next_committed_session_id_ = next_session_id;
}

void SessionManager::load_session(std::int64_t session_id, std::int64_t correlation_id,
                                  std::int64_t opened_log_position,
                                  std::optional<CloseReason> close_reason,
                                  std::int32_t response_stream_id,
                                  std::string_view response_channel) {
    auto session = std::make_unique<ClusterSession>();
    session->id = session_id;
    session->correlation_id = correlation_id;
    session->opened_log_position = opened_log_position;
    session->state = close_reason ? State::closing : State::open;
    session->close_reason = close_reason;
    session->response_stream_id = response_stream_id;
    session->response_channel = response_channel;
    session->is_open_event_pending = true;
    add_session(std::move(session));
    next_session_id_ = std::max(next_session_id_, session_id + 1);
    next_committed_session_id_ = std::max(next_committed_session_id_, session_id + 1);
}

void SessionManager::sweep(std::int64_t commit_position) {
    uncommitted_opens_.sweep(commit_position, [&](std::int64_t next_id) {
        next_committed_session_id_ = std::max(next_committed_session_id_, next_id);
    });
    uncommitted_closes_.sweep(commit_position);
}

// --- leadership

void SessionManager::prepare_for_new_leadership(std::int64_t log_position) {
    sweep(log_position);
    uncommitted_opens_.restore(log_position, [](std::int64_t) {});
    uncommitted_closes_.restore(log_position, [&](SessionPtr& session) {
        // Its open is gone as well: nobody will ever have heard of it.
        if (session->opened_log_position <= log_position) add_session(std::move(session));
    });
    for (const auto& session : pending_) send_event(*session, EventCode::closed, "election");
    pending_.clear();
    std::erase_if(sessions_, [&](const SessionPtr& session) {
        if (session->opened_log_position <= log_position) {
            session->disconnect();
            return false;
        }
        send_event(*session, EventCode::closed, "election");
        return true;
    });
}

void SessionManager::on_new_leadership(bool is_startup, const ClusterNow& now) {
    for (const auto& session : sessions_) {
        session->time_of_last_activity_ns = now.monotonic_ns;
        if (!session->is_open()) continue;
        if (is_startup) {
            begin_close(*session, CloseReason::timeout);
            continue;
        }
        session->is_new_leader_event_pending = true;
        connect_response(*session, session->response_channel);
    }
}

void SessionManager::close_all() noexcept {
    turned_away_.clear();
    pending_.clear();
    sessions_.clear();
}

}  // namespace tern::cluster
