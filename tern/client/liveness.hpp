#pragma once
// Whether the driver lives, and showing it that this client does (CLI-4.2).
//
// Thread safety: none; the conductor's.

#include <cstdint>
#include <optional>
#include <string>

#include "tern/client/cnc_mapping.hpp"
#include "tern/memory/counter.hpp"

namespace tern::client {

/// Watches the driver's heartbeat: dead when it said goodbye (-1), or when the heartbeat has not
/// changed for the timeout. Only the monotonic clock counts, so that a step of the wall clock on
/// this host kills nobody.
class DriverLiveness {
  public:
    DriverLiveness(std::string aeron_directory, std::int64_t timeout_ns, std::int64_t now_ns,
                   std::int64_t heartbeat_ms)
        : aeron_directory_(std::move(aeron_directory)),
          timeout_ns_(timeout_ns),
          changed_at_ns_(now_ns),
          heartbeat_ms_(heartbeat_ms) {}

    /// Why the driver counts as dead; nullopt while it lives.
    [[nodiscard]] std::optional<std::string> check(std::int64_t now_ns, std::int64_t heartbeat_ms);

  private:
    std::string aeron_directory_;
    std::int64_t timeout_ns_;
    std::int64_t changed_at_ns_;
    std::int64_t heartbeat_ms_;
};

/// The counter that the driver allocates for a client with its first command, and that the client
/// keeps at the time of day.
class ClientHeartbeat {
  public:
    ClientHeartbeat(std::int64_t client_id, std::string client_name)
        : client_id_(client_id), client_name_(std::move(client_name)) {}

    /// Sets the counter. False when there is none yet, so that it should be tried again soon.
    /// Throws Error when the driver has taken it away.
    [[nodiscard]] bool beat(const CncMapping& cnc, std::int64_t now_epoch_ms);

  private:
    [[nodiscard]] bool is_ours(const memory::CountersReader& counters, std::int32_t id) const;
    [[nodiscard]] bool find(const CncMapping& cnc);

    std::int64_t client_id_;
    std::string client_name_;
    memory::Counter counter_;  // null until found
};

}  // namespace tern::client
