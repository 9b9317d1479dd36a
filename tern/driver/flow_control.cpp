#include "tern/driver/flow_control.hpp"

#include <algorithm>
#include <limits>

#include "tern/base/planted_fault.hpp"

namespace tern::driver {

namespace {

constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();

}  // namespace

std::int32_t FlowControl::max_retransmission_length(std::int32_t term_length) const noexcept {
    const std::int64_t window = std::min(kRetransmitBaseWindow, term_length / 2);
    return static_cast<std::int32_t>(
        std::min<std::int64_t>(window * retransmit_window_multiple_, term_length));
}

std::int64_t MaxFlowControl::on_status_message(const wire::StatusMessage& message,
                                               std::int64_t position, std::int64_t sender_limit,
                                               std::int64_t /*now_ns*/) {
    return std::max(sender_limit, position + message.receiver_window_length);
}

std::int64_t MaxFlowControl::on_idle(std::int64_t /*now_ns*/, std::int64_t sender_limit) {
    return sender_limit;
}

MinFlowControl::MinFlowControl(const Config& config, memory::Counter receivers)
    : FlowControl(config.retransmit_window_multiple),
      config_(config),
      receivers_counter_(receivers),
      has_required_receivers_(config.group_min_size == 0) {
    receivers_.reserve(16);
}

bool MinFlowControl::matches(const wire::StatusMessage& message) const noexcept {
    return !config_.group_tag || message.group_tag == config_.group_tag;
}

std::int64_t MinFlowControl::setup_limit(std::int64_t now_ns) noexcept {
    if (setup_limit_ && time_of_last_setup_ns_ + config_.receiver_timeout_ns < now_ns) {
        setup_limit_.reset();
    }
    return setup_limit_.value_or(kNoLimit);
}

bool MinFlowControl::group_complete() const noexcept {
    return receivers_.size() >= static_cast<std::size_t>(config_.group_min_size);
}

void MinFlowControl::publish_receivers() {
    has_required_receivers_.store(group_complete(), std::memory_order_release);
    if (receivers_counter_) receivers_counter_.set(static_cast<std::int64_t>(receivers_.size()));
}

std::int64_t MinFlowControl::on_status_message(const wire::StatusMessage& message,
                                               std::int64_t position, std::int64_t sender_limit,
                                               std::int64_t now_ns) {
    const std::int64_t end = position + message.receiver_window_length;
    const bool leaving = (message.flags & wire::status_flags::kEndOfStream) != 0;
    const bool counts = matches(message);
    std::int64_t limit = setup_limit(now_ns);
    bool known = false;
    for (Receiver& receiver : receivers_) {
        if (counts && receiver.receiver_id == message.receiver_id) {
            receiver.end_of_stream = leaving;
            receiver.position = std::max(receiver.position, position);
            receiver.position_plus_window = end;
            receiver.time_of_last_status_ns = now_ns;
            known = true;
        }
        limit = std::min(limit, receiver.position_plus_window);
    }
    // One that is more than a window behind the others is not waited for.
    const bool is_near = receivers_.empty() || end >= limit - message.receiver_window_length;
    if (!known && !leaving && counts && is_near && receivers_.size() < kMaxReceivers) {
        receivers_.push_back({message.receiver_id, position, end, now_ns, false});
        limit = std::min(limit, end);
        setup_limit_.reset();
        publish_receivers();
    }
    if (!group_complete()) return sender_limit;
    return std::max(sender_limit, receivers_.empty() ? end : limit);
}

std::int64_t MinFlowControl::on_idle(std::int64_t now_ns, std::int64_t sender_limit) {
    const auto removed = std::erase_if(receivers_, [&](const Receiver& receiver) {
        return receiver.end_of_stream ||
               (!planted(Fault::silent_group_member_never_dropped) &&
                receiver.time_of_last_status_ns + config_.receiver_timeout_ns < now_ns);
    });
    std::int64_t limit = setup_limit(now_ns);
    for (const Receiver& receiver : receivers_) {
        limit = std::min(limit, receiver.position_plus_window);
    }
    if (removed != 0) publish_receivers();
    return receivers_.empty() || !group_complete() ? sender_limit : limit;
}

void MinFlowControl::on_trigger_send_setup(const wire::StatusMessage& message) {
    setup_triggered_ = setup_triggered_ || matches(message);
}

void MinFlowControl::on_setup(std::int64_t now_ns, std::int64_t sender_limit) {
    if (setup_triggered_ && !receivers_.empty()) {
        time_of_last_setup_ns_ = now_ns;
        setup_limit_ = sender_limit;
    }
    setup_triggered_ = false;
}

void MinFlowControl::on_error(std::int64_t receiver_id) {
    for (Receiver& receiver : receivers_) {
        if (receiver.receiver_id == receiver_id) receiver.end_of_stream = true;
    }
}

std::unique_ptr<FlowControl> make_flow_control(const FlowControlOptions& options,
                                               const FlowControlDefaults& defaults,
                                               bool has_group_semantics,
                                               memory::Counter receivers_counter) {
    using Strategy = FlowControlOptions::Strategy;
    const std::int32_t multiple = options.retransmit_window_multiple.value_or(
        has_group_semantics ? defaults.multicast_multiple : defaults.unicast_multiple);
    const bool is_tag_ignored =
        options.strategy == Strategy::tagged && planted(Fault::tagged_group_waits_for_nobody);
    if (options.strategy == Strategy::max || planted(Fault::group_ignores_slowest_member) ||
        is_tag_ignored) {
        return std::make_unique<MaxFlowControl>(multiple);
    }

    MinFlowControl::Config config;
    if (options.strategy == Strategy::tagged) {
        config.group_tag = options.group_tag.value_or(defaults.group_tag);
    }
    config.group_min_size = options.group_min_size.value_or(defaults.group_min_size);
    config.receiver_timeout_ns = options.receiver_timeout_ns.value_or(defaults.receiver_timeout_ns);
    config.retransmit_window_multiple = multiple;
    return std::make_unique<MinFlowControl>(config, receivers_counter);
}

}  // namespace tern::driver
