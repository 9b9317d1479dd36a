#pragma once
// The command line of the `tern` binary.

#include <CLI/CLI.hpp>
#include <vector>

namespace tern::tools {

/// Adds a subcommand that leaves its exit code.
using AddCommand = void (*)(CLI::App& app, int& exit_code);

/// Parses the command line and runs the subcommand. Returns the process's exit code: 0 for
/// success, 1 for an operating error, 2 for a mistake in the command line or configuration.
/// `more`: subcommands of what stands beside the rooms.
int main(int argc, char** argv, const std::vector<AddCommand>& more = {});

}  // namespace tern::tools
