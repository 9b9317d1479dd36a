#pragma once
// Appends to the log while this node leads (CON-7.3, CLF-8).
//
// Each append_* returns the log position after the message, or nullopt when the log did not take it
// now (back pressure, not connected, not leading): try again. A closed log, or one at its last
// possible position, throws Error. Nothing is allocated per message.
//
// Thread safety: the module's thread.

#include <cstdint>
#include <optional>
#include <vector>

#include "tern/base/bytes.hpp"
#include "tern/client/exclusive_publication.hpp"
#include "tern/cluster/cluster_types.hpp"
#include "tern/wire/cluster_log_messages.hpp"

namespace tern::cluster {

struct ClusterSession;

class LogPublisher {
  public:
    static constexpr int kAttempts = 3;

    /// Not owned; outlives the connection.
    void connect(client::ExclusivePublication& publication) { publication_ = &publication; }
    void disconnect() noexcept { publication_ = nullptr; }
    [[nodiscard]] bool is_connected() const noexcept { return publication_ != nullptr; }
    /// Where the next message begins; only when connected.
    [[nodiscard]] std::int64_t position() const;

    std::optional<std::int64_t> append_message(std::int64_t session_id,
                                               std::int64_t leadership_term_id,
                                               std::int64_t timestamp, ConstBytes payload);
    std::optional<std::int64_t> append_session_open(const ClusterSession& session,
                                                    std::int64_t leadership_term_id,
                                                    std::int64_t timestamp);
    std::optional<std::int64_t> append_session_close(std::int64_t session_id, CloseReason reason,
                                                     std::int64_t leadership_term_id,
                                                     std::int64_t timestamp);
    std::optional<std::int64_t> append_timer(std::int64_t correlation_id,
                                             std::int64_t leadership_term_id,
                                             std::int64_t timestamp);
    std::optional<std::int64_t> append_cluster_action(wire::cluster::ClusterAction action,
                                                      std::int32_t flags,
                                                      std::int64_t leadership_term_id,
                                                      std::int64_t timestamp);
    /// `event.log_position` is filled in here.
    std::optional<std::int64_t> append_new_leadership_term(
        wire::cluster::NewLeadershipTermEvent event);

  private:
    template <typename Message>
    std::optional<std::int64_t> append(Message message);
    /// `message.log_position` is set to the position after its own frame, anew for each attempt.
    template <typename Message>
    std::optional<std::int64_t> append_with_position(Message message);

    client::ExclusivePublication* publication_ = nullptr;
    std::vector<std::byte> scratch_;
};

}  // namespace tern::cluster
