#include "tern/driver/resolver_tables.hpp"

#include <algorithm>

namespace tern::driver {

using platform::SocketAddress;

void ResolverNeighbors::on_heard_of(const SocketAddress& address, bool by_itself,
                                    std::int64_t activity_ns) {
    const auto known = std::ranges::find(neighbors_, address, &ResolverNeighbor::address);
    if (known != neighbors_.end()) {
        if (by_itself) known->time_of_last_activity_ns = activity_ns;
    } else if (neighbors_.size() < kMaxResolverNeighbors) {
        neighbors_.push_back({address, activity_ns});
    }
}

void ResolverNeighbors::expire(std::int64_t now_ns) {
    std::erase_if(neighbors_, [&](const ResolverNeighbor& neighbor) {
        return neighbor.time_of_last_activity_ns + timeout_ns_ <= now_ns;
    });
}

bool ResolverNeighbors::contains(const SocketAddress& address) const {
    return std::ranges::find(neighbors_, address, &ResolverNeighbor::address) != neighbors_.end();
}

void ResolverCache::put(std::string_view name, const SocketAddress& address,
                        std::int64_t activity_ns, std::int64_t now_ns) {
    if (activity_ns + timeout_ns_ <= now_ns) return;
    const auto known = std::ranges::find_if(entries_, [&](const ResolverCacheEntry& entry) {
        return entry.name == name && entry.address.family() == address.family();
    });
    if (known == entries_.end()) {
        if (entries_.size() < kMaxResolverCacheEntries) {
            entries_.push_back({std::string(name), address, activity_ns});
        }
    } else if (activity_ns >= known->time_of_last_activity_ns) {
        known->address = address;
        known->time_of_last_activity_ns = activity_ns;
    }
}

void ResolverCache::expire(std::int64_t now_ns) {
    std::erase_if(entries_, [&](const ResolverCacheEntry& entry) {
        return entry.time_of_last_activity_ns + timeout_ns_ <= now_ns;
    });
}

const ResolverCacheEntry* ResolverCache::find(std::string_view name,
                                              SocketAddress::Family family) const {
    const auto known = std::ranges::find_if(entries_, [&](const ResolverCacheEntry& entry) {
        return entry.name == name && entry.address.family() == family;
    });
    return known == entries_.end() ? nullptr : &*known;
}

}  // namespace tern::driver
