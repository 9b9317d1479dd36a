#include "sim/harness/sim_node.hpp"

#include <exception>
#include <utility>

namespace tern::sim {
namespace {

class WholeNode final : public Agent {
  public:
    explicit WholeNode(SimNode& node) : node_(node) {}
    int do_work() override { return node_.node()->invoke(); }
    [[nodiscard]] std::string_view role_name() const override { return "node"; }

  private:
    SimNode& node_;
};

}  // namespace

SimNode::SimNode(virtual_world::Host& host, NodeLayout layout, const SimNodeOptions& options)
    : EmbeddedNode({.layout = std::move(layout),
                    .threading = node::NodeThreading::single,
                    .is_module_client_given = options.is_module_client_given}),
      host_(host),
      options_(options) {}

SimNode::~SimNode() {
    if (process_ != nullptr) process_->kill();
    drop();
}

platform::Platform SimNode::begin_process() {
    process_ = &host_.start("node");
    return process_->platform();
}

void SimNode::configure(node::NodeContext& context) {
    context.idle = [this] {
        if (options_.turns == TurnsOf::node && node() != nullptr) node()->invoke();
        host_.world().scheduler().run_round();
    };
    context.finish_turns = [this] { host_.world().scheduler().finish_turns(*process_); };
}

/// A single thread that is interrupted runs nothing of the node meanwhile.
virtual_world::Preemption SimNode::preemption() const {
    return options_.turns == TurnsOf::parts ? virtual_world::Preemption::allowed
                                            : virtual_world::Preemption::never;
}

void SimNode::run_main(const std::function<void()>& part) {
    std::exception_ptr failure;
    auto& scheduler = host_.world().scheduler();
    const auto main = scheduler.spawn(
        *process_,
        [&] {
            try {
                part();
            } catch (const std::exception&) {
                failure = std::current_exception();
            }
        },
        [](const std::exception&) {}, preemption());
    while (scheduler.is_running(main)) scheduler.run_round();
    if (failure) std::rethrow_exception(failure);
}

void SimNode::on_started() {
    if (options_.turns == TurnsOf::node) {
        whole_ = std::make_unique<WholeNode>(*this);
        agents_ = {whole_.get()};
    } else {
        agents_ = node()->agents();
    }
    const auto unhandled = [this](const std::exception& error) {
        find(std::string("unhandled: ") + error.what());
    };
    for (Agent* agent : agents_) {
        host_.world().scheduler().add(*process_, *agent, unhandled, preemption());
    }
}

void SimNode::on_closed() {
    for (Agent* agent : agents_) host_.world().scheduler().remove(*agent);
    agents_.clear();
    process_->kill();  // everything was closed: it exits
}

void SimNode::stall(platform::sim::Prng& prng, std::int64_t duration_ns) {
    if (agents_.empty()) return;
    const auto last = static_cast<std::int64_t>(agents_.size()) - 1;
    const Agent* agent = agents_[static_cast<std::size_t>(prng.between({0, last}))];
    host_.world().scheduler().stall(*agent, duration_ns);
}

}  // namespace tern::sim
