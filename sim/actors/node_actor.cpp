#include "sim/actors/node_actor.hpp"

#include <utility>

#include "tern/cluster/cluster_types.hpp"

namespace tern::sim {

/// A part's turns, for as long as this lives.
class NodeActor::Turn final : public Agent {
  public:
    Turn(NodeActor& actor, node::ClusteredNode& node, Agent& part)
        : actor_(actor),
          node_(node),
          part_(part),
          is_module_(part.role_name() == "consensus-module") {
        actor_.run(*this);
    }
    ~Turn() override { actor_.stop(*this); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    int do_work() override {
        const int work = part_.do_work();
        if (is_module_) actor_.after_turn_of_module(node_);
        return work;
    }
    [[nodiscard]] std::string_view role_name() const override { return part_.role_name(); }

  private:
    NodeActor& actor_;
    node::ClusteredNode& node_;
    Agent& part_;
    bool is_module_;
};

node::NodeContext NodeActor::make_context(platform::Platform platform) {
    Properties properties = options_.layout.properties();
    for (const auto& [name, value] : options_.settings) properties.set(name, value);
    auto context = node::NodeContext::from_properties(properties, platform);
    context.container = cluster::ServiceContainerContext::from_properties(properties);
    context.container->service = options_.make_service(*process());
    context.threading = node::NodeThreading::single;
    context.is_owner_driven = true;
    context.idle = [this] { idle(); };
    context.finish_turns = [this, life = process()] {
        the_run().world().scheduler().finish_turns(*life);
    };
    context.error_handler = [this](const std::exception& error) {
        find(std::string("error: ") + error.what());
    };
    context.archive.event_sink = [this](std::string_view line) {
        const bool is_session_end = line.starts_with("control session ");
        if (is_session_end && !line.contains("ended (close request)")) find(std::string(line));
    };
    context.module.on_elected = [this](cluster::Role role, std::int64_t term_id) {
        if (is_alive() && options_.on_led && role == cluster::Role::leader)
            options_.on_led(term_id);
    };
    return context;
}

void NodeActor::live(platform::Platform platform) {
    findings_.clear();
    const auto node =
        launch([&] { return node::ClusteredNode::launch(make_context(platform), platform); });
    if (!node) return;
    serve(*node);
    if (!node->failure().empty()) fail("the node failed: " + node->failure());
}

void NodeActor::serve(node::ClusteredNode& node) {
    std::vector<std::unique_ptr<Turn>> turns;
    for (Agent* agent : node.agents()) {
        turns.push_back(std::make_unique<Turn>(*this, node, *agent));
    }
    node_ = &node;
    while (!should_end() && !node.ended()) idle(0);
    node_ = nullptr;
    if (node.ended()) tell("ends by itself");
    while (const auto done = node.close_next()) {
        while (may_close_on && is_alive() && !may_close_on(*done)) idle(0);
    }
}

bool NodeActor::is_serving() const {
    if (node_ == nullptr || node_->module() == nullptr || node_->container() == nullptr) {
        return false;
    }
    const auto module = node_->module()->status();
    return module.state == cluster::ModuleState::active && module.role == cluster::Role::leader &&
           module.election_state == cluster::ElectionState::closed &&
           node_->container()->status().is_joined;
}

void NodeActor::after_turn_of_module(node::ClusteredNode& node) {
    if (node.module() == nullptr || !is_alive()) return;
    const std::int64_t recording_id = node.module()->status().log_recording_id;
    if (recording_id >= 0) log_recording_id_ = recording_id;
    try {
        node.module()->check_invariants();
    } catch (const Error& error) {
        the_run().violation(error.what());
    }
}

void NodeActor::find(std::string what) {
    if (!is_alive()) return;
    tell(what);
    findings_.push_back(std::move(what));
}

void NodeActor::fail(const std::string& what) {
    find(what);
    if (!options_.may_fail && is_alive()) the_run().violation(what);
}

void NodeActor::on_error(const std::exception& error) { fail(error.what()); }

}  // namespace tern::sim
