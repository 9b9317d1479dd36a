#pragma once
// A service container's two streams with its consensus module: what it sends (acks, timers, session
// closes, messages to the cluster) and what it is told (CST-3.4, CST-3.5, CST-6).
//
// Nothing waits. Acks must not be lost: they are queued, in order, and sent by flush_acks().
//
// Thread safety: none; the container's thread.

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tern/client/aeron.hpp"
#include "tern/cluster/service/service_container_context.hpp"
#include "tern/wire/cluster_client_messages.hpp"
#include "tern/wire/cluster_control_messages.hpp"

namespace tern::cluster {

/// The log that the module wants the service to read.
struct JoinRequest {
    std::int64_t log_position = 0;
    std::int64_t max_log_position = 0;
    std::int32_t member_id = -1;
    std::int32_t log_session_id = 0;
    std::int32_t log_stream_id = 0;
    bool is_startup = false;
    bool is_standby = false;
    Role role = Role::follower;
    std::string log_channel;
};

/// What the module has said and the container has not acted on yet.
struct ModuleRequests {
    std::optional<JoinRequest> join;
    std::optional<std::int64_t> termination_position;
    std::optional<std::int64_t> requested_ack_position;
};

class ModuleLink {
  public:
    /// Acks that may be waiting; the module never has more under way.
    static constexpr std::size_t kMaxQueuedAcks = 16;

    ModuleLink(const ServiceContainerContext& context, client::Aeron& aeron);
    ~ModuleLink() { close(); }
    ModuleLink(const ModuleLink&) = delete;
    ModuleLink& operator=(const ModuleLink&) = delete;

    /// Adds the streams; true when both are there. Throws what the driver refuses.
    [[nodiscard]] bool open();
    void close() noexcept;

    /// Reads at most one message. Throws Error for a foreign schema or malformed bytes, which are
    /// then consumed.
    int poll(ModuleRequests& requests);

    void queue_ack(std::int64_t log_position, std::int64_t timestamp, std::int64_t relevant_id);
    /// True when none is waiting any more. Throws Error when the module cannot be told.
    [[nodiscard]] bool flush_acks();
    [[nodiscard]] bool has_queued_acks() const noexcept { return !acks_.empty(); }

    // One attempt each: false means back pressure. Throw Error when the module is not there.
    [[nodiscard]] bool schedule_timer(std::int64_t id, std::int64_t deadline);
    [[nodiscard]] bool cancel_timer(std::int64_t id);
    [[nodiscard]] bool close_session(std::int64_t cluster_session_id);
    /// A position, BACK_PRESSURED or ADMIN_ACTION.
    [[nodiscard]] std::int64_t offer(std::int64_t leadership_term_id, ConstBytes message);

  private:
    template <typename Message>
    [[nodiscard]] bool send(const Message& message);
    /// The result as it is, but for those that mean that the module is not there.
    std::int64_t require_connected(std::int64_t result) const;
    void on_message(ConstBytes message, ModuleRequests& requests);

    const ServiceContainerContext& context_;
    client::Aeron& aeron_;
    std::int64_t publication_id_ = kNullValue;
    std::int64_t subscription_id_ = kNullValue;
    std::unique_ptr<client::Publication> publication_;
    std::unique_ptr<client::Subscription> subscription_;
    ModuleRequests* polled_ = nullptr;
    client::FragmentAssembler<> assembler_{
        [this](ConstBytes message, const client::Header&) { on_message(message, *polled_); }};
    std::deque<wire::cluster::ServiceAck> acks_;
    std::int64_t next_ack_id_ = 0;
};

}  // namespace tern::cluster
