#pragma once
// How a subcommand of `tern` joins the command line: it registers its options and, when chosen,
// runs in the callback and leaves the process's exit code.

#include <CLI/CLI.hpp>

namespace tern::tools {

/// Exit codes of every command.
inline constexpr int kExitSuccess = 0;
inline constexpr int kExitFailure = 1;  ///< an operating error
inline constexpr int kExitUsage = 2;    ///< a mistake in the command line or configuration

void add_demo_command(CLI::App& app, int& exit_code);
void add_driver_command(CLI::App& app, int& exit_code);
void add_node_command(CLI::App& app, int& exit_code);
void add_stat_command(CLI::App& app, int& exit_code);
void add_ping_command(CLI::App& app, int& exit_code);
void add_pong_command(CLI::App& app, int& exit_code);
void add_publish_command(CLI::App& app, int& exit_code);
void add_subscribe_command(CLI::App& app, int& exit_code);
void add_bench_command(CLI::App& app, int& exit_code);
void add_cluster_tool_command(CLI::App& app, int& exit_code);
void add_errors_command(CLI::App& app, int& exit_code);
void add_loss_command(CLI::App& app, int& exit_code);
void add_streams_command(CLI::App& app, int& exit_code);
void add_backlog_command(CLI::App& app, int& exit_code);

}  // namespace tern::tools
