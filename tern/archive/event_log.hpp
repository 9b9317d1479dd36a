#pragma once
// The archive's event log: what happened to control sessions and recordings, with everything an
// operator needs to know whose it was.
//
// Upstream tells of a session's end, if at all, with a session id only. Here every end is recorded
// with session, client, channels, streams and reason; those that were neither asked for by the
// client nor caused by its death count as abnormal (counter type kAbnormalSessionEndsTypeId), and
// only those are errors.
//
// Thread safety: all members may be called from any thread. Control path only.

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace tern::archive {

/// How a control session came to its end (ARC-2.9 of chapter 41).
enum class SessionEndCause : std::uint8_t {
    close_request,      ///< CloseSessionRequest: the one proper way
    archive_closed,     ///< the archive itself is closing
    client_gone,        ///< request image unavailable, or response publication not connected
    timed_out,          ///< did not connect or did not read its responses in time
    response_unusable,  ///< response publication closed or at its maximum position
    failed,             ///< an error in the session's own work
};

[[nodiscard]] std::string_view to_string(SessionEndCause cause) noexcept;

/// Neither a close request, nor the archive's close, nor the client's death.
[[nodiscard]] constexpr bool is_abnormal(SessionEndCause cause) noexcept {
    return cause == SessionEndCause::timed_out || cause == SessionEndCause::response_unusable ||
           cause == SessionEndCause::failed;
}

struct ControlSessionEnd {
    std::int64_t epoch_ms = 0;
    std::int64_t control_session_id = 0;
    std::string client_info;  ///< as the client sent it: name, version, commit
    std::string source_identity;
    std::int32_t request_session_id = 0;
    std::string request_channel;
    std::int32_t request_stream_id = 0;
    std::string response_channel;
    std::int32_t response_stream_id = 0;
    SessionEndCause cause = SessionEndCause::close_request;
    std::string reason;  ///< upstream's text
};

struct Event {
    std::int64_t epoch_ms = 0;
    std::string text;
};

class EventLog {
  public:
    /// Oldest entries are dropped beyond these.
    static constexpr std::size_t kMaxEvents = 1024;
    static constexpr std::size_t kMaxSessionEnds = 1024;

    /// Called with each event as one line of text without newline; may be empty. It must not
    /// throw and not call back.
    using Sink = std::function<void(std::string_view line)>;

    explicit EventLog(Sink sink = {}) : sink_(std::move(sink)) {}

    void record(std::int64_t epoch_ms, std::string text);
    void record(ControlSessionEnd end);

    [[nodiscard]] std::vector<Event> events() const;
    [[nodiscard]] std::vector<ControlSessionEnd> session_ends() const;
    /// Of all session ends since the start, those that were abnormal.
    [[nodiscard]] std::int64_t abnormal_session_ends() const;

  private:
    void append(std::int64_t epoch_ms, std::string text);

    mutable std::mutex mutex_;
    Sink sink_;
    std::deque<Event> events_;
    std::deque<ControlSessionEnd> session_ends_;
    std::int64_t abnormal_session_ends_ = 0;
};

}  // namespace tern::archive
