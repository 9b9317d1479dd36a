#pragma once
// The receive channel endpoints of a driver: found or opened for subscriptions, closed after the
// last subscription and image (DRV-13.2, DRV-13.4). Closing takes two steps, as of SendEndpoints.
//
// Thread safety: the conductor's thread only.

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tern/driver/driver_services.hpp"
#include "tern/driver/port_manager.hpp"
#include "tern/driver/receive_channel_endpoint.hpp"
#include "tern/driver/send_endpoints.hpp"
#include "tern/driver/subscription.hpp"

namespace tern::driver {

/// How many subscriptions want a stream, or one session of it.
struct StreamInterest {
    std::int32_t stream_id;
    std::optional<std::int32_t> session_id;
    std::int32_t count;
};

/// A destination of a manual endpoint; the object is the ReceiveChannelEndpoint's.
struct ReceiveDestinationRecord {
    ReceiveDestination* destination = nullptr;
    memory::Counter local_address;
    std::uint16_t managed_port = 0;
    bool is_leaving = false;
    std::atomic<bool> is_released{false};  ///< by the receiver
};

struct ReceiveEndpoint {
    std::unique_ptr<ReceiveChannelEndpoint> endpoint;
    memory::Counter status;
    memory::Counter local_address;  ///< null for manual endpoints
    std::uint16_t managed_port = 0;
    UntetheredTimeouts untethered_timeouts;
    std::vector<StreamInterest> interests;
    std::vector<std::unique_ptr<ReceiveDestinationRecord>> destinations;
    std::int32_t image_references = 0;
    std::int32_t response_references = 0;  ///< response subscriptions that await their session
    /// Of destinations whose `control` was resolved again: to what.
    std::map<std::int64_t, platform::SocketAddress> resolved_controls;
    bool is_closing = false;
    std::atomic<bool> is_released{false};  ///< by the receiver
};

/// How long a channel's receive buffer was asked to be: by the channel, else by the configuration,
/// else by nobody.
struct ReceiveBuffer {
    std::uint32_t length = 0;  ///< 0: unknown
    bool is_default = false;   ///< the system's

    [[nodiscard]] bool holds(std::int32_t window) const noexcept {
        return length == 0 || static_cast<std::uint32_t>(window) <= length;
    }
};
[[nodiscard]] ReceiveBuffer receive_buffer_of(const UdpChannel& channel,
                                              const DriverServices& services);

class ReceiveEndpoints {
  public:
    ReceiveEndpoints(const DriverServices& services, const AgentProxies& agents);

    /// The endpoint that the channel shares, else a new one. Throws Error where it may not be
    /// shared (yet), or cannot be opened. An endpoint that was opened and then is not used has to
    /// be given to close_if_unused().
    [[nodiscard]] ReceiveEndpoint& find_or_open(const UdpChannel& channel,
                                                std::int64_t registration_id,
                                                std::int64_t client_id);
    [[nodiscard]] ReceiveEndpoint* find(const ReceiveChannelEndpoint* endpoint) noexcept;

    void add_interest(ReceiveEndpoint& endpoint, const Subscription& subscription);
    void remove_interest(ReceiveEndpoint& endpoint, const Subscription& subscription);
    void close_if_unused(ReceiveEndpoint& endpoint);
    /// Gives a response subscription its session, for good (DRV-15.1).
    void bind_response(ReceiveEndpoint& endpoint, Subscription& subscription,
                       std::int32_t session_id);
    void request_setup(ReceiveEndpoint& endpoint, std::int32_t stream_id, std::int32_t session_id);

    // Destinations of manual endpoints. Throw Error.
    void add_destination(ReceiveEndpoint& endpoint, const UdpChannel& channel,
                         const Subscription& subscription);
    void remove_destination(ReceiveEndpoint& endpoint, const UdpChannel& channel);

    /// As of SendEndpoints.
    void note_released();
    int destroy_released();
    void close();

  private:
    [[nodiscard]] ReceiveEndpoint* find(const UdpChannel& channel);
    [[nodiscard]] ReceiveEndpoint& open(const UdpChannel& channel, std::int64_t registration_id,
                                        std::int64_t client_id);
    void allocate_counters(ReceiveEndpoint& endpoint, std::int64_t registration_id,
                           std::int64_t client_id);
    int destroy_released_destinations(ReceiveEndpoint& endpoint);
    void free(ReceiveEndpoint& endpoint);

    const DriverServices& services_;
    AgentProxies agents_;
    PortManager ports_;
    std::int64_t next_receiver_id_;
    std::vector<std::unique_ptr<ReceiveEndpoint>> endpoints_;
    std::vector<std::unique_ptr<ReceiveEndpoint>> released_;
};

}  // namespace tern::driver
