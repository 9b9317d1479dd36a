#include "tern/archive/event_log.hpp"

#include <fmt/format.h>

namespace tern::archive {

std::string_view to_string(SessionEndCause cause) noexcept {
    switch (cause) {
        case SessionEndCause::close_request:
            return "close request";
        case SessionEndCause::archive_closed:
            return "archive closed";
        case SessionEndCause::client_gone:
            return "client gone";
        case SessionEndCause::timed_out:
            return "timed out";
        case SessionEndCause::response_unusable:
            return "response unusable";
        case SessionEndCause::failed:
            return "failed";
    }
    return "unknown";
}

void EventLog::append(std::int64_t epoch_ms, std::string text) {
    if (sink_) sink_(text);
    events_.push_back({epoch_ms, std::move(text)});
    if (events_.size() > kMaxEvents) events_.pop_front();
}

void EventLog::record(std::int64_t epoch_ms, std::string text) {
    const std::scoped_lock lock(mutex_);
    append(epoch_ms, std::move(text));
}

void EventLog::record(ControlSessionEnd end) {
    const std::scoped_lock lock(mutex_);
    if (is_abnormal(end.cause)) ++abnormal_session_ends_;
    append(end.epoch_ms,
           fmt::format("control session {} ended ({}): {}; client '{}' {} request sessionId={} "
                       "stream={} channel={}, response stream={} channel={}",
                       end.control_session_id, to_string(end.cause), end.reason, end.client_info,
                       end.source_identity, end.request_session_id, end.request_stream_id,
                       end.request_channel, end.response_stream_id, end.response_channel));
    session_ends_.push_back(std::move(end));
    if (session_ends_.size() > kMaxSessionEnds) session_ends_.pop_front();
}

std::vector<Event> EventLog::events() const {
    const std::scoped_lock lock(mutex_);
    return {events_.begin(), events_.end()};
}

std::vector<ControlSessionEnd> EventLog::session_ends() const {
    const std::scoped_lock lock(mutex_);
    return {session_ends_.begin(), session_ends_.end()};
}

std::int64_t EventLog::abnormal_session_ends() const {
    const std::scoped_lock lock(mutex_);
    return abnormal_session_ends_;
}

}  // namespace tern::archive
