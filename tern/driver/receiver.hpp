#pragma once
// The receiver agent: takes datagrams from all receive sockets and lets images answer (DSR-5).
//
// Thread safety: all functions on the receiver's thread. The on_* functions are the conductor's
// commands and come out of its CommandQueue.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tern/base/agent.hpp"
#include "tern/base/error.hpp"
#include "tern/driver/command_queue.hpp"
#include "tern/driver/conductor_requests.hpp"
#include "tern/driver/context.hpp"
#include "tern/driver/duty_cycle_tracker.hpp"
#include "tern/driver/publication_image.hpp"
#include "tern/driver/receive_channel_endpoint.hpp"
#include "tern/memory/system_counters.hpp"
#include "tern/platform/platform.hpp"

namespace tern::driver {

/// Of the conductor, per duty cycle.
inline constexpr int kReceiverCommandsPerCycle = 16;

class Receiver final : public Agent {
  public:
    /// All references outlive the receiver.
    Receiver(const DriverContext& context, const platform::Platform& platform,
             const memory::SystemCounters& counters, CommandQueue& commands,
             ConductorRequests& requests);

    int do_work() override;
    [[nodiscard]] std::string_view role_name() const override { return "receiver"; }

    // --- Commands ------------------------------------------------------------------------------
    void on_add_endpoint(ReceiveChannelEndpoint& endpoint);
    void on_remove_endpoint(ReceiveChannelEndpoint& endpoint);
    void on_add_subscription(ReceiveChannelEndpoint& endpoint, std::int32_t stream_id);
    void on_add_subscription(ReceiveChannelEndpoint& endpoint, std::int32_t stream_id,
                             std::int32_t session_id);
    void on_remove_subscription(ReceiveChannelEndpoint& endpoint, std::int32_t stream_id);
    void on_remove_subscription(ReceiveChannelEndpoint& endpoint, std::int32_t stream_id,
                                std::int32_t session_id);
    void on_request_setup(ReceiveChannelEndpoint& endpoint, std::int32_t stream_id,
                          std::int32_t session_id);
    void on_add_image(PublicationImage& image);
    void on_remove_image(PublicationImage& image);
    void on_remove_cool_down(ReceiveChannelEndpoint& endpoint, std::int32_t stream_id,
                             std::int32_t session_id);
    /// An image that was asked for will not come.
    void on_remove_init_in_progress(ReceiveChannelEndpoint& endpoint, std::int32_t stream_id,
                                    std::int32_t session_id);
    void on_reject_image(PublicationImage& image, std::string reason);
    void on_add_destination(ReceiveChannelEndpoint& endpoint, ReceiveDestination& destination);
    void on_remove_destination(ReceiveChannelEndpoint& endpoint, ReceiveDestination& destination);
    void on_resolution_change(ReceiveChannelEndpoint& endpoint, std::int64_t destination_id,
                              const platform::SocketAddress& control_address);

  private:
    struct Transport {
        ReceiveChannelEndpoint* endpoint;
        ReceiveDestination* destination;
    };

    std::int64_t poll_sockets(std::int64_t now_ns);
    void add_transport(ReceiveChannelEndpoint& endpoint, ReceiveDestination& destination);
    void remove_transport(const ReceiveDestination& destination);
    void check_for_re_resolution(std::int64_t now_ns);

    const DriverContext& context_;
    platform::Clock& clock_;
    const memory::SystemCounters& counters_;
    CommandQueue& commands_;
    ConductorRequests& requests_;
    DutyCycleTracker duty_cycle_;
    std::vector<ReceiveChannelEndpoint*> endpoints_;
    std::vector<std::unique_ptr<Transport>> transports_;  // their addresses are poll tokens
    std::vector<PublicationImage*> images_;
    std::unique_ptr<platform::SocketPoller> poller_;
    std::int64_t re_resolution_deadline_ns_;
};

}  // namespace tern::driver
