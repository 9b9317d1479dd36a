#pragma once
// Acks of the services of this node (CON-11.1): one queue per service, one expected ack id.
//
// A step that needs the services (start, join, snapshot, termination) is reached when the head of
// every queue carries the expected ack id and that step's log position; take() then consumes the
// heads. A head with another id or position can never be reached by waiting: it throws.
//
// Thread safety: none. Bounded: kMaxQueuedAcks per service.

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "tern/cluster/cluster_types.hpp"

namespace tern::cluster {

struct ServiceAck {
    std::int64_t log_position = kNullPosition;
    std::int64_t timestamp = 0;
    std::int64_t ack_id = -1;
    std::int64_t relevant_id = -1;  ///< client id, snapshot recording id, or -1
    std::int32_t service_id = -1;
};

class ServiceAcks {
  public:
    /// A service has one ack under way; more come only from one that is out of its mind.
    static constexpr std::size_t kMaxQueuedAcks = 16;

    explicit ServiceAcks(std::int32_t service_count);

    /// Throws Error naming the ack when the service is unknown, a second start is acked, or the
    /// queue is full.
    void add(const ServiceAck& ack);
    /// Whether all services acked `log_position` with the expected id. Throws Error ("ack out of
    /// sequence: ...") when a head differs.
    [[nodiscard]] bool is_reached(std::int64_t log_position) const;
    /// Only when is_reached(): takes the heads, one per service, and expects the next id.
    [[nodiscard]] std::span<const ServiceAck> take();

    [[nodiscard]] std::int64_t expected_ack_id() const noexcept { return expected_ack_id_; }
    [[nodiscard]] bool is_empty() const noexcept;

  private:
    std::vector<std::deque<ServiceAck>> queues_;
    std::vector<ServiceAck> taken_;
    std::int64_t expected_ack_id_ = 0;
};

}  // namespace tern::cluster
