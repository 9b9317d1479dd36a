#include "tern/driver/stream_linker.hpp"

#include <algorithm>

#include "tern/base/planted_fault.hpp"
#include "tern/driver/stream_counters.hpp"

namespace tern::driver {

void StreamLinker::link(Stream& stream, Subscription& subscription, std::int64_t join_position,
                        std::int64_t now_ns) {
    if (stream.has(subscription)) return;
    const memory::Position position =
        allocate_subscriber_position(manager_, subscription, stream, join_position);
    stream.subscribers.push_back(
        {.subscription = &subscription, .position = position, .time_of_last_update_ns = now_ns});
    announce(stream, stream.subscribers.back());
}

bool StreamLinker::unlink(Stream& stream, const Subscription& subscription) {
    const auto linked = std::ranges::find_if(stream.subscribers, [&](const Subscriber& subscriber) {
        return subscriber.subscription == &subscription;
    });
    if (linked == stream.subscribers.end()) return false;
    if (!planted(Fault::subscriber_position_left)) manager_.free(linked->position);
    stream.subscribers.erase(linked);
    return true;
}

void StreamLinker::unlink_all(Stream& stream) {
    for (Subscriber& subscriber : stream.subscribers) manager_.free(subscriber.position);
    stream.subscribers.clear();
}

void StreamLinker::announce(const Stream& stream, const Subscriber& subscriber) {
    proxy_.on_available_image(
        {.correlation_id = stream.correlation_id,
         .session_id = stream.session_id,
         .stream_id = stream.stream_id,
         .subscription_registration_id = subscriber.subscription->registration_id,
         .subscriber_position_id = subscriber.position.id(),
         .log_file_name = stream.log_path,
         .source_identity = stream.source_identity});
}

void StreamLinker::announce_end(const Stream& stream, const Subscription& subscription) {
    proxy_.on_unavailable_image({.correlation_id = stream.correlation_id,
                                 .subscription_registration_id = subscription.registration_id,
                                 .stream_id = stream.stream_id,
                                 .channel = subscription.channel});
}

void StreamLinker::announce_end(const Stream& stream) {
    for (const Subscriber& subscriber : stream.subscribers) {
        if (subscriber.state == TetherState::active) {
            announce_end(stream, *subscriber.subscription);
        }
    }
}

void StreamLinker::check_untethered(Stream& stream, std::int64_t now_ns, const TetherRules& rules) {
    for (Subscriber& subscriber : stream.subscribers) {
        switch (check_tether(subscriber, now_ns, rules, stream.untethered_timeouts)) {
            case TetherEvent::none:
                break;
            case TetherEvent::unavailable:
                announce_end(stream, *subscriber.subscription);
                break;
            case TetherEvent::closed:
                manager_.free(subscriber.position);
                break;
            case TetherEvent::available:
                subscriber.position.set(
                    stream.rejoin_position(rules.rejoin->lowest, rules.rejoin->highest));
                announce(stream, subscriber);
                break;
        }
    }
}

}  // namespace tern::driver
