#include "tern/client/cnc_mapping.hpp"

#include <fmt/format.h>

#include "tern/memory/counter_types.hpp"

namespace tern::client {

memory::Counter CncMapping::counter(std::int32_t counter_id) const {
    if (!counters_.contains(counter_id)) {
        throw Error(fmt::format("counter id {} from the driver is out of range: 0 - {}", counter_id,
                                counters_.max_counter_id()));
    }
    return {file_.counters_values(), counter_id};
}

memory::ChannelStatus CncMapping::channel_status(std::int32_t channel_status_id) const {
    if (!counters_.contains(channel_status_id)) return memory::ChannelStatus::active;
    return static_cast<memory::ChannelStatus>(counters_.value(channel_status_id));
}

std::vector<std::string> CncMapping::local_socket_addresses(std::int32_t channel_status_id) const {
    std::vector<std::string> addresses;
    if (!counters_.contains(channel_status_id) ||
        channel_status(channel_status_id) != memory::ChannelStatus::active) {
        return addresses;
    }
    counters_.for_each([&](std::int32_t id) {
        if (counters_.type_id(id) != memory::counter_type::kLocalSocketAddress) return;
        if (counters_.value(id) != static_cast<std::int64_t>(memory::ChannelStatus::active)) return;
        const auto key = memory::parse_socket_address_key(counters_.key(id));
        if (key && key->channel_status_id == channel_status_id && !key->address.empty()) {
            addresses.emplace_back(key->address);
        }
    });
    return addresses;
}

}  // namespace tern::client
