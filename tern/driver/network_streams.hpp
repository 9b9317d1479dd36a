#pragma once
// All network publications of a driver, their endpoints, and the spies linked to them (DRV-7.4,
// DRV-8.3, DRV-9.1, DRV-11.5).
//
// Thread safety: the conductor's thread only.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "tern/driver/agent_requests.hpp"
#include "tern/driver/driver_services.hpp"
#include "tern/driver/network_publication.hpp"
#include "tern/driver/send_endpoints.hpp"
#include "tern/driver/session_ids.hpp"
#include "tern/driver/stream_linker.hpp"
#include "tern/driver/stream_params.hpp"
#include "tern/wire/commands.hpp"

namespace tern::driver {

struct NetworkStream {
    Stream stream;
    SendEndpoint* endpoint = nullptr;
    std::unique_ptr<platform::Mapping> mapping;
    NetworkPublicationCounters counters;
    memory::Counter flow_control_receivers;  ///< null unless the strategy counts them
    std::unique_ptr<NetworkPublication> publication;
    std::optional<std::int64_t> entity_tag;
    std::int32_t start_term_id = 0;
    std::int32_t start_term_offset = 0;
    bool is_leaving = false;
    std::atomic<bool> is_released{false};  ///< by the sender
};

class NetworkStreams {
  public:
    NetworkStreams(const DriverServices& services, const AgentProxies& agents, StreamLinker& linker,
                   SessionIds& session_ids)
        : services_(services),
          agents_(agents),
          linker_(linker),
          session_ids_(session_ids),
          endpoints_(services, agents) {}

    /// Looks at a publication's parameters before anything is created; throws Error to refuse it.
    using Check = std::function<void(const UdpChannel&, const PublicationParams&)>;

    /// The publication that the command asks for: an existing one where that is allowed, else a
    /// new one, given to the sender. No reference is taken. Throws Error; then nothing was created.
    [[nodiscard]] NetworkStream& find_or_create(const wire::AddPublication& command,
                                                bool is_exclusive, const Check& check,
                                                std::int64_t now_ns);
    [[nodiscard]] NetworkStream* find(std::int64_t registration_id) noexcept;
    [[nodiscard]] bool is_session_used(std::int32_t session_id, std::int32_t stream_id) const;
    /// What `session-id=tag:N` refers to, if the URI has that and there is such a publication.
    [[nodiscard]] std::optional<TaggedPublication> find_tagged(const wire::ChannelUri& uri) const;

    /// Links the spy where it matches and is accepted.
    void link(Subscription& spy, std::int64_t now_ns);
    void link(NetworkStream& stream, Subscription& spy, std::int64_t now_ns);
    void unlink(const Subscription& spy, bool announce);

    // Destinations of manual multi-destination endpoints. Throw Error, in upstream's words.
    void add_destination(const wire::DestinationCommand& command);
    void remove_destination(const wire::DestinationCommand& command);
    void remove_destination(const wire::RemoveDestinationById& command);

    /// Resolves the endpoint's name again; tells the sender when the address has changed.
    void re_resolve(const ReResolveEndpointRequest& request);

    int update_publisher_limits();
    void on_time_event(std::int64_t now_ns);
    /// As of SendEndpoints.
    void note_released();
    int destroy_released();
    void close();

  private:
    struct Request;  // what a command asks for, parsed

    [[nodiscard]] NetworkStream* find_reusable(const Request& request,
                                               const SendEndpoint& endpoint);
    [[nodiscard]] std::int32_t choose_session(const Request& request, const SendEndpoint* endpoint);
    [[nodiscard]] bool is_session_used(const SendEndpoint* endpoint, std::int32_t session_id,
                                       std::int32_t stream_id) const;
    void check_buffers(const Request& request, const SendEndpoint* endpoint) const;
    void build(NetworkStream& stream, const Request& request, std::int64_t now_ns);
    void allocate_counters(NetworkStream& stream, const Request& request,
                           bool counts_flow_control_receivers);
    [[nodiscard]] SendEndpoint& manual_endpoint(std::int64_t registration_id);
    void remove_destination(SendEndpoint& endpoint,
                            std::vector<ManualDestination>::iterator destination);
    void re_resolve(SendEndpoint& endpoint);
    void re_resolve(SendEndpoint& endpoint, std::int64_t destination_id);
    [[nodiscard]] static WorkingPositions working(const NetworkStream& stream);
    void free(NetworkStream& stream);

    const DriverServices& services_;
    AgentProxies agents_;
    StreamLinker& linker_;
    SessionIds& session_ids_;
    SendEndpoints endpoints_;
    std::vector<std::unique_ptr<NetworkStream>> streams_;
};

/// Parses a channel, resolving its names with the driver's resolver.
[[nodiscard]] UdpChannel parse_udp_channel(std::string_view uri, const DriverServices& services,
                                           bool is_destination = false);

/// Throws Error on a parameter that a destination may not have (DRV-9.1).
void check_destination_keys(const wire::ChannelUri& uri, std::string_view text);

}  // namespace tern::driver
