#pragma once
// What a driver knows of others through gossip: who they are, and which names they told
// (DRV-14.4). Both tables are bounded: what does not fit is not taken in.
//
// Thread safety: none; values of DriverNames.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tern/platform/socket_address.hpp"

namespace tern::driver {

inline constexpr std::size_t kMaxResolverNeighbors = 256;
inline constexpr std::size_t kMaxResolverCacheEntries = 1024;

struct ResolverNeighbor {
    platform::SocketAddress address;
    std::int64_t time_of_last_activity_ns = 0;
};

class ResolverNeighbors {
  public:
    explicit ResolverNeighbors(std::int64_t timeout_ns) : timeout_ns_(timeout_ns) {}

    /// Heard of at `activity_ns`: from itself, or through another driver, which adds an unknown
    /// neighbour but keeps none alive.
    void on_heard_of(const platform::SocketAddress& address, bool by_itself,
                     std::int64_t activity_ns);
    void expire(std::int64_t now_ns);
    [[nodiscard]] bool contains(const platform::SocketAddress& address) const;
    [[nodiscard]] const std::vector<ResolverNeighbor>& all() const noexcept { return neighbors_; }

  private:
    std::int64_t timeout_ns_;
    std::vector<ResolverNeighbor> neighbors_;
};

struct ResolverCacheEntry {
    std::string name;
    platform::SocketAddress address;  ///< of that driver's resolver, with its port
    std::int64_t time_of_last_activity_ns = 0;
};

class ResolverCache {
  public:
    explicit ResolverCache(std::int64_t timeout_ns) : timeout_ns_(timeout_ns) {}

    /// One address for each name and family: the one that was active last.
    void put(std::string_view name, const platform::SocketAddress& address,
             std::int64_t activity_ns, std::int64_t now_ns);
    void expire(std::int64_t now_ns);
    [[nodiscard]] const ResolverCacheEntry* find(std::string_view name,
                                                 platform::SocketAddress::Family family) const;
    [[nodiscard]] const std::vector<ResolverCacheEntry>& all() const noexcept { return entries_; }

  private:
    std::int64_t timeout_ns_;
    std::vector<ResolverCacheEntry> entries_;
};

}  // namespace tern::driver
