#pragma once
// A node on the real machine, its client, and the shutdown cycles they go through, in a directory
// of their own. One thread drives it all; several rigs may run side by side.

#include <fmt/format.h>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/harness/machine.hpp"
#include "sim/scenarios/shutdown_cycle.hpp"
#include "tern/base/duration.hpp"
#include "tests/support/scratch_directory.hpp"

namespace tern::sim {

class Rig {
  public:
    using MakeNode = std::function<std::unique_ptr<NodeProcess>(MachineStage&, NodeLayout)>;

    Rig(std::uint64_t seed, const std::string& ingress_endpoint, const MakeNode& make_node)
        : seed_(seed),
          stage_(seed),
          scratch_(platform_),
          layout_{.directory = scratch_.path(),
                  .aeron_directory = scratch_.path() + "/aeron",
                  .host = "127.0.0.1",
                  .ingress_endpoint = ingress_endpoint},
          node_(make_node(stage_, layout_)),
          operator_(platform_, layout_),
          client_(platform_, {.aeron_directory = scratch_.path() + "/aeron-client",
                              .ingress_endpoint = ingress_endpoint,
                              .egress_endpoint = "127.0.0.1:0"}) {
        stage_.drive([this] { return client_.do_work(); });
    }

    [[nodiscard]] Stage& stage() noexcept { return stage_; }
    [[nodiscard]] NodeProcess& node() noexcept { return *node_; }

    /// What was wrong with the first cycle that was not clean; empty when all were. Without an
    /// ending each draws its own.
    std::string run(int cycles, std::optional<Ending> ending = std::nullopt) {
        ShutdownCycle cycle(stage_, *node_, operator_, client_,
                            {.max_delay_ns = 300 * kNanosPerMilli});
        for (int i = 0; i < cycles; ++i) {
            const Ending how =
                ending.value_or(static_cast<Ending>(stage_.prng().between({0, kEndingCount - 1})));
            std::string text;
            for (const auto& finding : cycle.run(how)) text += "\n  " + finding;
            if (!text.empty()) {
                return fmt::format("seed {}, cycle {}, {}:{}", seed_, i, to_string(how), text);
            }
        }
        return {};
    }

    /// Starts the node, shuts it down, and closes it; from the request on.
    std::int64_t shutdown_duration_ns() {
        const auto await = [&](const std::function<bool()>& condition) {
            if (!stage_.await(condition, 30 * kNanosPerSecond)) throw TimeoutError("no shutdown");
        };
        node_->start();
        await([&] { return operator_.attach(); });
        // From NEUTRAL to NEUTRAL: it leads, and takes requests.
        await([&] { return operator_.request(cluster::ControlToggle::neutral); });
        const std::int64_t before_ns = stage_.clock().nano_time();
        await([&] { return operator_.request(cluster::ControlToggle::shutdown); });
        await([&] { return node_->has_ended(); });
        node_->close([] {});
        return stage_.clock().nano_time() - before_ns;
    }

  private:
    std::uint64_t seed_;
    platform::Platform platform_ = platform::posix::make_platform();
    MachineStage stage_;
    support::ScratchDirectory scratch_;
    NodeLayout layout_;
    std::unique_ptr<NodeProcess> node_;
    NodeOperator operator_;
    CountingClient client_;
};

/// Endpoints that nobody had a moment ago, all different.
[[nodiscard]] std::vector<std::string> free_endpoints(std::size_t count);

/// Runs one rig for each of these nodes, side by side, and expects all their cycles to be clean.
void expect_clean_cycles(const std::vector<Rig::MakeNode>& nodes, int cycles);

}  // namespace tern::sim
