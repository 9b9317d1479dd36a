// tern bench node: a node of one member beside upstream's.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "tern/base/duration.hpp"
#include "tern/platform/posix/platform.hpp"
#include "tern/tools/bench/benches.hpp"
#include "tern/tools/bench/echo.hpp"
#include "tern/tools/bench/node_process.hpp"
#include "tern/tools/command.hpp"
#include "tern/tools/text.hpp"

namespace tern::tools::bench {
namespace {

constexpr std::array kKinds{NodeKind::upstream_shared, NodeKind::tern_shared,
                            NodeKind::tern_single};

struct NodeBenchOptions {
    EchoOptions echo;
    int rounds = 5;
    bool json = false;
};

/// One value a round.
struct NodeFigures {
    std::vector<double> p50_us;
    std::vector<double> p99_us;
    std::vector<double> start_ms;
    std::vector<double> resident_mib;
};

void measure_round(NodeKind kind, const UpstreamFiles& upstream, const NodeBenchOptions& options,
                   platform::Platform platform, NodeFigures& figures) {
    NodeProcess node(kind, upstream, platform);
    const auto round_trips =
        measure_echo(node.aeron_directory(), node.ingress_endpoints(), options.echo, platform);
    figures.p50_us.push_back(static_cast<double>(percentile(round_trips, 0.5)) / 1e3);
    figures.p99_us.push_back(static_cast<double>(percentile(round_trips, 0.99)) / 1e3);
    figures.start_ms.push_back(static_cast<double>(node.start_to_leader_ns()) / 1e6);
    figures.resident_mib.push_back(static_cast<double>(node.resident_bytes()) / (1024 * 1024));
    node.stop();
}

struct Row {
    const char* name;
    std::vector<double> NodeFigures::*values;
};
constexpr std::array kRows{Row{"echo round trip p50, us", &NodeFigures::p50_us},
                           Row{"echo round trip p99, us", &NodeFigures::p99_us},
                           Row{"start to leader, ms", &NodeFigures::start_ms},
                           Row{"resident memory, MiB", &NodeFigures::resident_mib}};

void print_table(const std::array<NodeFigures, kKinds.size()>& figures) {
    fmt::print("\n{:<26}{:>18}{:>18}{:>8}{:>18}{:>8}\n", "median of rounds", to_string(kKinds[0]),
               to_string(kKinds[1]), "ratio", to_string(kKinds[2]), "ratio");
    for (const Row& row : kRows) {
        const double upstream = median(figures[0].*row.values);
        const double shared = median(figures[1].*row.values);
        const double single = median(figures[2].*row.values);
        fmt::print("{:<26}{:>18.1f}{:>18.1f}{:>8.2f}{:>18.1f}{:>8.2f}\n", row.name, upstream,
                   shared, shared / upstream, single, single / upstream);
    }
}

void print_json(const std::array<NodeFigures, kKinds.size()>& figures) {
    nlohmann::ordered_json report;
    for (std::size_t i = 0; i < kKinds.size(); ++i) {
        auto& node = report[std::string(to_string(kKinds[i]))];
        for (const Row& row : kRows) node[row.name] = figures[i].*row.values;
    }
    fmt::print("{}\n", report.dump());
}

void run(const NodeBenchOptions& options) {
    const platform::Platform platform = platform::posix::make_platform();
    const auto upstream = UpstreamFiles::from_environment(platform);
    std::array<NodeFigures, kKinds.size()> figures;
    for (int round = 0; round < options.rounds; ++round) {
        for (std::size_t i = 0; i < kKinds.size(); ++i) {
            fmt::print(stderr, "round {} of {}: {}\n", round + 1, options.rounds,
                       to_string(kKinds[i]));
            measure_round(kKinds[i], upstream, options, platform, figures[i]);
        }
    }
    (options.json ? print_json : print_table)(figures);
}

}  // namespace

void add_node_bench(CLI::App& bench, int& exit_code) {
    auto options = std::make_shared<NodeBenchOptions>();
    CLI::App* command = bench.add_subcommand(
        "node", "Echoes through a cluster of one member, its start and memory");
    command->add_option("--rounds", options->rounds, "Rounds; each starts every node afresh")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command->add_option("--messages", options->echo.messages, "Round trips in a round")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command
        ->add_option("--warm-up", options->echo.warm_up_messages,
                     "Round trips before those that count")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    command->add_option("--length", options->echo.message_length, "Bytes in a message")
        ->check(CLI::Range(8, 1024))
        ->capture_default_str();
    command->add_flag("--json", options->json, "All rounds, as one JSON object");
    command->footer("Example: ./dev bench node --rounds 3 --messages 10000");
    command->callback([options, &exit_code] { exit_code = guarded([&] { run(*options); }); });
}

}  // namespace tern::tools::bench
