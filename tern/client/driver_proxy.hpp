#pragma once
// Sends commands to the driver: encodes them into the to-driver ring (TRN-6). Every function says
// whether the ring had room.
//
// Thread safety: any thread; the ring takes many producers.

#include <cstdint>
#include <string_view>

#include "tern/memory/many_to_one_ring_buffer.hpp"
#include "tern/wire/commands.hpp"

namespace tern::client {

class DriverProxy {
  public:
    /// `to_driver` is the ring in the CnC file, which must stay mapped.
    explicit DriverProxy(Bytes to_driver)
        : ring_(to_driver), client_id_(ring_.next_correlation_id()) {}

    [[nodiscard]] std::int64_t client_id() const noexcept { return client_id_; }
    [[nodiscard]] std::int64_t next_correlation_id() noexcept {
        return ring_.next_correlation_id();
    }
    /// Epoch ms; 0 never, -1 shut down.
    [[nodiscard]] std::int64_t driver_heartbeat_ms() const noexcept {
        return ring_.consumer_heartbeat_ms();
    }

    /// Sends the command, with this client's id filled in. False when the ring is full; throws
    /// Error when the command is longer than the ring takes.
    template <typename Command>
    [[nodiscard]] bool send(wire::CommandId id, Command command) {
        command.client_id = client_id_;
        auto claim = ring_.try_claim(static_cast<std::int32_t>(id), command.encoded_length());
        if (!claim) return false;
        static_cast<void>(command.encode(claim->payload()));
        claim->commit();
        return true;
    }

  private:
    memory::ManyToOneRingBuffer ring_;
    std::int64_t client_id_;
};

}  // namespace tern::client
