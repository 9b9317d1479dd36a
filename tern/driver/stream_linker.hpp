#pragma once
// Links subscriptions to streams and tells clients about it (DRV-8.6, DRV-11.8).
//
// Thread safety: the conductor's thread only.

#include <cstdint>

#include "tern/driver/client_proxy.hpp"
#include "tern/driver/subscription.hpp"
#include "tern/memory/counters.hpp"

namespace tern::driver {

class StreamLinker {
  public:
    StreamLinker(memory::CountersManager& manager, ClientProxy& proxy)
        : manager_(manager), proxy_(proxy) {}

    /// Allocates the position counter and announces the image.
    void link(Stream& stream, Subscription& subscription, std::int64_t join_position,
              std::int64_t now_ns);
    /// Frees the position counter; returns whether the subscription was linked. Nobody is told:
    /// the client that removed the subscription knows.
    bool unlink(Stream& stream, const Subscription& subscription);
    void unlink_all(Stream& stream);

    /// ON_UNAVAILABLE_IMAGE to one subscription, or to all that have not been told yet.
    void announce_end(const Stream& stream, const Subscription& subscription);
    void announce_end(const Stream& stream);

    /// Once per timer tick, also while the stream drains.
    void check_untethered(Stream& stream, std::int64_t now_ns, const TetherRules& rules);

  private:
    void announce(const Stream& stream, const Subscriber& subscriber);

    memory::CountersManager& manager_;
    ClientProxy& proxy_;
};

}  // namespace tern::driver
