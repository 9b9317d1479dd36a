#include "tern/cluster/consensus/module_counters.hpp"

#include <fmt/format.h>

#include "tern/base/duration.hpp"
#include "tern/base/error.hpp"
#include "tern/base/version.hpp"
#include "tern/memory/counter_keys.hpp"
#include "tern/memory/counter_types.hpp"

namespace tern::cluster {

namespace types = memory::counter_type;

namespace {

struct Spec {
    ModuleCounter counter;
    std::int32_t type_id;
    std::string name;
};

std::array<Spec, kModuleCounterCount> specs(const ConsensusModuleContext& ctx) {
    using enum ModuleCounter;
    const auto cycle = format_duration_ns(ctx.cycle_threshold_ns);
    const auto snapshot = format_duration_ns(ctx.total_snapshot_threshold_ns);
    return {{
        {errors, types::kConsensusModuleErrorCount, "Cluster Errors"},
        {state, types::kConsensusModuleState, "Consensus Module state"},
        {election_state, types::kClusterElectionState, "Cluster election state"},
        {election_count, types::kClusterElectionCount, "Cluster election count"},
        {leadership_term_id, types::kClusterLeadershipTermId, "Cluster leadership term id"},
        {node_role, types::kClusterNodeRole, "Cluster node role"},
        {commit_position, types::kClusterCommitPosition, "Cluster commit-pos:"},
        {control_toggle, types::kClusterControlToggle, "Cluster control toggle"},
        {node_control_toggle, types::kNodeControlToggle, "Node control toggle"},
        {snapshot_count, types::kClusterSnapshotCount, "Cluster snapshot count"},
        {timed_out_clients, types::kClusterClientTimeoutCount, "Cluster timed out client count"},
        {max_cycle_time, types::kClusterMaxCycleTime, "Cluster max cycle time in ns"},
        {cycle_threshold_exceeded, types::kClusterCycleTimeThresholdExceeded,
         "Cluster work cycle time exceeded count: threshold=" + cycle},
        {max_snapshot_duration, types::kClusterTotalMaxSnapshotDuration,
         "Total max snapshot duration in ns"},
        {snapshot_threshold_exceeded, types::kClusterTotalSnapshotThresholdExceeded,
         "Total max snapshot duration exceeded count: threshold=" + snapshot},
    }};
}

}  // namespace

bool has_module(const memory::CountersReader& counters, std::int32_t cluster_id) {
    bool found = false;
    counters.for_each([&](std::int32_t id) {
        found = found || (counters.type_id(id) == types::kConsensusModuleState &&
                          load<std::int32_t>(counters.key(id).data()) == cluster_id);
    });
    return found;
}

std::string cluster_counter_label(std::string_view name, std::int32_t cluster_id) {
    return fmt::format("{} - clusterId={}", name, cluster_id);
}

void ModuleCounters::begin(client::Aeron& aeron, const ConsensusModuleContext& context) {
    const auto key = memory::i32_key(context.cluster_id);
    for (const auto& spec : specs(context)) {
        auto label = cluster_counter_label(spec.name, context.cluster_id);
        if (spec.counter == ModuleCounter::errors) {
            label += fmt::format(" version={} commit={}", kCompatibleVersion, kCommit);
        }
        counters_[static_cast<std::size_t>(spec.counter)].begin(
            aeron, aeron.async_add_counter(spec.type_id, key.bytes(), label));
    }
}

bool ModuleCounters::poll() {
    bool all = true;
    for (auto& counter : counters_) all = counter.poll() != nullptr && all;
    is_ready_ = all;
    return all;
}

client::Counter& ModuleCounters::at(ModuleCounter counter) const {
    auto* found = counters_[static_cast<std::size_t>(counter)].get();
    TERN_ASSERT(found != nullptr, "the counters are used once they are there");
    return *found;
}

void ModuleCounters::close() noexcept {
    is_ready_ = false;
    for (auto& counter : counters_) counter.close();
}

}  // namespace tern::cluster
