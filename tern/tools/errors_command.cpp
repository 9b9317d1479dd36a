// tern errors: the distinct error logs of a driver, an archive or a cluster node (TLG-4).

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tern/cluster/tool/cluster_directory.hpp"
#include "tern/memory/archive_mark_file.hpp"
#include "tern/memory/distinct_error_log.hpp"
#include "tern/platform/posix/platform.hpp"
#include "tern/tools/cluster_mark_text.hpp"
#include "tern/tools/command.hpp"
#include "tern/tools/driver_files.hpp"
#include "tern/tools/error_logs.hpp"
#include "tern/tools/text.hpp"

namespace tern::tools {
namespace {

struct ErrorsOptions {
    std::string path;
    bool json = false;
};

void run(const ErrorsOptions& options) {
    platform::Platform platform = platform::posix::make_platform();
    const auto path = options.path.empty() ? default_aeron_directory(platform) : options.path;
    const auto logs = find_error_logs(platform.storage, path);
    if (options.json) {
        nlohmann::ordered_json report{{"logs", nlohmann::ordered_json::array()}};
        for (const auto& log : logs) {
            report["logs"].push_back({{"log", log.path},
                                      {"component", log.component},
                                      {"errors", errors_json(log.bytes)}});
        }
        fmt::print("{}\n", to_line(report));
        return;
    }
    for (const auto& log : logs) {
        fmt::print("{}{} ({}):\n{}\n{} distinct errors observed.\n",
                   &log == &logs.front() ? "" : "\n", log.component, log.path,
                   errors_text(log.bytes), errors_json(log.bytes).size());
    }
}

}  // namespace

void add_errors_command(CLI::App& app, int& exit_code) {
    auto options = std::make_shared<ErrorsOptions>();
    CLI::App* command = app.add_subcommand("errors", "Show the error logs of a component");
    command->add_option("PATH", options->path,
                        "Directory of a driver, an archive or a cluster node, or a single file "
                        "(cnc.dat, a mark file); default: the driver's directory");
    command->add_option("--dir", options->path, "The same, as the other tools call it");
    command->add_flag("--json", options->json, "One JSON object, for machines");
    command->footer(
        "Examples:\n  tern errors\n  tern errors /var/lib/aeron/cluster\n"
        "  tern errors /var/lib/aeron/archive/archive-mark.dat --json");
    command->callback([options, &exit_code] { exit_code = guarded([&] { run(*options); }); });
}

}  // namespace tern::tools
