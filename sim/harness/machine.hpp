#pragma once
// The real machine as a stage: a node on threads of this process, or on the stage's own thread,
// and a client driven by the stage.

#include <memory>

#include "sim/harness/counting_client.hpp"
#include "sim/harness/embedded_node.hpp"
#include "sim/harness/stage.hpp"
#include "tern/platform/idle_strategy.hpp"
#include "tern/platform/posix/platform.hpp"

namespace tern::sim {

class MachineNode final : public EmbeddedNode {
  public:
    using EmbeddedNode::EmbeddedNode;
    /// Single threading only: what the stage's thread does for it.
    int invoke() {
        const bool is_driven = threading() == node::NodeThreading::single && node() != nullptr;
        return is_driven ? node()->invoke() : 0;
    }

  private:
    [[nodiscard]] platform::Platform begin_process() override {
        return platform::posix::make_platform();
    }
};

class MachineStage final : public Stage {
  public:
    explicit MachineStage(std::uint64_t seed) : Stage(seed) {}
    /// Called at every step; what it drives outlives the stage.
    void drive(std::function<int()> work) { driven_.push_back(std::move(work)); }
    [[nodiscard]] platform::Clock& clock() override { return platform_.clock; }
    void step() override {
        int work_count = 0;
        for (const auto& work : driven_) work_count += work();
        idle_->idle(work_count);
    }

  private:
    platform::Platform platform_ = platform::posix::make_platform();
    std::unique_ptr<platform::IdleStrategy> idle_ = platform::make_idle_strategy("backoff");
    std::vector<std::function<int()>> driven_;
};

}  // namespace tern::sim
