#include "sim/harness/sim_node.hpp"

#include <utility>

namespace tern::sim {

/// What the scheduler sees of a part: nothing happens while it is stalled.
class SimNode::Gate final : public Agent {
  public:
    Gate(SimNode& node, std::string_view role_name, std::function<int()> work)
        : node_(node),
          role_name_(role_name),
          may_be_preempted_(role_name == "consensus-module" || role_name == "service-container"),
          work_(std::move(work)) {}
    void stall(std::int64_t duration_ns) {
        until_ns_ = node_.host_.clock().nano_time() + duration_ns;
    }
    int do_work() override {
        if (node_.host_.clock().nano_time() < until_ns_) return 0;
        const Gate* before = std::exchange(node_.running_, this);
        const int work_count = work_();
        node_.running_ = before;
        return work_count;
    }
    [[nodiscard]] std::string_view role_name() const override { return role_name_; }
    [[nodiscard]] bool may_be_preempted() const noexcept { return may_be_preempted_; }

  private:
    SimNode& node_;
    std::string_view role_name_;
    bool may_be_preempted_;
    std::function<int()> work_;
    std::int64_t until_ns_ = INT64_MIN;
};

/// Whoever looks at it may find that others were running meanwhile.
class SimNode::PreemptingClock final : public platform::Clock {
  public:
    PreemptingClock(SimNode& node, std::uint32_t ppm)
        : node_(node), ppm_(ppm), prng_(node.host_.world().prng().fork()) {}
    [[nodiscard]] std::int64_t nano_time() const noexcept override {
        preempt();
        return node_.host_.clock().nano_time();
    }
    [[nodiscard]] std::int64_t epoch_ns() const noexcept override {
        preempt();
        return node_.host_.clock().epoch_ns();
    }

  private:
    void preempt() const noexcept {
        if (ppm_ == 0) return;
        const Gate* running = node_.running_;
        if (running != nullptr && !running->may_be_preempted()) return;
        if (!prng_.chance(running == nullptr ? kMainPpm : ppm_)) return;
        const std::int64_t rounds = prng_.between({1, kMaxRounds});
        for (std::int64_t i = 0; i < rounds; ++i) node_.host_.world().scheduler().run_round();
    }

    static constexpr std::int64_t kMaxRounds = 30;
    static constexpr std::uint32_t kMainPpm = 300'000;  // it does little, but closes
    SimNode& node_;
    std::uint32_t ppm_;
    mutable virtual_world::Prng prng_;
};

SimNode::SimNode(virtual_world::Host& host, NodeLayout layout, const SimNodeOptions& options)
    : EmbeddedNode({.layout = std::move(layout),
                    .threading = node::NodeThreading::single,
                    .is_module_client_given = options.is_module_client_given}),
      host_(host),
      options_(options),
      clock_(std::make_unique<PreemptingClock>(
          *this, options.turns == TurnsOf::parts ? options.preemption_ppm : 0)) {}

SimNode::~SimNode() {
    for (const auto& gate : gates_) host_.world().scheduler().remove(*gate);
}

platform::Platform SimNode::begin_process() {
    process_ = &host_.start("node");
    const platform::Platform machine = process_->platform();
    return {*clock_, machine.network, machine.storage, machine.random, machine.system};
}

void SimNode::configure(node::NodeContext& context) {
    context.idle = [this] {
        if (options_.turns == TurnsOf::node && node() != nullptr) node()->invoke();
        host_.world().scheduler().run_round();
    };
}

void SimNode::on_started() {
    if (options_.turns == TurnsOf::node) {
        gates_.push_back(
            std::make_unique<Gate>(*this, "node", [this] { return node()->invoke(); }));
    } else {
        for (Agent* part : node()->agents()) {
            gates_.push_back(std::make_unique<Gate>(*this, part->role_name(),
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
