#pragma once
// The clients of a driver: whether they live, and what they hold (DRV-5.3).
//
// A client lives as long as the value of its heartbeat counter keeps changing. The value is the
// wall clock of another process; only the monotonic clock of this one decides.
//
// Thread safety: the conductor's thread only.

#include <cstdint>
#include <memory>
#include <vector>

#include "tern/driver/client_proxy.hpp"
#include "tern/memory/counters.hpp"

namespace tern::driver {

struct IpcStream;
struct NetworkStream;

/// One client's hold on a publication; exactly one of the pointers is set.
struct PublicationLink {
    std::int64_t registration_id = -1;  ///< of the command that added it
    IpcStream* ipc = nullptr;
    NetworkStream* network = nullptr;
};

struct Client {
    std::int64_t id = -1;
    memory::Counter heartbeat;
    std::int64_t last_heartbeat_ms = 0;
    std::int64_t time_of_last_change_ns = 0;
    bool is_closed = false;  ///< by command
    std::vector<PublicationLink> publications;
    std::vector<memory::Counter> counters;  ///< registration ids are in the counters themselves
};

class ClientSessions {
  public:
    ClientSessions(memory::CountersManager& manager, ClientProxy& proxy)
        : manager_(manager), proxy_(proxy) {}

    /// The client, created with its heartbeat counter, which is announced, when it is new.
    Client& get_or_create(std::int64_t client_id, std::int64_t now_ns, std::int64_t now_epoch_ms);
    [[nodiscard]] Client* find(std::int64_t client_id) noexcept;

    /// Takes out the clients that were closed, or have been silent for the timeout.
    [[nodiscard]] std::vector<std::unique_ptr<Client>> take_gone(std::int64_t now_ns,
                                                                 std::int64_t timeout_ns);
    void clear() { clients_.clear(); }

  private:
    memory::CountersManager& manager_;
    ClientProxy& proxy_;
    std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace tern::driver
