#pragma once
// The counters of a consensus module (CLF-14.2), allocated in upstream's order without waiting.
//
// begin() asks the driver for all of them; poll() until it says true; then at() gives each. close()
// removes them. Thread safety: none.

#include <array>
#include <cstdint>
#include <string>

#include "tern/client/aeron.hpp"
#include "tern/cluster/async_resource.hpp"
#include "tern/cluster/consensus/consensus_module_context.hpp"

namespace tern::cluster {

/// In the order of allocation.
enum class ModuleCounter : std::uint8_t {
    errors,
    state,
    election_state,
    election_count,
    leadership_term_id,
    node_role,
    commit_position,
    control_toggle,
    node_control_toggle,
    snapshot_count,
    timed_out_clients,
    max_cycle_time,
    cycle_threshold_exceeded,
    max_snapshot_duration,
    snapshot_threshold_exceeded,
};
inline constexpr std::size_t kModuleCounterCount = 15;

class ModuleCounters {
  public:
    void begin(client::Aeron& aeron, const ConsensusModuleContext& context);
    /// True when all are there. Throws as Aeron::find_counter.
    bool poll();
    [[nodiscard]] bool is_ready() const noexcept { return is_ready_; }

    /// Only when ready.
    [[nodiscard]] client::Counter& at(ModuleCounter counter) const;
    void set(ModuleCounter counter, std::int64_t value) const { at(counter).set(value); }

    void close() noexcept;

  private:
    std::array<AsyncResource<client::Counter>, kModuleCounterCount> counters_;
    bool is_ready_ = false;
};

/// The driver has the state counter of a module of this cluster: one that lives, or has just gone.
[[nodiscard]] bool has_module(const memory::CountersReader& counters, std::int32_t cluster_id);

/// "<name> - clusterId=<id>", as most counters of a cluster are labelled.
[[nodiscard]] std::string cluster_counter_label(std::string_view name, std::int32_t cluster_id);

}  // namespace tern::cluster
