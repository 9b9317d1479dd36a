#pragma once
// What an application implements, and what it may call: a replicated state machine.
//
// A service sees the cluster's log as a sequence of callbacks that is the same on every member and
// on every replay. Its state must follow from the log alone: no clock but Cluster::time(), no
// randomness, no I/O that decides anything. State = snapshot + log, always.
//
// Thread safety: all callbacks come from the container's one thread, never concurrently; Cluster
// and ClientSession may be used from callbacks only. Spec: chapter 52 CST-5.
//
// What may be called where: sends, timers and session closes are allowed from the callbacks of the
// log (sessions, messages, timers, new term) and refused with an Error from on_start,
// on_role_change, do_background_work and on_terminate, where they would differ between members.

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "tern/base/bytes.hpp"
#include "tern/cluster/cluster_types.hpp"

namespace tern::client {
class Aeron;
class ExclusivePublication;
class Header;
class Image;
}  // namespace tern::client

namespace tern::cluster {

/// Result of an offer by a service that is not on the leader: nothing was sent, and that is right.
inline constexpr std::int64_t kMockedOffer = 1;

/// A client as its services see it. Valid until on_session_close returns.
class ClientSession {
  public:
    virtual ~ClientSession() = default;
    [[nodiscard]] virtual std::int64_t id() const = 0;
    [[nodiscard]] virtual std::int32_t response_stream_id() const = 0;
    [[nodiscard]] virtual std::string_view response_channel() const = 0;
    [[nodiscard]] virtual ConstBytes encoded_principal() const = 0;
    [[nodiscard]] virtual bool is_closing() const = 0;

    /// Sends to the client. On the leader: a position, or the publication's negative result
    /// (NOT_CONNECTED and CLOSED mean a lost client: go on without it; BACK_PRESSURED and
    /// ADMIN_ACTION: Cluster::idle() and try again). Elsewhere kMockedOffer.
    virtual std::int64_t offer(ConstBytes message) = 0;
    /// As offer, gathering the message from several parts.
    virtual std::int64_t offer(std::span<const ConstBytes> parts) = 0;
    /// Asks the cluster to close the session. False: try again after Cluster::idle().
    virtual bool close() = 0;
};

/// The cluster as a service sees it.
class Cluster {
  public:
    virtual ~Cluster() = default;
    [[nodiscard]] virtual std::int32_t member_id() const = 0;  ///< -1 until the log is joined
    [[nodiscard]] virtual Role role() const = 0;
    [[nodiscard]] virtual std::int64_t log_position() const = 0;
    /// Time of the current log message in time_unit(); the only clock that a service may use.
    [[nodiscard]] virtual std::int64_t time() const = 0;
    [[nodiscard]] virtual TimeUnit time_unit() const = 0;
    [[nodiscard]] virtual client::Aeron& aeron() = 0;

    [[nodiscard]] virtual ClientSession* session(std::int64_t id) = 0;  ///< null when unknown
    /// In ascending order of ids.
    virtual void for_each_session(const std::function<void(ClientSession&)>& action) = 0;

    /// Fires on_timer_event(id) once, in log order, at or after `deadline` in time_unit(). An
    /// existing id is moved. False: not handed over, idle() and try again. Ids are shared by all
    /// services of a node; INT64_MAX is neither an id nor a deadline.
    virtual bool schedule_timer(std::int64_t id, std::int64_t deadline) = 0;
    virtual bool cancel_timer(std::int64_t id) = 0;

    /// Appends a message to the log, for all services, with no session. Every member's service
    /// offers the same message; it is appended once. A position, or BACK_PRESSURED/ADMIN_ACTION.
    virtual std::int64_t offer(ConstBytes message) = 0;

    /// To be called in every loop that waits inside a callback: lets the rest of the node work,
    /// notices shutdown. Throws AgentTermination when the container must end.
    virtual void idle(int work_count = 0) = 0;
};

class ClusteredService {
  public:
    virtual ~ClusteredService() = default;

    /// Once, before all else. `snapshot` is null on a fresh start; else poll it until the service
    /// has read what on_take_snapshot wrote, idling between. `cluster` outlives the service's use.
    virtual void on_start(Cluster& cluster, client::Image* snapshot) = 0;
    virtual void on_session_open(ClientSession& session, std::int64_t timestamp) = 0;
    virtual void on_session_close(ClientSession& session, std::int64_t timestamp,
                                  CloseReason reason) = 0;
    /// `session` is null for messages that a service offered to the cluster.
    virtual void on_session_message(ClientSession* session, std::int64_t timestamp,
                                    ConstBytes message, const client::Header& header) = 0;
    virtual void on_timer_event(std::int64_t id, std::int64_t timestamp) = 0;
    /// Offer the whole state to `snapshot`, in as many messages as it takes, idling when it is
    /// back-pressured.
    virtual void on_take_snapshot(client::ExclusivePublication& snapshot) = 0;
    virtual void on_role_change(Role new_role) = 0;
    /// Once, after a successful start, when the container ends.
    virtual void on_terminate(Cluster& cluster) = 0;

    virtual void on_new_leadership_term_event(
        std::int64_t /*leadership_term_id*/, std::int64_t /*log_position*/,
        std::int64_t /*timestamp*/, std::int64_t /*term_base_log_position*/,
        std::int32_t /*leader_member_id*/, std::int32_t /*log_session_id*/, TimeUnit /*time_unit*/,
        std::int32_t /*app_version*/) {}
    /// Every duty cycle and every idle; returns work done. Not deterministic: touch no state.
    virtual int do_background_work(std::int64_t /*now_ns*/) { return 0; }
};

}  // namespace tern::cluster
