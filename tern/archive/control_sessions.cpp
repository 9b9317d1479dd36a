#include "tern/archive/control_sessions.hpp"

#include <fmt/format.h>

namespace tern::archive {

ControlSessions::ControlSessions(ArchiveServices& services, Authenticator& authenticator)
    : services_(services),
      authenticator_(authenticator),
      next_id_(static_cast<std::int64_t>(services.platform.random.next_u64() % INT32_MAX)) {}

void ControlSessions::add(std::unique_ptr<ControlSession> session) {
    sessions_.emplace(session->session_id(), std::move(session));
    services_.counters.control_sessions->set(std::ssize(sessions_));
}

ControlSession* ControlSessions::find(std::int64_t session_id) {
    const auto it = sessions_.find(session_id);
    return it == sessions_.end() ? nullptr : it->second.get();
}

int ControlSessions::do_work() {
    int work = 0;
    for (auto it = sessions_.begin(); it != sessions_.end();) {
        ControlSession& session = *it->second;
        work += session.do_work();
        if (!session.is_done()) {
            ++it;
            continue;
        }
        close_session(session);
        it = sessions_.erase(it);
        services_.counters.control_sessions->set(std::ssize(sessions_));
    }
    return work;
}

void ControlSessions::close_session(ControlSession& session) noexcept {
    try {
        session.close();
    } catch (const std::exception& error) {
        services_.report(error);
    }
}

void ControlSessions::on_unavailable_image(const std::shared_ptr<client::Image>& image) {
    for (auto& [id, session] : sessions_) {
        if (session->spec().request_image != image) continue;
        session->end(
            SessionEndCause::client_gone,
            fmt::format("control request publication image unavailable : controlSessionId={} "
                        "image.correlationId={} sessionId={} streamId={} channel={}",
                        id, image->correlation_id(), image->session_id(), image->stream_id(),
                        session->spec().request_channel));
    }
}

void ControlSessions::close() {
    for (auto& [id, session] : sessions_) {
        session->end(SessionEndCause::archive_closed, "archive closed");
        close_session(*session);
    }
    sessions_.clear();
}

void ControlSessions::send_ok(std::int64_t session_id, std::int64_t correlation_id,
                              std::int64_t relevant_id) {
    if (auto* session = find(session_id)) session->send_ok(correlation_id, relevant_id);
}

void ControlSessions::send_error(std::int64_t session_id, std::int64_t correlation_id,
                                 std::int64_t code, std::string_view text) {
    if (auto* session = find(session_id)) {
        session->send_error(correlation_id, code, text);
    } else {
        services_.note(fmt::format("control session {} is gone and was not told: {} (code {})",
                                   session_id, text, code));
    }
}

void ControlSessions::send_signal(std::int64_t session_id, Signal signal,
                                  std::int64_t correlation_id, std::int64_t recording_id,
                                  std::int64_t subscription_id, std::int64_t position) {
    if (auto* session = find(session_id)) {
        session->send_signal(signal, correlation_id, recording_id, subscription_id, position);
    }
}

}  // namespace tern::archive
