#pragma once
// A node on a host of the simulated world, and the stage of scenarios there.
//
// The parts of the node (driver, archive, consensus module, service container) get turns of their
// own from the scheduler, as if each had a thread. Or the node gets one turn, as if all shared a
// thread. The main program, which launches and closes it, is one more.

#include <memory>
#include <vector>

#include "sim/harness/embedded_node.hpp"
#include "sim/harness/stage.hpp"
#include "tern/platform/sim/world.hpp"

namespace tern::sim {

namespace virtual_world = platform::sim;

class SimStage final : public Stage {
  public:
    SimStage(virtual_world::World& world, platform::Clock& clock)
        : Stage(world.prng().next()), world_(world), clock_(clock) {}
    [[nodiscard]] platform::Clock& clock() override { return clock_; }
    void step() override { world_.scheduler().run_round(); }

  private:
    virtual_world::World& world_;
    platform::Clock& clock_;
};

enum class TurnsOf : std::uint8_t { node, parts };

struct SimNodeOptions {
    TurnsOf turns = TurnsOf::parts;
    bool is_module_client_given = false;
};

class SimNode final : public EmbeddedNode {
  public:
    SimNode(virtual_world::Host& host, NodeLayout layout, const SimNodeOptions& options);
    ~SimNode() override;

    void stall(platform::sim::Prng& prng, std::int64_t duration_ns) override;
    /// Of the running node.
    [[nodiscard]] virtual_world::Process* process() noexcept { return process_; }

  private:
    [[nodiscard]] platform::Platform begin_process() override;
    void run_main(const std::function<void()>& part) override;
    void configure(node::NodeContext& context) override;
    void on_started() override;
    void on_closed() override;
    [[nodiscard]] virtual_world::Preemption preemption() const;

    virtual_world::Host& host_;
    SimNodeOptions options_;
    virtual_world::Process* process_ = nullptr;
    std::unique_ptr<Agent> whole_;  // with TurnsOf::node
    std::vector<Agent*> agents_;    // that get turns
};

}  // namespace tern::sim
