#pragma once
// The subcommand `tern sim`.

#include <CLI/CLI.hpp>

namespace tern::sim {

void add_sim_command(CLI::App& app, int& exit_code);

}  // namespace tern::sim
