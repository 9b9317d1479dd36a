#pragma once
// `tern node --service counter` as a process of its own, for scenarios.

#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "sim/harness/node_layout.hpp"
#include "sim/harness/node_process.hpp"
#include "sim/harness/stage.hpp"
#include "tern/platform/posix/platform.hpp"
#include "tern/platform/posix/process.hpp"

namespace tern::sim {

class TernNode final : public NodeProcess {
  public:
    TernNode(Stage& stage, NodeLayout layout, std::string threading)
        : stage_(stage), layout_(std::move(layout)), threading_(std::move(threading)) {}

    void start() override;
    [[nodiscard]] bool has_ended() override { return !process_->is_running(); }
    /// SIGTERM; the steps in between are its own. Where it does not end it is killed, and found.
    void close(const std::function<void()>& between) override;
    /// SIGSTOP, and after a while SIGCONT.
    void stall(platform::sim::Prng& prng, std::int64_t duration_ns) override;
    [[nodiscard]] std::vector<std::string> findings() override;

    [[nodiscard]] platform::posix::Process& process() noexcept { return *process_; }
    [[nodiscard]] const NodeLayout& layout() const noexcept { return layout_; }

  private:
    [[nodiscard]] std::string output_path() const { return layout_.directory + "/output"; }

    Stage& stage_;
    NodeLayout layout_;
    std::string threading_;
    std::unique_ptr<platform::posix::Process> process_;
    std::vector<std::string> findings_;
};

}  // namespace tern::sim
