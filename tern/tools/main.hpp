#pragma once
// The command line of the `tern` binary.

namespace tern::tools {

/// Parses the command line and runs the subcommand. Returns the process's exit code: 0 for
/// success, 1 for an operating error, 2 for a mistake in the command line or configuration.
int main(int argc, char** argv);

}  // namespace tern::tools
