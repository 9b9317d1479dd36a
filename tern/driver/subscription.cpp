#include "tern/driver/subscription.hpp"

#include <algorithm>

#include "tern/base/planted_fault.hpp"

namespace tern::driver {

bool Stream::has(const Subscription& subscription) const noexcept {
    return std::ranges::any_of(subscribers, [&](const Subscriber& subscriber) {
        return subscriber.subscription == &subscription;
    });
}

WorkingPositions Stream::working(std::int64_t lowest, std::int64_t highest) const {
    WorkingPositions working;
    for (const Subscriber& subscriber : subscribers) {
        if (!subscriber.is_working()) continue;
        working.add(std::max(lowest, std::min(subscriber.position.get(), highest)));
    }
    return working;
}

WorkingPositions Stream::working() const { return working(0, INT64_MAX); }

std::int64_t Stream::rejoin_position(std::int64_t lowest, std::int64_t highest) const {
    if (planted(Fault::untethered_joins_the_slowest)) return lowest;
    std::int64_t position = highest;
    for (const Subscriber& subscriber : subscribers) {
        if (!subscriber.subscription->params.tether) continue;
        position = std::min(position, std::max(lowest, subscriber.position.get()));
    }
    return position;
}

TetherEvent check_tether(Subscriber& subscriber, std::int64_t now_ns, const TetherRules& rules,
                         const UntetheredTimeouts& timeouts) {
    const auto enter = [&](TetherState state) {
        subscriber.state = state;
        subscriber.time_of_last_update_ns = now_ns;
    };
    const std::int64_t waited_ns = now_ns - subscriber.time_of_last_update_ns;
    if (!rules.rejoin && planted(Fault::ending_stream_keeps_untethered)) return TetherEvent::none;
    const bool rejoins = subscriber.subscription->params.rejoin;
    switch (subscriber.state) {
        case TetherState::active:
            if (subscriber.subscription->params.tether || subscriber.position.get() > rules.limit) {
                subscriber.time_of_last_update_ns = now_ns;
                return TetherEvent::none;
            }
            if (waited_ns <= timeouts.window_limit_ns) return TetherEvent::none;
            if (planted(Fault::slow_untethered_kept)) return TetherEvent::none;
            enter(TetherState::linger);
            return TetherEvent::unavailable;
        case TetherState::linger:
            if (waited_ns <= timeouts.linger_ns) return TetherEvent::none;
            enter(rejoins ? TetherState::resting : TetherState::closed);
            return rejoins ? TetherEvent::none : TetherEvent::closed;
        case TetherState::resting:
            if (waited_ns <= timeouts.resting_ns || !rules.rejoin) return TetherEvent::none;
            enter(TetherState::active);
            return TetherEvent::available;
        case TetherState::closed:
            break;
    }
    return TetherEvent::none;
}

}  // namespace tern::driver
