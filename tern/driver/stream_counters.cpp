#include "tern/driver/stream_counters.hpp"

#include <fmt/format.h>

#include "tern/memory/counter_keys.hpp"
#include "tern/memory/counter_types.hpp"

namespace tern::driver {

memory::Counter allocate_stream_counter(memory::CountersManager& manager, std::int32_t type_id,
                                        std::string_view name, const StreamIdentity& identity) {
    const memory::CounterKey key = memory::stream_key({.registration_id = identity.registration_id,
                                                       .session_id = identity.session_id,
                                                       .stream_id = identity.stream_id,
                                                       .channel = identity.channel});
    return manager.allocate(
        {.type_id = type_id,
         .key = key.bytes(),
         .label = fmt::format("{}: {} {} {} {}", name, identity.registration_id,
                              identity.session_id, identity.stream_id, identity.channel),
         .registration_id = identity.registration_id,
         .owner_id = identity.owner_id});
}

memory::Position allocate_subscriber_position(memory::CountersManager& manager,
                                              const Subscription& subscription,
                                              const Stream& stream, std::int64_t join_position) {
    const memory::CounterKey key =
        memory::stream_key({.registration_id = subscription.registration_id,
                            .session_id = stream.session_id,
                            .stream_id = stream.stream_id,
                            .channel = subscription.channel});
    const std::string label =
        fmt::format("sub-pos: {} {} {} {} @{}", subscription.registration_id, stream.session_id,
                    stream.stream_id, subscription.channel, join_position);
    const memory::Position position =
        manager.allocate({.type_id = memory::counter_type::kSubscriberPosition,
                          .key = key.bytes(),
                          .label = label,
                          .registration_id = subscription.registration_id,
                          .owner_id = subscription.client_id,
                          .reference_id = stream.correlation_id});
    position.set(join_position);
    return position;
}

}  // namespace tern::driver
