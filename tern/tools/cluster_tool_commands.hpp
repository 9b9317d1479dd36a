#pragma once
// The table of the cluster tool's commands, shared by the files that implement them.

#include "tern/cluster/recording_log.hpp"
#include "tern/tools/cluster_tool.hpp"

namespace tern::tools {

struct ClusterTool::Command {
    std::string_view name;
    std::string_view help;
    int (*run)(ClusterTool& tool, std::span<const std::string> arguments);
};

/// A command that sets the control toggle (CST-11.6).
struct ClusterTool::ToggleCommand {
    cluster::ControlToggle value;
    cluster::ModuleState expected_state;
    std::int64_t wait_ns;  ///< until the toggle is neutral again; 0: does not wait
};

[[nodiscard]] nlohmann::ordered_json rows_json(std::span<const cluster::RecordingLogEntry> rows);

}  // namespace tern::tools
