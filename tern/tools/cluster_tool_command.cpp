// tern cluster-tool: the command line of ClusterTool (CST-11.1).

#include <fmt/format.h>

#include "tern/base/duration.hpp"
#include "tern/platform/posix/platform.hpp"
#include "tern/tools/cluster_tool.hpp"
#include "tern/tools/command.hpp"
#include "tern/tools/text.hpp"

namespace tern::tools {
namespace {

constexpr double kDefaultWaitSeconds = 60.0;

struct CommandLine {
    std::string directory;
    std::string command;
    std::vector<std::string> arguments;
    std::vector<std::string> defines;
    std::string wait_seconds;  // empty: the default
    bool json = false;
};

void print_line(std::string_view line) {
    fmt::print("{}\n", line);
    std::fflush(stdout);  // whoever waits with us sees it now
}

int run(const CommandLine& line, bool is_waiting) {
    if (line.directory.empty() || line.command.empty()) {
        print_line(ClusterTool::help());
        return kExitRefused;
    }
    platform::Platform platform = platform::posix::make_platform();
    ClusterToolOptions options{
        .directory = line.directory, .properties = {}, .json = line.json, .wait_ns = {}};
    options.properties.set_from_environment(platform.system.environment());
    for (const auto& define : line.defines) options.properties.set_from_define(define);
    if (is_waiting) {
        const double seconds =
            line.wait_seconds.empty() ? kDefaultWaitSeconds : std::stod(line.wait_seconds);
        options.wait_ns = static_cast<std::int64_t>(seconds * kNanosPerSecond);
    }
    if (!platform.storage.is_directory(line.directory)) {
        fmt::print(stderr, "ERR: cluster directory not found: {}\n",
                   platform.storage.absolute(line.directory));
        print_line(ClusterTool::help());
        return kExitRefused;
    }
    return ClusterTool(std::move(options), platform, print_line).run(line.command, line.arguments);
}

}  // namespace

void add_cluster_tool_command(CLI::App& app, int& exit_code) {
    auto line = std::make_shared<CommandLine>();
    CLI::App* command =
        app.add_subcommand("cluster-tool", "Look at, and control, a node of a cluster");
    command->add_option("DIR", line->directory, "Cluster directory of the node");
    command->add_option("COMMAND", line->command, "What to do; see below");
    command->add_option("ARGS", line->arguments, "Arguments of the command");
    command->add_option("-D", line->defines, "A property: -Dname=value")
        ->allow_extra_args(false)
        ->type_name("NAME=VALUE");
    CLI::Option* wait =
        command
            ->add_option("--wait", line->wait_seconds,
                         fmt::format("With shutdown: wait until every member has acknowledged, "
                                     "at most so long (default {} s)",
                                     kDefaultWaitSeconds))
            ->expected(0, 1)
            ->check([](std::string seconds) {
                return seconds.empty() ? seconds : CLI::Range(0.0, 86'400.0)(seconds);
            })
            ->type_name("SECONDS");
    command->add_flag("--json", line->json, "One JSON object, for machines");
    command->footer(ClusterTool::help() +
                    "\nExamples:\n"
                    "  tern cluster-tool /var/lib/aeron/cluster list-members\n"
                    "  tern cluster-tool /var/lib/aeron/cluster shutdown --wait 30\n"
                    "  tern cluster-tool /var/lib/aeron/cluster recovery-plan 1 --json");
    command->callback([line, wait, &exit_code] {
        int code = kExitSuccess;
        const int failure = guarded([&] { code = run(*line, wait->count() > 0); });
        exit_code = failure != kExitSuccess ? failure : code;
    });
}

}  // namespace tern::tools
