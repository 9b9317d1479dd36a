#pragma once
// A publication and a subscription of Tern clients, at any drivers, with a bad network between.

#include <cstdint>
#include <memory>
#include <string>

#include "matrix_world.hpp"
#include "recovery_meter.hpp"
#include "tests/support/lossy_relay.hpp"

namespace tern::interop {

struct Drivers {
    const char* name;
    Kind publishing;
    Kind subscribing;
};

/// Thread safety: one thread, but for the observer (lossy_relay.hpp).
class RelayedConnection {
  public:
    /// `subscription_options` begin with '|' if there are any; the observer may be empty. Throws
    /// Error when publisher and subscriber do not find each other.
    RelayedConnection(Drivers drivers, support::RelayFaults faults,
                      const std::string& subscription_options,
                      support::LossyRelay::Observer observer = {});
    ~RelayedConnection();
    RelayedConnection(const RelayedConnection&) = delete;
    RelayedConnection& operator=(const RelayedConnection&) = delete;

    /// Returns when all are offered.
    void offer(const CheckedMessages& messages, std::int64_t from, std::int64_t to);
    [[nodiscard]] StreamSummary receive(std::int64_t to);
    /// From now on the network is good.
    void heal() { relay_->heal(); }
    /// Ends the connection.
    const RecoveryMeter& end();

    /// Another one for each connection.
    [[nodiscard]] std::int32_t seed() const noexcept { return stream_id_; }
    [[nodiscard]] const std::string& target() const noexcept { return target_; }

  private:
    MatrixWorld& world_ = MatrixWorld::instance();
    std::int32_t stream_id_ = world_.next_stream_id();
    End publishing_;
    End subscribing_;
    std::string target_;
    RecoveryMeter meter_;
    std::unique_ptr<support::LossyRelay> relay_;
    std::int32_t session_id_ = 0;
};

}  // namespace tern::interop
