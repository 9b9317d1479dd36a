#include "sim/harness/sim_node.hpp"

namespace tern::sim {

/// What the scheduler sees of a part: nothing happens while it is stalled.
class SimNode::Gate final : public Agent {
  public:
    Gate(const platform::Clock& clock, std::string_view role_name, std::function<int()> work)
        : clock_(clock), role_name_(role_name), work_(std::move(work)) {}
    void stall(std::int64_t duration_ns) { until_ns_ = clock_.nano_time() + duration_ns; }
    int do_work() override { return clock_.nano_time() < until_ns_ ? 0 : work_(); }
    [[nodiscard]] std::string_view role_name() const override { return role_name_; }

  private:
    const platform::Clock& clock_;
    std::string_view role_name_;
    std::function<int()> work_;
    std::int64_t until_ns_ = INT64_MIN;
};

SimNode::SimNode(virtual_world::Host& host, TurnsOf turns, NodeLayout layout,
                 bool is_module_client_given)
    : EmbeddedNode({.layout = std::move(layout),
                    .threading = node::NodeThreading::single,
                    .is_module_client_given = is_module_client_given}),
      host_(host),
      turns_(turns) {}

SimNode::~SimNode() {
    for (const auto& gate : gates_) host_.world().scheduler().remove(*gate);
}

platform::Platform SimNode::begin_process() {
    process_ = &host_.start("node");
    return process_->platform();
}

void SimNode::configure(node::NodeContext& context) {
    context.idle = [this] {
        if (turns_ == TurnsOf::node && node() != nullptr) node()->invoke();
        host_.world().scheduler().run_round();
    };
}

void SimNode::on_started() {
    const platform::Clock& clock = host_.clock();
    if (turns_ == TurnsOf::node) {
        gates_.push_back(
            std::make_unique<Gate>(clock, "node", [this] { return node()->invoke(); }));
    } else {
        for (Agent* part : node()->agents()) {
            gates_.push_back(std::make_unique<Gate>(clock, part->role_name(),
                                                    [part] { return part->do_work(); }));
        }
    }
    for (const auto& gate : gates_) {
        host_.world().scheduler().add(*process_, *gate, [this](const std::exception& error) {
            find(std::string("unhandled: ") + error.what());
        });
    }
}

void SimNode::on_closed() {
    for (const auto& gate : gates_) host_.world().scheduler().remove(*gate);
    gates_.clear();
    process_->kill();  // everything was closed: it exits
}

void SimNode::stall(platform::sim::Prng& prng, std::int64_t duration_ns) {
    if (gates_.empty()) return;
    const auto last = static_cast<std::int64_t>(gates_.size()) - 1;
    gates_[static_cast<std::size_t>(prng.between({0, last}))]->stall(duration_ns);
}

}  // namespace tern::sim
