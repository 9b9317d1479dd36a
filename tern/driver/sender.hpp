#pragma once
// The sender agent: sends what publications have, and hears what receivers answer (DSR-2).
//
// Thread safety: all functions on the sender's thread. The on_* functions are the conductor's
// commands and come out of its CommandQueue.

#include <cstdint>
#include <memory>
#include <vector>

#include "tern/base/agent.hpp"
#include "tern/driver/command_queue.hpp"
#include "tern/driver/conductor_requests.hpp"
#include "tern/driver/context.hpp"
#include "tern/driver/duty_cycle_tracker.hpp"
#include "tern/driver/network_publication.hpp"
#include "tern/driver/send_channel_endpoint.hpp"
#include "tern/memory/system_counters.hpp"
#include "tern/platform/platform.hpp"

namespace tern::driver {

/// Of the conductor, per duty cycle.
inline constexpr int kSenderCommandsPerCycle = 16;

class Sender final : public Agent {
  public:
    /// All references outlive the sender.
    Sender(const DriverContext& context, const platform::Platform& platform,
           const memory::SystemCounters& counters, CommandQueue& commands,
           ConductorRequests& requests);

    int do_work() override;
    [[nodiscard]] std::string_view role_name() const override { return "sender"; }

    // --- Commands ------------------------------------------------------------------------------
    void on_add_endpoint(SendChannelEndpoint& endpoint);
    void on_remove_endpoint(SendChannelEndpoint& endpoint);
    void on_add_publication(NetworkPublication& publication);
    void on_remove_publication(NetworkPublication& publication);
    void on_add_destination(SendChannelEndpoint& endpoint, const platform::SocketAddress& address,
                            std::string endpoint_text, std::int64_t registration_id);
    void on_remove_destination(SendChannelEndpoint& endpoint,
                               const platform::SocketAddress& address);
    void on_remove_destination(SendChannelEndpoint& endpoint, std::int64_t registration_id);
    /// A name resolved anew: `endpoint_text` is the channel's or destination's endpoint parameter.
    void on_resolution_change(SendChannelEndpoint& endpoint, std::string_view endpoint_text,
                              const platform::SocketAddress& address);

  private:
    std::int64_t send_publications(std::int64_t now_ns);
    [[nodiscard]] bool is_waiting_for_window() const;
    std::int64_t poll_control_sockets(std::int64_t now_ns);
    void check_for_re_resolution(std::int64_t now_ns);

    const DriverContext& context_;
    platform::Clock& clock_;
    const memory::SystemCounters& counters_;
    CommandQueue& commands_;
    ConductorRequests& requests_;
    DutyCycleTracker duty_cycle_;
    std::vector<SendChannelEndpoint*> endpoints_;
    std::vector<NetworkPublication*> publications_;
    std::unique_ptr<platform::SocketPoller> poller_;
    std::size_t next_publication_ = 0;
    std::int32_t cycles_since_poll_ = 0;
    std::int64_t control_poll_deadline_ns_;
    std::int64_t re_resolution_deadline_ns_;
};

}  // namespace tern::driver
