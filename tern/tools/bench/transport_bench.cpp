// tern bench transport: streams through a media driver beside upstream's. Each round starts both
// drivers afresh, and measures the same things with the same client.

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "tern/base/duration.hpp"
#include "tern/platform/posix/platform.hpp"
#include "tern/tools/bench/benches.hpp"
#include "tern/tools/bench/driver_process.hpp"
#include "tern/tools/bench/transport.hpp"
#include "tern/tools/text.hpp"

namespace tern::tools::bench {
namespace {

constexpr std::size_t kSmall = 32;
constexpr std::size_t kMedium = 1024;
constexpr std::size_t kLarge = 8192;
constexpr std::array kKinds{DriverKind::upstream, DriverKind::tern};
/// A receiver's window of 4 MiB, with socket buffers that hold it.
constexpr const char* kLargeWindow = "|rcv-wnd=4m|so-rcvbuf=4m|so-sndbuf=4m";

struct TransportBenchOptions {
    std::string threading = "shared";
    std::string only;
    std::vector<std::string> settings;  ///< "name=value", of both drivers
    int rounds = 3;
    double warm_up_s = 3;
    double seconds = 3;
    bool json = false;
};

/// What one row of the report is measured with.
struct Setting {
    std::string aeron_directory;
    const UpstreamFiles& upstream;
    MeasuredTime time;
    platform::Platform platform;
};

struct Row {
    std::string name;
    double (*measure)(const Setting&);
};

std::string udp_channel(const Setting& setting, const char* parameters = "") {
    return "aeron:udp?endpoint=" + free_endpoints(setting.platform.network, 1).front() + parameters;
}

Throughput stream(const Setting& setting, const std::string& channel,
                  const std::vector<std::size_t>& lengths) {
    return measure_throughput(setting.aeron_directory, channel, lengths, setting.time,
                              setting.platform);
}

double round_trip_us(const Setting& setting, double fraction) {
    const auto round_trips =
        measure_round_trips(setting.aeron_directory, udp_channel(setting), udp_channel(setting),
                            kSmall, setting.time, setting.platform);
    return static_cast<double>(round_trips.at(fraction)) / 1e3;
}

/// What upstream's client counts when it does the same.
double java_ipc_million_messages(const Setting& setting) {
    ScratchProcess client("upstream's client", setting.platform);
    auto arguments = setting.upstream.java();
    for (const std::string& argument :
         {std::string("TransportBench"), setting.aeron_directory, std::string("aeron:ipc"),
          std::string("1001"), fmt::to_string(kSmall), fmt::to_string(kBurst),
          fmt::to_string(setting.time.warm_up_ns), fmt::to_string(setting.time.measured_ns)}) {
        arguments.push_back(argument);
    }
    client.start(std::move(arguments));
    client.await_end();
    Throughput throughput;
    const std::string log = client.log_tail();
    if (std::sscanf(log.c_str(), "RESULT %ld %ld", &throughput.messages, &throughput.duration_ns) !=
        2) {
        throw Error("upstream's client printed no result:\n" + log);
    }
    return throughput.million_messages_per_second();
}

const std::vector<Row>& rows() {
    static const std::vector<Row> all{
        {"UDP round trip 32 B, p50, us", [](const Setting& s) { return round_trip_us(s, 0.5); }},
        {"UDP round trip 32 B, p99, us", [](const Setting& s) { return round_trip_us(s, 0.99); }},
        {"UDP 1 KiB, MB/s",
         [](const Setting& s) {
             return stream(s, udp_channel(s), {kMedium}).megabytes_per_second();
         }},
        {"UDP 32 B, M msgs/s",
         [](const Setting& s) {
             return stream(s, udp_channel(s), {kSmall}).million_messages_per_second();
         }},
        {"UDP 32 B to 8 KiB, MB/s",
         [](const Setting& s) {
             return stream(s, udp_channel(s), mixed_lengths(kSmall, kLarge)).megabytes_per_second();
         }},
        {"UDP 1 KiB, 4 MiB window, MB/s",
         [](const Setting& s) {
             return stream(s, udp_channel(s, kLargeWindow), {kMedium}).megabytes_per_second();
         }},
        {"UDP 32 B, 4 MiB window, M msgs/s",
         [](const Setting& s) {
             return stream(s, udp_channel(s, kLargeWindow), {kSmall}).million_messages_per_second();
         }},
        {"UDP 32 B to 8 KiB, 4 MiB window, MB/s",
         [](const Setting& s) {
             return stream(s, udp_channel(s, kLargeWindow), mixed_lengths(kSmall, kLarge))
                 .megabytes_per_second();
         }},
        {"IPC 32 B, M msgs/s",
         [](const Setting& s) {
             return stream(s, "aeron:ipc", {kSmall}).million_messages_per_second();
         }},
        {"IPC 32 B, Java client, M msgs/s", java_ipc_million_messages},
    };
    return all;
}

/// The values of one row: of each driver, one a round.
using Figures = std::array<std::vector<double>, kKinds.size()>;

void print_table(const std::vector<const Row*>& chosen, const std::vector<Figures>& figures) {
    fmt::print("\n{:<40}{:>12}{:>12}{:>10}\n", "median of rounds", "upstream", "tern", "ratio");
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        const double upstream = median(figures[i][0]);
        const double tern = median(figures[i][1]);
        fmt::print("{:<40}{:>12.2f}{:>12.2f}{:>10.2f}\n", chosen[i]->name, upstream, tern,
                   tern / upstream);
    }
}

void print_json(const std::vector<const Row*>& chosen, const std::vector<Figures>& figures) {
    nlohmann::ordered_json report;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        for (std::size_t kind = 0; kind < kKinds.size(); ++kind) {
            report[chosen[i]->name][std::string(to_string(kKinds[kind]))] = figures[i][kind];
        }
    }
    fmt::print("{}\n", report.dump());
}

std::vector<const Row*> chosen_rows(const std::string& only) {
    std::vector<const Row*> chosen;
    for (const Row& row : rows()) {
        if (row.name.find(only) != std::string::npos) chosen.push_back(&row);
    }
    if (chosen.empty()) {
        throw ConfigurationError(fmt::format("--only {}: no row has that in its name", only));
    }
    return chosen;
}

void run(const TransportBenchOptions& options) {
    const platform::Platform platform = platform::posix::make_platform();
    const auto upstream = UpstreamFiles::from_environment(platform);
    const auto chosen = chosen_rows(options.only);
    const MeasuredTime time{
        .warm_up_ns = static_cast<std::int64_t>(options.warm_up_s * kNanosPerSecond),
        .measured_ns = static_cast<std::int64_t>(options.seconds * kNanosPerSecond)};
    auto settings = options.settings;
    settings.push_back(options.threading == "shared" ? "aeron.threading.mode=SHARED"
                                                     : "aeron.threading.mode=DEDICATED");
    std::vector<Figures> figures(chosen.size());
    for (int round = 0; round < options.rounds; ++round) {
        for (std::size_t kind = 0; kind < kKinds.size(); ++kind) {
            DriverProcess driver(kKinds[kind], settings, upstream, platform);
            const Setting setting{driver.aeron_directory(), upstream, time, platform};
            for (std::size_t i = 0; i < chosen.size(); ++i) {
                const double value = chosen[i]->measure(setting);
                fmt::print(stderr, "round {} of {}: {}: {}: {:.2f}\n", round + 1, options.rounds,
                           to_string(kKinds[kind]), chosen[i]->name, value);
                figures[i][kind].push_back(value);
            }
            driver.stop();
        }
    }
    (options.json ? print_json : print_table)(chosen, figures);
}

}  // namespace

void add_transport_bench(CLI::App& bench, int& exit_code) {
    auto options = std::make_shared<TransportBenchOptions>();
    CLI::App* command = bench.add_subcommand(
        "transport", "Round trips and throughput through a media driver, over UDP and IPC");
    command->add_option("--threading", options->threading, "Threads of the drivers")
        ->check(CLI::IsMember({"shared", "dedicated"}))
        ->capture_default_str();
    command->add_option("--only", options->only, "Only the rows with this in their name");
    command->add_option("-D", options->settings, "A setting of both drivers, as NAME=VALUE")
        ->type_name("NAME=VALUE");
    command->add_option("--rounds", options->rounds, "Rounds; each starts both drivers afresh")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command->add_option("--warm-up", options->warm_up_s, "Seconds before those that count")
        ->check(CLI::Range(0.0, 600.0))
        ->capture_default_str();
    command->add_option("--seconds", options->seconds, "Seconds that each row is measured for")
        ->check(CLI::Range(0.1, 600.0))
        ->capture_default_str();
    command->add_flag("--json", options->json, "All rounds, as one JSON object");
    command->footer(
        "Examples:\n  ./dev bench transport\n"
        "  ./dev bench transport --only 'UDP 32 B' --threading dedicated --json");
    command->callback([options, &exit_code] { exit_code = guarded([&] { run(*options); }); });
}

}  // namespace tern::tools::bench
