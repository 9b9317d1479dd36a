// tern node: media driver, archive and consensus module in one process, and a built-in service
// if wanted (upstream's ClusteredMediaDriver).

#include <fmt/format.h>

#include <atomic>
#include <cstdio>

#include "tern/node/builtin_services.hpp"
#include "tern/node/clustered_node.hpp"
#include "tern/platform/posix/platform.hpp"
#include "tern/platform/posix/signals.hpp"
#include "tern/tools/command.hpp"
#include "tern/tools/configuration.hpp"
#include "tern/tools/text.hpp"

namespace tern::tools {
namespace {

struct NodeOptions {
    ConfigurationArguments configuration;
    std::string service = "none";
};

/// Errors as they happen, for who is watching; the error logs hold them all. Any thread.
class ErrorLines {
  public:
    static constexpr int kMaxLines = 100;

    void operator()(const std::exception& error) noexcept {
        const int line = count_.fetch_add(1, std::memory_order_relaxed);
        if (line < kMaxLines) {
            fmt::print(stderr, "tern: {}\n", printable(error.what()));
        } else if (line == kMaxLines) {
            fmt::print(stderr, "tern: more errors are in the error logs only\n");
        }
    }

  private:
    std::atomic<int> count_{0};
};

node::NodeContext make_context(const NodeOptions& options, const Properties& properties,
                               const platform::Platform& platform) {
    auto service = node::make_builtin_service(options.service);
    node::NodeContext context = node::NodeContext::from_properties(properties, platform);
    if (service) {
        context.container = cluster::ServiceContainerContext::from_properties(properties);
        context.container->service = std::move(service);
    }
    refuse_unknown_settings(properties);
    context.archive.validate();
    context.module.validate();
    return context;
}

void say_started(const NodeOptions& options, const node::ClusteredNode& node,
                 const platform::Platform& platform) {
    const node::NodeContext& context = node.context();
    say("node started, pid {}", platform.system.process_id());
    say("  media driver      {}", context.driver.aeron_directory);
    say("  archive           {}", context.archive.archive_directory);
    say("  consensus module  {}, member {} of {}", context.module.cluster_directory,
        context.module.member_id, context.module.cluster_members);
    if (context.container) {
        say("  service           {} (built in)", options.service);
    } else if (context.module.service_count > 0) {
        say("waiting for {} service container(s) to attach", context.module.service_count);
    }
}

void run(const NodeOptions& options) {
    const platform::Platform platform = platform::posix::make_platform();
    const Properties properties = read_configuration(options.configuration, platform);
    node::NodeContext context = make_context(options, properties, platform);
    auto& stop = platform::posix::ShutdownSignal::of_process();
    ErrorLines errors;
    context.error_handler = [&errors](const std::exception& error) { errors(error); };
    context.on_end = [&stop] { stop.raise(); };
    context.archive.event_sink = [](std::string_view line) { say("archive: {}", printable(line)); };
    context.module.on_elected = [](cluster::Role role, std::int64_t term_id) {
        say("{} in leadership term {}: ready", cluster::to_string(role), term_id);
    };

    const auto node = launch_once_free(
        platform, stop, [&] { return node::ClusteredNode::launch(context, platform); });
    say_started(options, *node, platform);
    stop.wait();
    say("{}", node->ended() ? "node has ended, closing" : "asked to stop, closing");
    node->close();
    if (const std::string failure = node->failure(); !failure.empty()) {
        throw Error(fmt::format("the node ended by a failure: {}", failure));
    }
    say("node closed");
}

std::string help() {
    return fmt::format(
        "{}\n\n"
        "Settings of Tern's own:\n"
        "  tern.node.threading=single|shared|dedicated   all on one thread; driver, archive,\n"
        "        module and service on a thread each (default); or one for each of their agents\n"
        "  tern.node.idle.strategy=backoff   of these threads: backoff, yield, spin, sleep-ns, "
        "...\n"
        "  tern.cluster.close.timeout=10s    how long closing waits for acknowledgements\n"
        "  tern.cluster.new.log=false        begin a new log although the archive has one that\n"
        "        recording.log knows nothing of; else such a start is refused\n\n"
        "A node ends by itself after SHUTDOWN or ABORT of the cluster.\n\n"
        "Example: a cluster of one member with a counter, from node.properties:\n"
        "  aeron.cluster.members=0,localhost:9002,localhost:9003,localhost:9004,localhost:9005,"
        "localhost:8010\n"
        "  aeron.cluster.ingress.channel=aeron:udp\n"
        "  aeron.cluster.replication.channel=aeron:udp?endpoint=localhost:0\n"
        "  aeron.archive.control.channel=aeron:udp?endpoint=localhost:8010\n"
        "  aeron.archive.replication.channel=aeron:udp?endpoint=localhost:0\n"
        "$ tern node --service counter node.properties\n"
        "$ tern node --service counter -Dtern.node.threading=single node.properties\n"
        "$ tern node node.properties      # then attach your own service container\n",
        configuration_help());
}

}  // namespace

void add_node_command(CLI::App& app, int& exit_code) {
    auto options = std::make_shared<NodeOptions>();
    CLI::App* command =
        app.add_subcommand("node", "Run media driver, archive and consensus module in one");
    command
        ->add_option("--service", options->service,
                     "Built-in service, or none: any service container attaches")
        ->check(CLI::IsMember({"none", "echo", "counter", "kv"}))
        ->capture_default_str();
    add_configuration_arguments(*command, options->configuration);
    command->footer(help());
    command->callback([options, &exit_code] { exit_code = guarded([&] { run(*options); }); });
}

}  // namespace tern::tools
