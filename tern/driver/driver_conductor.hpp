#pragma once
// The agent that decides: takes the commands of clients, owns every publication, subscription,
// image, endpoint and counter of the driver, and keeps time (DRV-5 to DRV-11).
//
// Commands are executed to their end one after the other; whatever fails is answered with an error
// and leaves nothing behind. All time-outs are noticed at the timer tick (timer.interval).
//
// Thread safety: an agent; all of it on the conductor's thread. Sender and receiver are reached
// through their command queues, and reach it through AgentRequests.

#include <cstdint>
#include <memory>
#include <vector>

#include "tern/base/agent.hpp"
#include "tern/driver/agent_requests.hpp"
#include "tern/driver/client_sessions.hpp"
#include "tern/driver/driver_services.hpp"
#include "tern/driver/duty_cycle_tracker.hpp"
#include "tern/driver/image_streams.hpp"
#include "tern/driver/ipc_streams.hpp"
#include "tern/driver/network_streams.hpp"
#include "tern/driver/session_ids.hpp"
#include "tern/driver/stream_linker.hpp"
#include "tern/wire/commands.hpp"

namespace tern::driver {

class DriverConductor final : public Agent, private RequestHandler {
  public:
    /// All references outlive the conductor.
    DriverConductor(const DriverServices& services, AgentProxies agents, AgentRequests& requests,
                    memory::LossReport& loss_report);

    int do_work() override;
    /// Frees every resource, whatever state it is in; no client is told.
    void on_close() override;
    [[nodiscard]] std::string_view role_name() const override { return "driver-conductor"; }

  private:
    // Timer.
    void on_timer_tick(std::int64_t now_ns);
    void remove_client(Client& client);
    void check_for_blocked_command(std::int64_t now_ns);

    // Commands of clients.
    int read_command();
    void on_command(std::int32_t type_id, ConstBytes record);
    void dispatch(wire::CommandId id, ConstBytes record);
    template <typename Command>
    Command decode(wire::CommandId id, ConstBytes record);
    void on_command_failed(const std::exception& error);

    void on_add_publication(const wire::AddPublication& command, bool is_exclusive);
    void on_remove_publication(const wire::RemovePublication& command);
    void on_add_subscription(const wire::AddSubscription& command);
    void on_remove_subscription(const wire::RemoveResource& command);
    void on_add_destination(const wire::DestinationCommand& command);
    void on_remove_destination(const wire::DestinationCommand& command);
    void on_remove_destination_by_id(const wire::RemoveDestinationById& command);
    void on_add_rcv_destination(const wire::DestinationCommand& command);
    void on_remove_rcv_destination(const wire::DestinationCommand& command);
    void on_add_counter(const wire::AddCounter& command);
    void on_remove_counter(const wire::RemoveResource& command);
    void on_add_static_counter(const wire::AddStaticCounter& command);
    void on_keepalive(const wire::ClientCommand& command);
    void on_client_close(const wire::ClientCommand& command);
    void on_reject_image(const wire::RejectImage& command);
    void on_get_next_session_id(const wire::GetNextAvailableSessionId& command);
    void on_terminate(const wire::TerminateDriver& command);

    // Subscriptions.
    [[nodiscard]] std::unique_ptr<Subscription> make_subscription(std::int64_t registration_id,
                                                                  std::int64_t client_id,
                                                                  std::int32_t stream_id,
                                                                  std::string_view channel);
    void link_to_existing(Subscription& subscription);
    /// Takes it out of every stream and off its endpoint; `announce` tells the client of each
    /// image.
    void unlink(Subscription& subscription, bool announce);
    void release_publication(const PublicationLink& link);
    [[nodiscard]] Subscription& mds_subscription(const wire::DestinationCommand& command);

    // Response channels.
    void check_response_publication(const UdpChannel& channel, const PublicationParams& params);
    void on_response_publication(const Stream& stream, std::int64_t response_correlation_id);
    void on_ipc_response_publication(const IpcStream& response);

    // Requests of sender and receiver.
    void on_create_image(const CreateImageRequest& request) override;
    void on_publication_error(const PublicationErrorNotice& notice) override;
    void on_re_resolve(const ReResolveControlRequest& request) override;
    void on_re_resolve(const ReResolveEndpointRequest& request) override;
    void on_response_setup(const ResponseSetupRequest& request) override;
    void on_response_connected(const ResponseConnectedRequest& request) override;

    const DriverServices& services_;
    const DriverContext& context_;
    platform::Clock& clock_;
    AgentProxies agents_;
    AgentRequests& requests_;
    StreamLinker linker_;
    SessionIds session_ids_;
    ClientSessions clients_;
    Subscriptions subscriptions_;
    IpcStreams ipc_;
    NetworkStreams network_;
    ImageStreams images_;
    DutyCycleTracker duty_cycle_;

    std::int64_t now_ns_;
    std::int64_t timer_deadline_ns_;
    std::int64_t command_correlation_id_ = 0;  // of the command being executed; 0 while unknown
    std::int64_t last_consumer_position_ = 0;
    std::int64_t time_of_last_consumption_ns_;
};

}  // namespace tern::driver
