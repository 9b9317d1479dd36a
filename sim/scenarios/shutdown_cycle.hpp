#pragma once
// One life of a node, from start to close, with random delays between every two steps, and what
// must be true of it: it recovers what was acknowledged, serves, and ends clean, however it ends.
//
// The same cycle plays in the simulator, on threads and with processes: see Stage and NodeProcess.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/harness/counting_client.hpp"
#include "sim/harness/node_operator.hpp"
#include "sim/harness/node_process.hpp"
#include "sim/harness/run.hpp"
#include "sim/harness/stage.hpp"

namespace tern::sim {

enum class Ending : std::uint8_t {
    close_during_start,     ///< at some moment between its start and its readiness
    shutdown,               ///< SHUTDOWN by the toggle, to its end
    abort,                  ///< ABORT by the toggle, to its end
    close,                  ///< closed while serving, without a snapshot
    close_during_snapshot,  ///< SNAPSHOT asked for, closed at some moment after
    close_after_snapshot,   ///< closed when the snapshot is complete
    close_during_shutdown,  ///< SHUTDOWN asked for, closed at some moment after
};
inline constexpr int kEndingCount = 7;
[[nodiscard]] std::string_view to_string(Ending ending) noexcept;

struct CycleOptions {
    std::int64_t max_delay_ns = 3'000'000'000;  ///< between every two steps
    /// How long any step may take, besides the delays.
    std::int64_t patience_ns = 60'000'000'000;
    std::int64_t max_commands = 100;
    /// "At some moment after" is this many steps after; nullopt: drawn.
    std::optional<int> interrupted_after{};
    /// Cuts the client off the network, or heals that. Empty: cannot be done.
    std::function<void(bool is_cut)> cut_client_off{};
};

class ShutdownCycle {
  public:
    /// All outlive it.
    ShutdownCycle(Stage& stage, NodeProcess& node, NodeOperator& node_operator,
                  CountingClient& client, CycleOptions options);

    /// One cycle; what was wrong with it, one line each.
    [[nodiscard]] std::vector<std::string> run(Ending ending);

  private:
    void serve();
    void part_from_client();
    void end(Ending ending);
    void request(cluster::ControlToggle toggle);
    void await_shutdown();
    void await_some_moment(std::optional<std::int64_t> snapshots_before);
    void pass_some_time();
    [[nodiscard]] bool is_active() const;
    void close_node();
    void await(const char* what, const std::function<bool()>& condition);
    /// Time passes, or a part of the node is held up while the others go on.
    void delay();
    void disturb();

    Stage& stage_;
    NodeProcess& node_;
    NodeOperator& operator_;
    CountingClient& client_;
    CycleOptions options_;
    std::vector<std::string> findings_;
};

/// What happens to hosts and links while cycles are played, all of which should end clean.
inline constexpr FaultSet kFaultsOfCycles{
    FaultKind::delay,       FaultKind::loss,        FaultKind::duplication,  FaultKind::reordering,
    FaultKind::link_stalls, FaultKind::short_sends, FaultKind::narrow_links, FaultKind::preemption,
    FaultKind::clock_drift, FaultKind::disk_latency};

/// As many cycles as fit, each with an ending drawn from the seed.
void play_shutdown(Run& run);

}  // namespace tern::sim
