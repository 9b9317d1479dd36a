#include "tern/driver/port_manager.hpp"

#include <fmt/format.h>

namespace tern::driver {

std::uint16_t PortManager::acquire(std::uint16_t requested) {
    const bool choose = requested == 0 && range_.high != 0;
    if (!choose) {
        if (requested != 0) ++in_use_[requested];
        return requested;
    }
    const int size = range_.high - range_.low + 1;
    for (int i = 0; i < size; ++i) {
        const std::uint16_t port = next_;
        next_ = port == range_.high ? range_.low : static_cast<std::uint16_t>(port + 1);
        if (in_use_.contains(port)) continue;
        in_use_[port] = 1;
        return port;
    }
    throw Error(fmt::format("no available ports in range {} {}", range_.low, range_.high));
}

void PortManager::release(std::uint16_t port) {
    const auto entry = in_use_.find(port);
    if (entry == in_use_.end()) return;
    if (--entry->second == 0) in_use_.erase(entry);
}

}  // namespace tern::driver
