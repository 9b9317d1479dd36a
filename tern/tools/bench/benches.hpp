#pragma once
// The subcommands of `tern bench`: measurements beside upstream, on this machine, in one run.
// Absolute figures depend on the machine; the ratios are what is compared.

#include <vector>

#include "tern/tools/command.hpp"

namespace tern::tools::bench {

void add_node_bench(CLI::App& bench, int& exit_code);
void add_transport_bench(CLI::App& bench, int& exit_code);

/// Of at least one value; the upper one of two in the middle.
[[nodiscard]] double median(std::vector<double> values);

}  // namespace tern::tools::bench
