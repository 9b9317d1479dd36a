#pragma once
// A bad network between two real sockets: a relay that loses, holds back and duplicates datagrams.
//
// Who sends to endpoint() reaches the target, and hears its answers, as through a router with
// address translation: each sender has a socket of the relay's for itself. All chances come from
// the seed, in the order in which datagrams come by.
//
// Thread safety: made, asked and destroyed by one thread; the relay works on another, on which the
// observer is called.

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "tern/base/agent.hpp"
#include "tern/base/bytes.hpp"
#include "tern/platform/agent_runner.hpp"
#include "tern/platform/platform.hpp"
#include "tern/platform/sim/prng.hpp"

namespace tern::support {

/// What happens to datagrams, each by chance, in parts per million.
struct RelayFaults {
    std::uint32_t loss_ppm = 0;
    std::uint32_t loss_length = 1;  ///< datagrams lost in a row, each time
    std::uint32_t hold_ppm = 0;     ///< held back until some later ones have passed
    std::uint32_t duplicate_ppm = 0;
};

class LossyRelay final : private Agent {
  public:
    /// A datagram on its way from a sender to the target, or back, as it has come to the relay.
    struct Passing {
        bool forward = true;
        bool lost = false;
        ConstBytes bytes;
        const platform::SocketAddress& sender;  ///< its end of the conversation; the other is ours
    };
    using Observer = std::function<void(const Passing&)>;

    /// `faults` go for either direction. Throws Error when it cannot bind.
    LossyRelay(platform::Platform platform, const std::string& target, RelayFaults faults,
               std::uint64_t seed, Observer observer);
    ~LossyRelay() override;
    LossyRelay(const LossyRelay&) = delete;
    LossyRelay& operator=(const LossyRelay&) = delete;

    /// "host:port".
    [[nodiscard]] std::string endpoint() const { return front_->local_address().to_string(); }
    /// From now on, everything passes.
    void heal() noexcept { healed_.store(true, std::memory_order_release); }

  private:
    struct Path {
        std::unique_ptr<platform::UdpSocket> back;  ///< what the target sees this sender as
        std::uint32_t lost_forward = 0;             ///< still to be lost, of a loss in progress
        std::uint32_t lost_back = 0;
    };
    struct Held {
        std::vector<std::byte> bytes;
        platform::UdpSocket* from;
        platform::SocketAddress to;
        std::uint32_t datagrams_left;
    };

    int do_work() override;
    [[nodiscard]] std::string_view role_name() const override { return "lossy-relay"; }

    std::unique_ptr<platform::UdpSocket> open() const;
    Path& path_of(const platform::SocketAddress& sender);
    int pass_forward();
    int pass_back(const platform::SocketAddress& sender, Path& path);
    void pass(const Passing& passing, platform::UdpSocket& from, const platform::SocketAddress& to);
    bool is_lost(std::uint32_t& lost);
    void release_held(bool all);
    static void send(platform::UdpSocket& from, const platform::SocketAddress& to,
                     ConstBytes bytes);

    platform::Platform platform_;
    platform::SocketAddress target_;
    RelayFaults faults_;
    platform::sim::Prng prng_;
    Observer observer_;
    std::atomic<bool> healed_{false};
    std::unique_ptr<platform::UdpSocket> front_;
    std::unordered_map<platform::SocketAddress, Path> paths_;  // by sender
    std::deque<Held> held_;
    std::int64_t last_arrival_ns_ = 0;
    platform::AgentRunner runner_;
};

}  // namespace tern::support
