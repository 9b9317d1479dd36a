#include "tern/tools/report.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include <cstdio>

#include "tern/base/duration.hpp"
#include "tern/platform/posix/platform.hpp"
#include "tern/platform/posix/signals.hpp"
#include "tern/tools/json.hpp"
#include "tern/tools/text.hpp"

namespace tern::tools {
namespace {

constexpr std::string_view kClearScreen = "\033[2J\033[H";

/// Whether somebody still reads.
bool print(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return std::fflush(stdout) == 0;
}

std::string failure_report(const ReportOptions& options, const std::exception& error) {
    if (options.json) {
        nlohmann::ordered_json report;
        report["error"] = error.what();
        return to_line(report) + "\n";
    }
    return fmt::format("tern: {}\n", printable(error.what()));
}

}  // namespace

void add_report_options(CLI::App& command, ReportOptions& options) {
    command
        .add_option_function<std::string>(
            "--watch",
            [&options](const std::string& seconds) {
                options.watch = true;
                if (!seconds.empty()) options.interval_s = std::stod(seconds);
            },
            "Repeat every so many seconds (default 1) until interrupted")
        ->expected(0, 1)
        ->check([](std::string seconds) {
            return seconds.empty() ? seconds : CLI::Range(0.01, 86'400.0)(seconds);
        })
        ->type_name("[SECONDS]");
    command.add_flag("--json", options.json, "One JSON object a line, for machines");
}

void print_reports(const ReportOptions& options, const std::function<std::string()>& make) {
    if (!options.watch) {
        print(make());
        return;
    }
    const auto interval_ns = static_cast<std::int64_t>(options.interval_s * kNanosPerSecond);
    auto& stop = platform::posix::ShutdownSignal::of_process();
    std::string report = make();
    while (print((options.json ? "" : std::string(kClearScreen)) + report) &&
           !stop.wait(interval_ns)) {
        try {
            report = make();
        } catch (const std::exception& error) {
            report = failure_report(options, error);
        }
    }
}

void add_driver_report_options(CLI::App& command, DriverReportOptions& options) {
    command.add_option("--dir", options.directory,
                       "Aeron directory of the driver; default: AERON_DIR, or this user's");
    add_report_options(command, options.report);
}

void print_driver_reports(
    const DriverReportOptions& options,
    const std::function<std::string(const DriverFiles& files, std::int64_t now_ms)>& make) {
    platform::Platform platform = platform::posix::make_platform();
    const std::string directory =
        options.directory.empty() ? default_aeron_directory(platform) : options.directory;
    print_reports(options.report, [&] {
        const DriverFiles files(platform.storage, directory);
        return make(files, platform.clock.epoch_ms());
    });
}

}  // namespace tern::tools
