#pragma once
// What a clustered service sees is one history, the same on every member and after every restart,
// and a consistent one.
//
//   at each log position one event; a member goes through them without leaving anything out
//   sessions are opened once, send while they are open, and are closed once
//   a restored service has the sessions that were open at its position
//   what was scheduled or offered comes exactly once: timers, messages of the service
//
// Findings are one line each. Log positions in bytes. No thread safety.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tern/base/bytes.hpp"

namespace tern::sim {

struct ServiceEvent {
    enum class Kind : std::uint8_t { open, close, command, message, timer, term };
    Kind kind;
    std::int64_t log_position;
    std::int64_t timestamp;
    std::int64_t id;             ///< of session, timer, message or leadership term
    std::string_view payload{};  ///< of a command
};
[[nodiscard]] std::string_view to_string(ServiceEvent::Kind kind) noexcept;

class ServiceHistory {
  public:
    /// The service of this member begins at `log_position` with these sessions, in order.
    [[nodiscard]] std::optional<std::string> restored(std::int32_t member,
                                                      std::int64_t log_position,
                                                      const std::vector<std::int64_t>& sessions);
    [[nodiscard]] std::optional<std::string> applied(std::int32_t member,
                                                     const ServiceEvent& event);
    /// While the latest event is applied, which may be for the second time.
    void expects_timer(std::int64_t id) { expect(ServiceEvent::Kind::timer, id); }
    void expects_message(std::int64_t id) { expect(ServiceEvent::Kind::message, id); }

    /// Timers and messages that have not come yet.
    [[nodiscard]] std::size_t pending() const noexcept { return pending_; }
    [[nodiscard]] std::string first_pending() const;
    [[nodiscard]] std::int64_t end_position() const noexcept {
        return events_.empty() ? 0 : events_.rbegin()->first;
    }

    template <typename Action>
    void for_each(const Action& action) const {
        for (const auto& [position, event] : events_) action(event.view(position));
    }

  private:
    struct Stored {
        ServiceEvent::Kind kind;
        std::int64_t timestamp;
        std::int64_t id;
        std::string payload;
        [[nodiscard]] ServiceEvent view(std::int64_t position) const {
            return {kind, position, timestamp, id, payload};
        }
    };
    using Expected = std::pair<ServiceEvent::Kind, std::int64_t>;

    void expect(ServiceEvent::Kind kind, std::int64_t id);
    [[nodiscard]] std::optional<std::string> check_known(const ServiceEvent& event,
                                                         std::int64_t from) const;
    [[nodiscard]] std::optional<std::string> check_new(const ServiceEvent& event);

    std::map<std::int64_t, Stored> events_;           // by log position
    std::map<std::int32_t, std::int64_t> positions_;  // of the members
    std::map<std::int64_t, bool> sessions_;           // whether it is open
    std::map<Expected, bool> expected_;               // whether it has come
    std::size_t pending_ = 0;
};

}  // namespace tern::sim
