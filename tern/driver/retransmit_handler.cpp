#include "tern/driver/retransmit_handler.hpp"

#include <algorithm>
#include <span>

#include "tern/base/planted_fault.hpp"
#include "tern/logbuffer/position.hpp"

namespace tern::driver {

using memory::SystemCounter;

RetransmitHandler::RetransmitHandler(const Config& config, const memory::SystemCounters& counters)
    : config_(config),
      invalid_packets_(counters[SystemCounter::invalid_packets]),
      overflows_(counters[SystemCounter::retransmit_overflow]) {
    const std::int32_t most = config.has_group_semantics ? kMaxRetransmitActions : 1;
    config_.max_actions = std::clamp(
        config.has_group_semantics ? config.max_actions : std::int32_t{1}, std::int32_t{1}, most);
}

void RetransmitHandler::on_nak(std::int32_t term_id, std::int32_t term_offset, std::int32_t length,
                               std::int32_t max_length, std::int64_t now_ns,
                               RetransmitSender& sender) {
    if (term_offset < 0 || term_offset > config_.term_length - logbuffer::kDataHeaderLength ||
        length < 0) {
        invalid_packets_.fetch_add(1);
        return;
    }
    if (length == 0) return;
    Action* const action = choose_action(term_id, term_offset);
    if (action == nullptr) return;

    action->term_id = term_id;
    action->term_offset = term_offset;
    action->length = std::min({length, config_.term_length - term_offset, max_length});
    if (config_.delay_ns == 0) {
        sender.resend(term_id, term_offset, action->length, now_ns);
        action->state = State::lingering;
        action->expiry_ns = now_ns + config_.linger_ns;
    } else {
        action->state = State::delayed;
        action->expiry_ns = now_ns + config_.delay_ns;
    }
    next_expiry_ns_ = std::min(next_expiry_ns_, action->expiry_ns);
}

RetransmitHandler::Action* RetransmitHandler::choose_action(std::int32_t term_id,
                                                            std::int32_t term_offset) {
    const std::span actions(actions_.data(), static_cast<std::size_t>(config_.max_actions));
    Action* free = nullptr;
    for (Action& action : actions) {
        if (action.state == State::inactive) {
            if (free == nullptr) free = &action;
        } else if (action.term_id == term_id && action.term_offset <= term_offset &&
                   term_offset < action.term_offset + action.length) {
            return nullptr;
        }
    }
    if (!config_.has_group_semantics) return &actions_[0];
    if (free == nullptr) overflows_.increment();
    return free;
}

void RetransmitHandler::expire(std::int64_t now_ns, RetransmitSender& sender) {
    next_expiry_ns_ = std::numeric_limits<std::int64_t>::max();
    for (Action& action :
         std::span(actions_.data(), static_cast<std::size_t>(config_.max_actions))) {
        if (action.state == State::delayed && now_ns > action.expiry_ns) {
            sender.resend(action.term_id, action.term_offset, action.length, now_ns);
            action.state = State::lingering;
            action.expiry_ns = now_ns + config_.linger_ns;
        } else if (action.state == State::lingering && now_ns > action.expiry_ns &&
                   !planted(Fault::retransmit_lingers_for_ever)) {
            action.state = State::inactive;
        }
        if (action.state != State::inactive) {
            next_expiry_ns_ = std::min(next_expiry_ns_, action.expiry_ns);
        }
    }
}

}  // namespace tern::driver
