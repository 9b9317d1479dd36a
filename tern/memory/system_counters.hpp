#pragma once
// The driver's own counters (TRN-11): counter id = system counter id = registration id.
//
// Thread safety: create on the conductor before the agents start; each counter then has the one
// writer that its name implies, except errors and others written by several, for which
// Counter::fetch_add is used.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "tern/memory/counters.hpp"

namespace tern::memory {

enum class SystemCounter : std::int32_t {
    bytes_sent,
    bytes_received,
    receiver_proxy_fails,
    sender_proxy_fails,
    conductor_proxy_fails,
    nak_messages_sent,
    nak_messages_received,
    status_messages_sent,
    status_messages_received,
    heartbeats_sent,
    heartbeats_received,
    retransmits_sent,
    flow_control_under_runs,
    flow_control_over_runs,
    invalid_packets,
    errors,
    short_sends,
    free_fails,
    sender_flow_control_limits,
    unblocked_publications,
    unblocked_commands,
    possible_ttl_asymmetry,
    controllable_idle_strategy,
    loss_gap_fills,
    client_timeouts,
    resolution_changes,
    conductor_max_cycle_time,
    conductor_cycle_time_threshold_exceeded,
    sender_max_cycle_time,
    sender_cycle_time_threshold_exceeded,
    receiver_max_cycle_time,
    receiver_cycle_time_threshold_exceeded,
    name_resolver_max_time,
    name_resolver_time_threshold_exceeded,
    aeron_version,
    bytes_currently_mapped,
    retransmitted_bytes,
    retransmit_overflow,
    error_frames_received,
    error_frames_sent,
    publications_revoked,
    publication_images_revoked,
    images_rejected,
    control_protocol_version,
    status_messages_rejected,
    native_resource_agent_proxy_fails,
};
inline constexpr std::size_t kSystemCounterCount = 46;
inline constexpr std::int32_t kControlProtocolVersion = 0x0001'0000;  ///< 1.0.0, counter 43

/// What the labels tell of the configuration.
struct SystemCounterLabels {
    std::string resolver_name = {};         ///< empty when the driver has none
    std::string threading_mode = "SHARED";  ///< DEDICATED, SHARED_NETWORK, SHARED, INVOKER
    std::int64_t conductor_threshold_ns = 100'000'000;
    std::int64_t sender_threshold_ns = 100'000'000;
    std::int64_t receiver_threshold_ns = 100'000'000;
    std::int64_t name_resolver_threshold_ns = 5'000'000'000;
};

[[nodiscard]] std::string_view system_counter_label(SystemCounter counter) noexcept;

class SystemCounters {
  public:
    /// Allocates all of them, in order, from a manager that has given out no id yet, and sets the
    /// versions (34, 43).
    SystemCounters(CountersManager& manager, const SystemCounterLabels& labels);

    [[nodiscard]] Counter get(SystemCounter counter) const noexcept {
        return counters_[static_cast<std::size_t>(counter)];
    }
    [[nodiscard]] Counter operator[](SystemCounter counter) const noexcept { return get(counter); }

  private:
    std::array<Counter, kSystemCounterCount> counters_;
};

}  // namespace tern::memory
