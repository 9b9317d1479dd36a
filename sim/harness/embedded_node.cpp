#include "sim/harness/embedded_node.hpp"

#include "tern/node/builtin_services.hpp"

namespace tern::sim {

void EmbeddedNode::start() {
    {
        const std::lock_guard lock(mutex_);
        findings_.clear();
    }
    const platform::Platform platform = begin_process();
    const Properties properties = options_.layout.properties();
    node::NodeContext context = node::NodeContext::from_properties(properties, platform);
    context.container = cluster::ServiceContainerContext::from_properties(properties);
    context.container->service = node::make_builtin_service("counter");
    context.threading = options_.threading;
    context.is_owner_driven = options_.threading == node::NodeThreading::single;
    context.is_module_client_given = options_.is_module_client_given;
    context.error_handler = [this](const std::exception& error) {
        find(std::string("error: ") + error.what());
    };
    context.archive.event_sink = [this](std::string_view line) { on_archive_event(line); };
    configure(context);
    run_main([&] { node_ = node::ClusteredNode::launch(std::move(context), platform); });
    on_started();
}

void EmbeddedNode::on_archive_event(std::string_view line) {
    const bool is_session_end = line.starts_with("control session ");
    if (is_session_end && !line.contains("ended (close request)")) find(std::string(line));
}

void EmbeddedNode::find(std::string what) {
    const std::lock_guard lock(mutex_);
    findings_.push_back(std::move(what));
}

void EmbeddedNode::close(const std::function<void()>& between) {
    const auto close_next = [this] {
        bool is_closing = false;
        run_main([&] { is_closing = node_->close_next().has_value(); });
        return is_closing;
    };
    while (close_next()) between();
    if (!node_->failure().empty()) find("the node failed: " + node_->failure());
    on_closed();
    node_.reset();
}

std::vector<std::string> EmbeddedNode::findings() {
    const std::lock_guard lock(mutex_);
    return findings_;
}

}  // namespace tern::sim
