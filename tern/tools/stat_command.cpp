// tern stat: the counters of a running driver (TLG-2).

#include "tern/tools/command.hpp"
#include "tern/tools/json.hpp"
#include "tern/tools/report.hpp"
#include "tern/tools/stat/counters_report.hpp"
#include "tern/tools/stat/driver_view.hpp"
#include "tern/tools/text.hpp"

namespace tern::tools {
namespace {

struct StatOptions {
    DriverReportOptions driver;
    std::vector<std::string> filters;
};

void run(const StatOptions& options) {
    const CounterFilter filter(options.filters);
    print_driver_reports(options.driver, [&](const DriverFiles& files, std::int64_t now_ms) {
        const memory::CountersReader reader = files.cnc().counters();
        const auto counters = sample_counters(reader);
        if (!options.driver.report.json) {
            return title_text("Aeron Stat", files.cnc(), now_ms) +
                   counters_text(counters, filter, reader.max_counter_id());
        }
        auto report = title_json(files.cnc(), now_ms);
        report["counters"] = counters_json(counters, filter);
        return to_line(report) + "\n";
    });
}

constexpr std::string_view kHelp =
    "FILTER is NAME=PATTERN, as upstream's AeronStat takes it. The pattern is a regular\n"
    "expression, looked for anywhere in the text; a counter is shown when all filters match.\n"
    "  type=      type id: 0 the driver's own, 1 pub-lmt, 2 snd-pos, 3 rcv-hwm, 4 sub-pos,\n"
    "             5 rcv-pos, 6 snd-channel, 7 rcv-channel, 9 snd-lmt, 12 pub-pos, ...\n"
    "  identity=  id of a counter of the driver's own, registration id of a stream's\n"
    "  session=, stream=, channel=   of the counters of streams\n"
    "  label=     text of any counter's label\n\n"
    "Examples:\n"
    "  tern stat\n"
    "  tern stat --watch\n"
    "  tern stat --watch 0.5 type='^(2|9)$' stream='^1001$'\n"
    "  tern stat --dir /dev/shm/aeron-me --json label=Errors\n\n"
    "Exit codes: 0 shown, 1 no driver, 2 a mistake in the command line.";

}  // namespace

void add_stat_command(CLI::App& app, int& exit_code) {
    auto options = std::make_shared<StatOptions>();
    CLI::App* command = app.add_subcommand("stat", "Show the counters of a running driver");
    add_driver_report_options(*command, options->driver);
    command->add_option("FILTER", options->filters, "Only counters that match; see below");
    command->footer(std::string(kHelp));
    command->callback([options, &exit_code] { exit_code = guarded([&] { run(*options); }); });
}

}  // namespace tern::tools
