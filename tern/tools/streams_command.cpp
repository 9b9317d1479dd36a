// tern streams, backlog, loss: the streams of a running driver (TLG-3, TLG-5).

#include <nlohmann/json.hpp>

#include "tern/tools/command.hpp"
#include "tern/tools/json.hpp"
#include "tern/tools/report.hpp"
#include "tern/tools/stat/backlog_report.hpp"
#include "tern/tools/stat/driver_view.hpp"
#include "tern/tools/stat/loss_table.hpp"
#include "tern/tools/stat/streams_report.hpp"
#include "tern/tools/text.hpp"

namespace tern::tools {
namespace {

void show_streams(const DriverReportOptions& options) {
    print_driver_reports(options, [&](const DriverFiles& files, std::int64_t now_ms) {
        const auto streams =
            group_by_stream(sample_counters(files.cnc().counters()), is_stream_counter);
        if (!options.report.json) {
            return title_text("Streams", files.cnc(), now_ms) +
                   (streams.empty() ? "no streams\n" : streams_text(streams));
        }
        auto report = title_json(files.cnc(), now_ms);
        report["streams"] = streams_json(streams);
        return to_line(report) + "\n";
    });
}

constexpr std::string_view kStreamsHelp =
    "For each counter: its name, the registration id of what it belongs to, and its value.\n"
    "Positions and limits are bytes of the stream: pub-pos (sampled once a second) up to\n"
    "pub-lmt, snd-pos up to snd-lmt, rcv-pos (complete) up to rcv-hwm, sub-pos.\n\n"
    "Examples:\n"
    "  tern streams\n"
    "  tern streams --watch 2\n"
    "  tern streams --json | jq '.streams[] | .channel'\n\n"
    "Exit codes: 0 shown, 1 no driver, 2 a mistake in the command line.";

void show_backlog(const DriverReportOptions& options) {
    print_driver_reports(options, [&](const DriverFiles& files, std::int64_t now_ms) {
        const auto backlogs = backlogs_of(
            group_by_stream(sample_counters(files.cnc().counters()), is_stream_position));
        if (!options.report.json) {
            return title_text("Backlog", files.cnc(), now_ms) +
                   (backlogs.empty() ? "no streams\n" : backlog_text(backlogs));
        }
        auto report = title_json(files.cnc(), now_ms);
        report["streams"] = backlog_json(backlogs);
        return to_line(report) + "\n";
    });
}

constexpr std::string_view kBacklogHelp =
    "How many bytes lie between publisher, sender, receiver and subscribers. A publisher's\n"
    "position is sampled once a second. The two ends of a stream on one driver are shown apart\n"
    "where they name the channel differently.\n\n"
    "Examples:\n"
    "  tern backlog\n"
    "  tern backlog --watch\n"
    "  tern backlog --json | jq '.streams[].subscribers[].backlog'\n\n"
    "Exit codes: 0 shown, 1 no driver, 2 a mistake in the command line.";

void show_losses(const DriverReportOptions& options) {
    print_driver_reports(options, [&](const DriverFiles& files, std::int64_t now_ms) {
        const auto report = files.loss_report();
        if (!options.report.json) {
            return title_text("Loss", files.cnc(), now_ms) + loss_text(report->bytes());
        }
        auto json = title_json(files.cnc(), now_ms);
        json["losses"] = loss_json(report->bytes());
        return to_line(json) + "\n";
    });
}

constexpr std::string_view kLossHelp =
    "One line for each image that has lost something, since the driver started: how often a gap\n"
    "was seen, how many bytes it had in all, when first and last, and whose stream it is. What\n"
    "was lost is asked for again; `tern stat label=NAK` counts that.\n\n"
    "Examples:\n"
    "  tern loss\n"
    "  tern loss --watch 5\n"
    "  tern loss --json | jq '.losses[] | .total_bytes_lost'\n\n"
    "Exit codes: 0 shown, 1 no driver, 2 a mistake in the command line.";

}  // namespace

void add_streams_command(CLI::App& app, int& exit_code) {
    auto options = std::make_shared<DriverReportOptions>();
    CLI::App* command =
        app.add_subcommand("streams", "Show the streams of a running driver and their positions");
    add_driver_report_options(*command, *options);
    command->footer(std::string(kStreamsHelp));
    command->callback(
        [options, &exit_code] { exit_code = guarded([&] { show_streams(*options); }); });
}

void add_backlog_command(CLI::App& app, int& exit_code) {
    auto options = std::make_shared<DriverReportOptions>();
    CLI::App* command =
        app.add_subcommand("backlog", "Show how far apart the two ends of each stream are");
    add_driver_report_options(*command, *options);
    command->footer(std::string(kBacklogHelp));
    command->callback(
        [options, &exit_code] { exit_code = guarded([&] { show_backlog(*options); }); });
}

void add_loss_command(CLI::App& app, int& exit_code) {
    auto options = std::make_shared<DriverReportOptions>();
    CLI::App* command =
        app.add_subcommand("loss", "Show which streams of a running driver have lost data");
    add_driver_report_options(*command, *options);
    command->footer(std::string(kLossHelp));
    command->callback(
        [options, &exit_code] { exit_code = guarded([&] { show_losses(*options); }); });
}

}  // namespace tern::tools
