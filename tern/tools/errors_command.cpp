// tern errors: the distinct error logs of a driver, an archive or a cluster node (TLG-4).

#include <fmt/format.h>

#include "tern/platform/posix/platform.hpp"
#include "tern/tools/cluster_mark_text.hpp"
#include "tern/tools/command.hpp"
#include "tern/tools/error_logs.hpp"
#include "tern/tools/json.hpp"
#include "tern/tools/report.hpp"
#include "tern/tools/text.hpp"

namespace tern::tools {
namespace {

struct ErrorsOptions {
    std::string path;
    ReportOptions report;
};

std::string report_text(const std::vector<ErrorLogFile>& logs) {
    std::string text;
    for (const auto& log : logs) {
        text += fmt::format("{}{} ({}):\n{}\n{} distinct errors observed.\n",
                            text.empty() ? "" : "\n", log.component, log.path,
                            errors_text(log.bytes), errors_json(log.bytes).size());
    }
    return text;
}

std::string report_json(const std::vector<ErrorLogFile>& logs) {
    nlohmann::ordered_json report{{"logs", nlohmann::ordered_json::array()}};
    for (const auto& log : logs) {
        report["logs"].push_back(
            {{"log", log.path}, {"component", log.component}, {"errors", errors_json(log.bytes)}});
    }
    return to_line(report) + "\n";
}

void run(const ErrorsOptions& options) {
    platform::Platform platform = platform::posix::make_platform();
    const auto path = options.path.empty() ? default_aeron_directory(platform) : options.path;
    print_reports(options.report, [&] {
        if (options.path.empty() && !platform.storage.exists(path)) {
            throw Error(no_driver_text(path));
        }
        const auto logs = find_error_logs(platform.storage, path);
        return options.report.json ? report_json(logs) : report_text(logs);
    });
}

constexpr std::string_view kHelp =
    "Each different error once: how often it was seen, when first and last.\n\n"
    "Examples:\n"
    "  tern errors\n"
    "  tern errors /var/lib/aeron/cluster --watch 5\n"
    "  tern errors /var/lib/aeron/archive/archive-mark.dat --json\n\n"
    "Exit codes: 0 shown, 1 no log there, 2 a mistake in the command line.";

}  // namespace

void add_errors_command(CLI::App& app, int& exit_code) {
    auto options = std::make_shared<ErrorsOptions>();
    CLI::App* command = app.add_subcommand("errors", "Show the error logs of a component");
    command->add_option("PATH", options->path,
                        "Directory of a driver, an archive or a cluster node, or a single file "
                        "(cnc.dat, a mark file); default: the driver's directory");
    command->add_option("--dir", options->path, "The same, as the other tools call it");
    add_report_options(*command, options->report);
    command->footer(std::string(kHelp));
    command->callback([options, &exit_code] { exit_code = guarded([&] { run(*options); }); });
}

}  // namespace tern::tools
