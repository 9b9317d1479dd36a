#pragma once
// The send channel endpoints of a driver: found or opened for publications, closed after the last
// of them (DRV-13.1, DRV-13.4).
//
// Closing takes two steps: the sender is asked to let go of the endpoint; once it has, poll()
// closes the sockets and frees the counters. Meanwhile an add for the channel is answered with
// RESOURCE_TEMPORARILY_UNAVAILABLE, and the client tries again.
//
// Thread safety: the conductor's thread only.

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tern/driver/driver_services.hpp"
#include "tern/driver/port_manager.hpp"
#include "tern/driver/receiver.hpp"
#include "tern/driver/send_channel_endpoint.hpp"
#include "tern/driver/sender.hpp"

namespace tern::driver {

/// How the conductor reaches the other agents.
struct AgentProxies {
    Sender& sender;
    CommandQueue& sender_commands;
    Receiver& receiver;
    CommandQueue& receiver_commands;
};

/// A destination of a manual multi-destination endpoint, as the conductor knows it.
struct ManualDestination {
    std::int64_t registration_id = -1;
    std::string endpoint = {};             ///< as the URI has it
    platform::SocketAddress address = {};  ///< empty while its name cannot be resolved
};

struct SendEndpoint {
    std::unique_ptr<SendChannelEndpoint> endpoint;
    platform::SocketAddress data_address;  ///< to which the channel's endpoint was resolved last
    std::vector<ManualDestination> manual_destinations;
    memory::Counter status;
    memory::Counter local_address;
    memory::Counter destination_count;  ///< null unless multi-destination
    std::uint16_t managed_port = 0;
    std::int32_t references = 0;  ///< publications
    bool is_closing = false;
    std::atomic<bool> is_released{false};  ///< by the sender
};

class SendEndpoints {
  public:
    SendEndpoints(const DriverServices& services, const AgentProxies& agents)
        : services_(services),
          agents_(agents),
          ports_(services.context.sender_wildcard_port_range) {}

    /// The endpoint that the channel shares, or null. Throws Error where it may not be shared
    /// (yet), in upstream's words.
    [[nodiscard]] SendEndpoint* find(const UdpChannel& channel);
    /// Opens one; it is closed by the release of its last reference.
    [[nodiscard]] SendEndpoint& open(const UdpChannel& channel, std::int64_t registration_id,
                                     std::int64_t client_id);
    void release(SendEndpoint& endpoint);

    /// Whether the endpoint of a request still exists.
    [[nodiscard]] SendEndpoint* find(const SendChannelEndpoint* endpoint) noexcept;
    /// Once per duty cycle, before requests of the agents are handled: notes what the sender has
    /// let go of. After the requests, destroy_released() destroys that, and no request can refer
    /// to it any more.
    void note_released();
    int destroy_released();
    void close();

  private:
    [[nodiscard]] SendEndpoint* find_by_tag(const UdpChannel& channel);
    void allocate_counters(SendEndpoint& endpoint, std::int64_t registration_id,
                           std::int64_t client_id);
    void free(SendEndpoint& endpoint);

    const DriverServices& services_;
    AgentProxies agents_;
    PortManager ports_;
    std::vector<std::unique_ptr<SendEndpoint>> endpoints_;
    std::vector<std::unique_ptr<SendEndpoint>> released_;
};

/// What send and receive endpoints have in common: sharing by tag (DRV-13.1). Throws Error where
/// the channels contradict each other.
void check_tag_match(const UdpChannel& existing, const UdpChannel& requested);
/// Throws Error when a channel that only names a tag has found no endpoint with it.
void check_can_open(const UdpChannel& channel);
/// Throws Error where the requested channel asks for socket buffers that the existing one does not
/// have (DRV-13.3).
void check_buffers_agree(const UdpChannel& existing, const UdpChannel& requested,
                         const DriverContext& context);
/// Whether both name the same endpoint by canonical form, and not different ones by tag.
[[nodiscard]] bool is_same_endpoint(const UdpChannel& existing, const UdpChannel& requested);

/// Allocates "<name>: <status id> <address>".
[[nodiscard]] memory::Counter allocate_local_address(memory::CountersManager& manager,
                                                     std::string_view name, std::int32_t status_id,
                                                     std::string_view address,
                                                     std::int64_t registration_id,
                                                     std::int64_t client_id);

}  // namespace tern::driver
