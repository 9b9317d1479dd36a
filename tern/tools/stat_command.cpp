// tern stat: the counters of a running driver (TLG-2).

#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "tern/platform/posix/platform.hpp"
#include "tern/platform/posix/signals.hpp"
#include "tern/tools/command.hpp"
#include "tern/tools/driver_files.hpp"
#include "tern/tools/text.hpp"

namespace tern::tools {
namespace {

struct StatOptions {
    std::string directory;
    bool watch = false;
    bool json = false;
    double interval_s = 1.0;
    std::string label;
    int type = -1;
};

bool wanted(const StatOptions& options, const memory::CountersReader& counters, std::int32_t id) {
    if (options.type >= 0 && counters.type_id(id) != options.type) return false;
    return options.label.empty() || counters.label(id).find(options.label) != std::string::npos;
}

void print_table(const StatOptions& options, platform::Platform& platform,
                 const memory::CncFile& cnc) {
    const std::int64_t now_ms = platform.clock.epoch_ms();
    const memory::CountersReader counters = cnc.counters();
    const auto width = fmt::formatted_size("{}", counters.max_counter_id());
    fmt::print("{} - Aeron Stat (CnC v{}), pid {}, heartbeat age {}ms\n{:=>70}\n",
               format_date(platform.clock.epoch_ms()), memory::version_text(cnc.version()),
               cnc.pid(), now_ms - cnc.driver_heartbeat_ms(), "");
    counters.for_each([&](std::int32_t id) {
        if (!wanted(options, counters, id)) return;
        fmt::print("{:>{}}: {:>26} - {}\n", id, width, group_thousands(counters.value(id)),
                   counters.label(id));
    });
}

void print_json(const StatOptions& options, platform::Platform& platform,
                const memory::CncFile& cnc) {
    const memory::CountersReader counters = cnc.counters();
    nlohmann::ordered_json report;
    report["timestamp_ms"] = platform.clock.epoch_ms();
    report["pid"] = cnc.pid();
    report["cnc_version"] = memory::version_text(cnc.version());
    report["heartbeat_ms"] = cnc.driver_heartbeat_ms();
    report["counters"] = nlohmann::json::array();
    counters.for_each([&](std::int32_t id) {
        if (!wanted(options, counters, id)) return;
        report["counters"].push_back({{"id", id},
                                      {"type", counters.type_id(id)},
                                      {"registration_id", counters.registration_id(id)},
                                      {"owner_id", counters.owner_id(id)},
                                      {"value", counters.value(id)},
                                      {"label", printable(counters.label(id))}});
    });
    fmt::print("{}\n", report.dump());
}

void run(StatOptions options) {
    platform::Platform platform = platform::posix::make_platform();
    if (options.directory.empty()) options.directory = default_aeron_directory(platform);
    platform::posix::ShutdownSignal stop;
    do {
        const DriverFiles files(platform, options.directory);
        if (options.watch && !options.json) fmt::print("\033[2J\033[H");
        (options.json ? print_json : print_table)(options, platform, files.cnc());
        std::cout.flush();
    } while (options.watch && !stop.wait(static_cast<std::int64_t>(options.interval_s * 1e9)));
}

}  // namespace

void add_stat_command(CLI::App& app, int& exit_code) {
    auto options = std::make_shared<StatOptions>();
    CLI::App* command = app.add_subcommand("stat", "Show the counters of a running driver");
    command->add_option("--dir", options->directory, "Aeron directory of the driver");
    command->add_flag("--watch", options->watch, "Repeat until interrupted");
    command->add_option("--interval", options->interval_s, "Seconds between repeats")
        ->check(CLI::PositiveNumber);
    command->add_flag("--json", options->json, "One JSON object a line, for machines");
    command->add_option("--type", options->type, "Only counters of this type id");
    command->add_option("--label", options->label, "Only counters with this in the label");
    command->footer("Example: tern stat --dir /dev/shm/aeron-me --watch --label snd-pos");
    command->callback([options, &exit_code] { exit_code = guarded([&] { run(*options); }); });
}

}  // namespace tern::tools
