#pragma once
// A clustered node with the `counter` service as a scenario sees it: something that is started,
// ends by itself or is closed, and can be started again on the same directories. Whether it runs
// in the simulator, on threads, or as a process of its own is its own business.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tern/platform/sim/prng.hpp"

namespace tern::sim {

class NodeProcess {
  public:
    virtual ~NodeProcess() = default;

    /// Throws what the node throws.
    virtual void start() = 0;
    /// Has ended by itself; close() is due.
    [[nodiscard]] virtual bool has_ended() = 0;
    /// As SIGTERM does. `between` is called between every two steps that can be told apart.
    virtual void close(const std::function<void()>& between) = 0;
    /// One part of it, or all, does nothing for so long, as if its thread got no processor.
    virtual void stall(platform::sim::Prng& prng, std::int64_t duration_ns) = 0;

    /// What a clean life and end of the node would not have shown, one line each, since start():
    /// its unexpected end, errors told to the owner, control sessions that ended otherwise than by
    /// their own close request.
    [[nodiscard]] virtual std::vector<std::string> findings() = 0;
};

}  // namespace tern::sim
