#include <algorithm>

#include "tern/tools/bench/benches.hpp"
#include "tern/tools/command.hpp"

namespace tern::tools {

double bench::median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

void add_bench_command(CLI::App& app, int& exit_code) {
    CLI::App* command =
        app.add_subcommand("bench", "Measure side by side with upstream (run ./dev bench)");
    command->require_subcommand(1);
    bench::add_node_bench(*command, exit_code);
    bench::add_transport_bench(*command, exit_code);
}

}  // namespace tern::tools
