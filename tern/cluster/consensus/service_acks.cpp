#include "tern/cluster/consensus/service_acks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tern/base/assert.hpp"
#include "tern/base/error.hpp"

namespace tern::cluster {

namespace {

std::string text_of(const ServiceAck& ack) {
    return fmt::format("[ackId={}, logPosition={}, relevantId={}, serviceId={}]", ack.ack_id,
                       ack.log_position, ack.relevant_id, ack.service_id);
}

}  // namespace

ServiceAcks::ServiceAcks(std::int32_t service_count)
    : queues_(static_cast<std::size_t>(service_count)) {
    taken_.reserve(queues_.size());
}

void ServiceAcks::add(const ServiceAck& ack) {
    if (ack.service_id < 0 || static_cast<std::size_t>(ack.service_id) >= queues_.size()) {
        throw Error(fmt::format("ack from a service that is not configured: {} serviceCount={}",
                                text_of(ack), queues_.size()));
    }
    auto& queue = queues_[static_cast<std::size_t>(ack.service_id)];
    const bool is_restart = ack.ack_id == 0 && (expected_ack_id_ > 0 || !queue.empty());
    if (is_restart) {
        throw Error(fmt::format(
            "initial ack already received from service: possible duplicate serviceId={}",
            ack.service_id));
    }
    if (queue.size() >= kMaxQueuedAcks) {
        throw Error(fmt::format("more than {} acks queued: {}", kMaxQueuedAcks, text_of(ack)));
    }
    queue.push_back(ack);
}

bool ServiceAcks::is_reached(std::int64_t log_position) const {
    bool reached = true;
    for (const auto& queue : queues_) {
        if (queue.empty()) {
            reached = false;
            continue;
        }
        const auto& head = queue.front();
        if (head.ack_id != expected_ack_id_ || head.log_position != log_position) {
            throw Error(fmt::format(
                "ack out of sequence: expected [ackId={}, logPosition={}] vs received {}",
                expected_ack_id_, log_position, text_of(head)));
        }
    }
    return reached;
}

std::span<const ServiceAck> ServiceAcks::take() {
    taken_.clear();
    for (auto& queue : queues_) {
        TERN_ASSERT(!queue.empty(), "acks are taken only when all are there");
        taken_.push_back(queue.front());
        queue.pop_front();
    }
    ++expected_ack_id_;
    return taken_;
}

bool ServiceAcks::is_empty() const noexcept {
    return std::ranges::all_of(queues_, [](const auto& queue) { return queue.empty(); });
}

}  // namespace tern::cluster
