#pragma once
// All control sessions, and how the rest of the archive reaches their clients.
//
// Sessions are kept in order of their ids. What is sent to a session that is gone is dropped; an
// error that nobody hears goes to the event log.
//
// Thread safety: none; the conductor's.

#include <cstdint>
#include <map>
#include <memory>
#include <string_view>

#include "tern/archive/archive_services.hpp"
#include "tern/archive/control_session.hpp"

namespace tern::archive {

class ControlSessions {
  public:
    /// Sessions at a time; a connect request beyond it is dropped and reported.
    static constexpr std::size_t kMaxSessions = 1024;

    ControlSessions(ArchiveServices& services, Authenticator& authenticator);

    /// A session or replication id: never given out twice by one archive.
    [[nodiscard]] std::int64_t next_id() noexcept { return next_id_++; }
    [[nodiscard]] bool is_full() const noexcept { return sessions_.size() >= kMaxSessions; }
    void add(std::unique_ptr<ControlSession> session);
    [[nodiscard]] ControlSession* find(std::int64_t session_id);
    [[nodiscard]] Authenticator& authenticator() noexcept { return authenticator_; }

    int do_work();
    /// The request image of sessions is gone: all of them end as `client_gone`.
    void on_unavailable_image(const std::shared_ptr<client::Image>& image);
    /// Ends all sessions as `archive_closed` and closes them.
    void close();

    // To a session that may be gone by now.
    void send_ok(std::int64_t session_id, std::int64_t correlation_id, std::int64_t relevant_id);
    void send_error(std::int64_t session_id, std::int64_t correlation_id, std::int64_t code,
                    std::string_view text);
    void send_signal(std::int64_t session_id, Signal signal, std::int64_t correlation_id,
                     std::int64_t recording_id, std::int64_t subscription_id,
                     std::int64_t position);

  private:
    void close_session(ControlSession& session) noexcept;

    ArchiveServices& services_;
    Authenticator& authenticator_;
    std::int64_t next_id_;
    std::map<std::int64_t, std::unique_ptr<ControlSession>> sessions_;
};

}  // namespace tern::archive
