#pragma once
// Allocation of the counters that belong to a stream: key and label as every tool expects them
// (TRN-9.5, DRV-7.6, DRV-8.6).
//
// Thread safety: the conductor's thread only.

#include <cstdint>
#include <string>
#include <string_view>

#include "tern/driver/subscription.hpp"
#include "tern/memory/counters.hpp"

namespace tern::driver {

/// Whose counter it is.
struct StreamIdentity {
    std::int64_t registration_id = -1;
    std::int64_t owner_id = -1;  ///< the client
    std::int32_t session_id = 0;
    std::int32_t stream_id = 0;
    std::string_view channel;
};

/// Label "<name>: <registration id> <session> <stream> <channel>".
[[nodiscard]] memory::Counter allocate_stream_counter(memory::CountersManager& manager,
                                                      std::int32_t type_id, std::string_view name,
                                                      const StreamIdentity& identity);

/// The position of a subscription in a stream, which it joins at `join_position`.
[[nodiscard]] memory::Position allocate_subscriber_position(memory::CountersManager& manager,
                                                            const Subscription& subscription,
                                                            const Stream& stream,
                                                            std::int64_t join_position);

}  // namespace tern::driver
