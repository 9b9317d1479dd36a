#include "tern/tools/cluster_tool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "tern/base/duration.hpp"
#include "tern/cluster/recording_log.hpp"
#include "tern/memory/distinct_error_log.hpp"
#include "tern/platform/idle_strategy.hpp"
#include "tern/tools/cluster_mark_text.hpp"
#include "tern/tools/cluster_tool_commands.hpp"
#include "tern/tools/command.hpp"
#include "tern/tools/json.hpp"

namespace tern::tools {

using cluster::ControlToggle;
using cluster::ModuleState;
using cluster::RecordingLog;
using nlohmann::ordered_json;

namespace {

constexpr std::size_t kNameColumn = 33;

ordered_json to_json(const cluster::RecordingLogEntry& entry) {
    constexpr std::array kTypes{"TERM", "SNAPSHOT", "STANDBY_SNAPSHOT"};
    const auto type = static_cast<std::size_t>(static_cast<std::int32_t>(entry.type));
    ordered_json json{{"recording_id", entry.recording_id},
                      {"leadership_term_id", entry.leadership_term_id},
                      {"term_base_log_position", entry.term_base_log_position},
                      {"log_position", entry.log_position},
                      {"timestamp", entry.timestamp},
                      {"service_id", entry.service_id},
                      {"type", type < kTypes.size() ? kTypes[type] : "UNKNOWN"},
                      {"is_valid", entry.is_valid},
                      {"entry_index", entry.entry_index}};
    if (!entry.archive_endpoint.empty()) json["archive_endpoint"] = entry.archive_endpoint;
    return json;
}

}  // namespace

ordered_json rows_json(std::span<const cluster::RecordingLogEntry> rows) {
    auto json = ordered_json::array();
    for (const auto& row : rows) json.push_back(to_json(row));
    return json;
}

// --- the table of commands

std::span<const ClusterTool::Command> ClusterTool::commands() {
    using Arguments = std::span<const std::string>;
    static constexpr ToggleCommand kSnapshot{ControlToggle::snapshot, ModuleState::active,
                                             30 * kNanosPerSecond};
    static constexpr ToggleCommand kSuspend{ControlToggle::suspend, ModuleState::active, 0};
    static constexpr ToggleCommand kResume{ControlToggle::resume, ModuleState::suspended,
                                           kNanosPerSecond};
    static constexpr ToggleCommand kShutdown{ControlToggle::shutdown, ModuleState::active, 0};
    static constexpr ToggleCommand kAbort{ControlToggle::abort, ModuleState::active, 0};
    static const std::array kCommands{
        Command{"describe", "prints out all descriptors in the mark file.",
                [](ClusterTool& tool, Arguments) { return tool.describe(); }},
        Command{"pid", "prints PID of cluster component.",
                [](ClusterTool& tool, Arguments) { return tool.pid(); }},
        Command{"recovery-plan", "[service count] prints recovery plan of cluster component.",
                [](ClusterTool& tool, Arguments a) { return tool.recovery_plan(a); }},
        Command{"recording-log", "prints recording log of cluster component.",
                [](ClusterTool& tool, Arguments) { return tool.recording_log(); }},
        Command{"errors", "prints Aeron and cluster component error logs.",
                [](ClusterTool& tool, Arguments) { return tool.errors(); }},
        Command{"list-members", "prints leader memberId and active members.",
                [](ClusterTool& tool, Arguments) { return tool.list_members(); }},
        Command{"invalidate-latest-snapshot",
                "marks the latest snapshot as a invalid so the previous is loaded.",
                [](ClusterTool& tool, Arguments) { return tool.invalidate_latest_snapshot(); }},
        Command{"is-leader", "returns zero if the cluster node is leader, non-zero if not.",
                [](ClusterTool& tool, Arguments) { return tool.is_leader(); }},
        Command{"snapshot", "triggers a snapshot on the leader.",
                [](ClusterTool& tool, Arguments) { return tool.toggle(kSnapshot); }},
        Command{"suspend", "suspends appending to the log.",
                [](ClusterTool& tool, Arguments) { return tool.toggle(kSuspend); }},
        Command{"resume", "resumes appending to the log.",
                [](ClusterTool& tool, Arguments) { return tool.toggle(kResume); }},
        Command{"shutdown", "initiates an orderly stop of the cluster with a snapshot.",
                [](ClusterTool& tool, Arguments) { return tool.toggle(kShutdown); }},
        Command{"abort", "stops the cluster without a snapshot.",
                [](ClusterTool& tool, Arguments) { return tool.toggle(kAbort); }},
    };
    return kCommands;
}

std::string ClusterTool::help() {
    std::string text = "Usage: <cluster-dir> <command> [options]\n";
    for (const Command& command : commands()) {
        fmt::format_to(std::back_inserter(text), "{:>{}}: {}\n", command.name, kNameColumn,
                       command.help);
    }
    return text;
}

ClusterTool::ClusterTool(ClusterToolOptions options, platform::Platform platform, Out out)
    : options_(std::move(options)),
      platform_(platform),
      out_(std::move(out)),
      directory_(platform.storage, options_.directory),
      timeout_ns_(options_.properties.get_duration_ns("aeron.cluster.tool.timeout", 0)) {}

int ClusterTool::run(const std::string& command, std::span<const std::string> arguments) {
    const auto found = std::ranges::find(commands(), command, &Command::name);
    if (found == commands().end()) {
        out_(fmt::format("Unknown command: {}", command));
        out_(help());
        return kExitRefused;
    }
    if (options_.wait_ns && command != "shutdown") {
        throw ConfigurationError(fmt::format("--wait belongs to shutdown, not to {}", command));
    }
    const int exit_code = found->run(*this, arguments);
    if (options_.json) out_(to_line(json_));
    return exit_code;
}

// --- what all commands use

void ClusterTool::print(std::string_view line) {
    if (!options_.json) out_(line);
}

int ClusterTool::fail(const std::string& message, int exit_code) {
    print(message);
    json_["error"] = message;
    return exit_code;
}

bool ClusterTool::await(std::int64_t timeout_ns, const std::function<bool()>& is_done) {
    const auto idle = platform::make_idle_strategy("backoff");
    const std::int64_t deadline_ns = platform_.clock.nano_time() + timeout_ns;
    while (!is_done()) {
        if (platform_.clock.nano_time() - deadline_ns >= 0) return false;
        idle->idle(0);
    }
    return true;
}

bool ClusterTool::await_mark_file() {
    return await(timeout_ns_, [&] { return directory_.has_module(); });
}

int ClusterTool::refuse_without_mark_file() {
    return fail(fmt::format("{} does not exist.", memory::kClusterMarkFileName));
}

// --- commands on files

int ClusterTool::describe() {
    const auto now_ms = platform_.clock.epoch_ms();
    json_["components"] = ordered_json::array();
    const auto show = [&](const memory::ClusterMarkFile& mark) {
        print(type_line(mark, now_ms));
        print(header_line(mark));
        json_["components"].push_back(tools::to_json(mark));
    };
    if (await_mark_file()) {
        show(directory_.open_module());
    } else {
        (void)refuse_without_mark_file();
    }
    for (const auto& path : directory_.service_mark_paths()) {
        print(fmt::format("INFO: mark file exists: {}", path));
        show(directory_.open_mark(path));
    }
    return kExitSuccess;
}

int ClusterTool::pid() {
    if (!await_mark_file()) return kExitRefused;
    const auto pid = directory_.open_module().pid();
    print(fmt::format("{}", pid));
    json_["pid"] = pid;
    return kExitSuccess;
}

int ClusterTool::recording_log() {
    const RecordingLog log(platform_.storage, directory_.path(), RecordingLog::Open::read_only, 0);
    for (const auto& notice : log.notices()) fmt::print(stderr, "tern: {}\n", notice);
    print(cluster::to_string(log));
    json_["entries"] = rows_json(log.entries());
    return kExitSuccess;
}

int ClusterTool::invalidate_latest_snapshot() {
    const auto path = platform::join_path(directory_.path(), cluster::kRecordingLogFileName);
    if (!platform_.storage.exists(path)) throw Error(path + " does not exist");
    RecordingLog log(platform_.storage, directory_.path(), RecordingLog::Open::create_or_read_write,
                     1);
    const bool is_done = log.invalidate_latest_snapshot();
    print(fmt::format(" invalidate latest snapshot: {}", is_done));
    json_["invalidated"] = is_done;
    return is_done ? kExitSuccess : kExitRefused;
}

void ClusterTool::print_error_log(ConstBytes error_log) {
    const auto text = errors_text(error_log);
    if (text.empty()) return print("\nO distinct errors observed");
    print(text + fmt::format("\n{} distinct errors observed.", errors_json(error_log).size()));
}

void ClusterTool::print_errors(const memory::ClusterMarkFile& mark) {
    print(type_line(mark, platform_.clock.epoch_ms()));
    print("Cluster component error log:");
    print_error_log(mark.error_log());
    json_["logs"].push_back({{"log", mark.path()},
                             {"component", memory::to_string(mark.component())},
                             {"errors", errors_json(mark.error_log())}});
}

int ClusterTool::errors() {
    int exit_code = kExitSuccess;
    json_["logs"] = ordered_json::array();
    if (await_mark_file()) {
        const auto mark = directory_.open_module();
        print_errors(mark);
        const auto directory = mark.fields().aeron_directory;
        print(fmt::format("\nAeron driver error log (directory: {}):", directory));
        const auto path = platform::join_path(directory, memory::kCncFileName);
        if (platform_.storage.exists(path)) {
            const auto mapping = platform_.storage.open_mapped(path, platform::Access::read_only);
            const memory::CncFile cnc(mapping->bytes());
            print_error_log(cnc.error_log());
            json_["logs"].push_back({{"log", path},
                                     {"component", "MEDIA_DRIVER"},
                                     {"errors", errors_json(cnc.error_log())}});
        } else {
            // Upstream stops here; the services' logs are wanted most when the driver is gone.
            exit_code = fail("missing file for cnc : " + path, kExitFailure);
        }
    } else {
        (void)refuse_without_mark_file();
    }
    for (const auto& path : directory_.service_mark_paths()) {
        print(fmt::format("INFO: mark file exists: {}", path));
        print_errors(directory_.open_mark(path));
    }
    return exit_code;
}

}  // namespace tern::tools
