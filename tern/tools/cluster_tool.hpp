#pragma once
// What `tern cluster-tool` does: upstream's ClusterTool on a cluster directory (CST-11), and a
// shutdown that waits until it is done.
//
// Commands that only read files work on a running node and on one that has ended. The others talk
// to the running node through its driver; what they open there they close before they return.
// Waiting is polling with an idle strategy, up to a deadline.
//
// Exit codes are upstream's: 0 for success, 255 where upstream returns -1, 1 for what it throws.
// Errors: tern::Error, for whoever runs the tool to print (exit code 1).
// Thread safety: none.

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tern/base/properties.hpp"
#include "tern/client/aeron.hpp"
#include "tern/cluster/tool/cluster_directory.hpp"
#include "tern/cluster/tool/members_query.hpp"
#include "tern/cluster/tool/node_controls.hpp"
#include "tern/cluster/tool/shutdown_watch.hpp"
#include "tern/platform/platform.hpp"

namespace tern::tools {

inline constexpr int kExitRefused = 255;  ///< upstream's -1

struct ClusterToolOptions {
    std::string directory;
    Properties properties;  ///< aeron.cluster.tool.timeout, aeron.archive.control.*
    bool json = false;
    /// shutdown: how long to wait for its end; empty: not at all.
    std::optional<std::int64_t> wait_ns;
};

class ClusterTool {
  public:
    /// Takes one line of output, without its end, at once.
    using Out = std::function<void(std::string_view line)>;

    ClusterTool(ClusterToolOptions options, platform::Platform platform, Out out);

    /// Runs a command; returns the exit code.
    int run(const std::string& command, std::span<const std::string> arguments);

    /// One line for each command, as upstream lays them out.
    [[nodiscard]] static std::string help();

  private:
    struct Command;
    struct ToggleCommand;
    static std::span<const Command> commands();

    // On files.
    int describe();
    int pid();
    int recording_log();
    int errors();
    int invalidate_latest_snapshot();
    // On the running node.
    int list_members();
    int is_leader();
    int recovery_plan(std::span<const std::string> arguments);
    int toggle(const ToggleCommand& command);
    int wait_for_end(const cluster::ShutdownWatch& watch, const cluster::NodeControls& controls,
                     std::int32_t member_id);
    int report_snapshots(const cluster::ShutdownWatch& watch, std::int32_t member_id);

    [[nodiscard]] bool await_mark_file();
    [[nodiscard]] int refuse_without_mark_file();
    [[nodiscard]] std::unique_ptr<client::Aeron> connect(const std::string& aeron_directory);
    [[nodiscard]] std::optional<cluster::ClusterMembership> query_members(
        const memory::ClusterMarkFields& node);
    void print_errors(const memory::ClusterMarkFile& mark);
    void print_error_log(ConstBytes error_log);
    /// Polls until `is_done`; false at the deadline.
    [[nodiscard]] bool await(std::int64_t timeout_ns, const std::function<bool()>& is_done);
    void print(std::string_view line);
    int fail(const std::string& message, int exit_code = kExitRefused);

    ClusterToolOptions options_;
    platform::Platform platform_;
    Out out_;
    cluster::ClusterDirectory directory_;
    std::int64_t timeout_ns_;
    nlohmann::ordered_json json_ = nlohmann::ordered_json::object();
};

}  // namespace tern::tools
