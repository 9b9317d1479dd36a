#pragma once
// Ports for channels that ask for port 0 while a range is configured (DRV-13.5).
//
// Thread safety: the conductor's thread only.

#include <cstdint>
#include <map>

#include "tern/driver/context.hpp"

namespace tern::driver {

class PortManager {
  public:
    explicit PortManager(WildcardPortRange range) : range_(range), next_(range.low) {}

    /// The port to bind for a channel that names `requested`: that port, or for 0 the next free
    /// one of the range, or 0 where no range is configured. Throws Error when none is free.
    [[nodiscard]] std::uint16_t acquire(std::uint16_t requested);
    void release(std::uint16_t port);

  private:
    WildcardPortRange range_;
    std::uint16_t next_;
    std::map<std::uint16_t, int> in_use_;  // how often
};

}  // namespace tern::driver
