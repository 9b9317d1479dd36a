#pragma once
// How the commands that look at files of others print: once or again and again, for people or for
// machines.

#include <cstdint>
#include <functional>
#include <string>

#include "tern/platform/platform.hpp"
#include "tern/tools/driver_files.hpp"

namespace CLI {
class App;
}

namespace tern::tools {

struct ReportOptions {
    bool json = false;
    bool watch = false;
    double interval_s = 1.0;
};

/// Gives the command --watch [SECONDS] and --json.
void add_report_options(CLI::App& command, ReportOptions& options);

/// Prints what `make` returns. With --watch again and again, on a cleared screen unless it is
/// JSON, until SIGINT or SIGTERM comes or nobody reads the output any more. An exception out of
/// the first `make` is passed on; a later one is shown instead of the report, so that one can
/// watch a driver being restarted.
void print_reports(const ReportOptions& options, const std::function<std::string()>& make);

/// Of the commands that read a driver.
struct DriverReportOptions {
    std::string directory;  ///< empty: default_aeron_directory
    ReportOptions report;
};

/// Gives the command --dir and the above.
void add_driver_report_options(CLI::App& command, DriverReportOptions& options);

/// print_reports of the driver, whose files are looked up afresh each time.
void print_driver_reports(
    const DriverReportOptions& options,
    const std::function<std::string(const DriverFiles& files, std::int64_t now_ms)>& make);

}  // namespace tern::tools
