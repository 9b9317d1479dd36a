// The cluster tool's commands that talk to a running node.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

#include "tern/archive/client/archive_client.hpp"
#include "tern/base/duration.hpp"
#include "tern/cluster/recording_log.hpp"
#include "tern/platform/idle_strategy.hpp"
#include "tern/tools/cluster_tool.hpp"
#include "tern/tools/cluster_tool_commands.hpp"
#include "tern/tools/command.hpp"

namespace tern::tools {

using cluster::ControlToggle;
using cluster::ModuleState;
using nlohmann::ordered_json;

namespace {

constexpr std::int64_t kMinQueryTimeoutNs = kNanosPerSecond;
constexpr std::int32_t kArchiveResponseStreamId = 20;

std::string toggle_name(std::int64_t value) {
    const auto toggle = cluster::parse_control_toggle(value);
    return toggle ? std::string(cluster::to_string(*toggle)) : fmt::format("{}", value);
}

archive::ArchiveClientContext archive_context(const Properties& properties,
                                              const memory::ClusterMarkFields& node) {
    const auto stream = [&](const char* name, std::int32_t fallback) {
        return static_cast<std::int32_t>(properties.get_int(name, fallback, INT32_MIN, INT32_MAX));
    };
    archive::ArchiveClientContext context;
    context.control_request_channel =
        properties.get("aeron.archive.control.channel", context.control_request_channel);
    context.control_request_stream_id =
        stream("aeron.archive.control.stream.id", node.archive_stream_id);
    context.control_response_channel =
        properties.get("aeron.archive.control.response.channel", context.control_response_channel);
    context.control_response_stream_id =
        stream("aeron.archive.control.response.stream.id", kArchiveResponseStreamId);
    context.client_name = "cluster-tool";
    return context;
}

std::optional<std::int32_t> parse_count(const std::string& text) {
    std::int32_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    if (count < 0 || count > cluster::kMaxServiceCount) return std::nullopt;
    return count;
}

ordered_json to_json(const cluster::MemberReport& member) {
    return {{"id", member.id},
            {"is_leader", member.is_leader},
            {"leadership_term_id", member.leadership_term_id},
            {"log_position", member.log_position},
            {"time_of_last_append_ns", member.time_of_last_append_ns},
            {"ingress_endpoint", member.ingress_endpoint},
            {"consensus_endpoint", member.consensus_endpoint},
            {"log_endpoint", member.log_endpoint},
            {"catchup_endpoint", member.catchup_endpoint},
            {"archive_endpoint", member.archive_endpoint}};
}

std::string component_name(std::int32_t service_id) {
    return service_id < 0 ? "consensus module" : fmt::format("service {}", service_id);
}

}  // namespace

std::unique_ptr<client::Aeron> ClusterTool::connect(const std::string& aeron_directory) {
    const auto path = platform::join_path(aeron_directory, memory::kCncFileName);
    bool is_running = platform_.storage.exists(path);
    if (is_running) {
        const auto mapping = platform_.storage.open_mapped(path, platform::Access::read_only);
        is_running = memory::CncFile(mapping->bytes()).driver_heartbeat_ms() != -1;
    }
    if (!is_running) {
        throw Error(
            fmt::format("the node is not running: there is no media driver at {}; start "
                        "the node, or use describe, errors and recording-log, which need "
                        "none",
                        path));
    }
    client::Context context;
    context.aeron_directory = aeron_directory;
    context.client_name = "cluster-tool";
    context.use_conductor_invoker = true;
    return client::Aeron::connect(std::move(context), platform_);
}

std::optional<cluster::ClusterMembership> ClusterTool::query_members(
    const memory::ClusterMarkFields& node) {
    const auto aeron = connect(node.aeron_directory);
    cluster::MembersQuery query(*aeron, node);
    std::optional<cluster::ClusterMembership> answer;
    (void)await(std::max(kMinQueryTimeoutNs, timeout_ns_), [&] {
        aeron->do_work();
        if (aeron->is_closed()) throw Error("the media driver of the node has ended");
        answer = query.poll();
        return answer.has_value();
    });
    return answer;
}

int ClusterTool::list_members() {
    if (!await_mark_file()) return refuse_without_mark_file();
    const auto members = query_members(directory_.open_module().fields());
    if (!members) return fail("timeout waiting for response from node");
    print(cluster::to_string(*members));
    json_["current_time_ns"] = members->current_time_ns;
    json_["leader_member_id"] = members->leader_member_id;
    json_["member_id"] = members->member_id;
    json_["active_members"] = ordered_json::array();
    for (const auto& member : members->active_members) {
        json_["active_members"].push_back(to_json(member));
    }
    return kExitSuccess;
}

int ClusterTool::is_leader() {
    if (!await_mark_file()) return kExitRefused;
    const auto node = directory_.open_module().fields();
    const cluster::NodeControls controls(platform_.storage, node.aeron_directory, node.cluster_id);
    const bool leads = controls.role() == cluster::Role::leader &&
                       controls.election() == cluster::ElectionState::closed;
    json_["is_leader"] = leads;
    return leads ? kExitSuccess : kExitFailure;
}

int ClusterTool::recovery_plan(std::span<const std::string> arguments) {
    if (arguments.empty()) {
        out_(help());
        return kExitRefused;
    }
    const auto count = parse_count(arguments.front());
    if (!count) {
        throw Error(fmt::format("recovery-plan {}: expected the number of services, 0 to {}",
                                arguments.front(), cluster::kMaxServiceCount));
    }
    if (!await_mark_file()) return refuse_without_mark_file();
    const auto node = directory_.open_module().fields();
    const cluster::RecordingLog log(platform_.storage, directory_.path(),
                                    cluster::RecordingLog::Open::read_only, 0);
    const auto aeron = connect(options_.properties.get("aeron.dir", node.aeron_directory));
    const auto archive = archive::ArchiveClient::connect(archive_context(options_.properties, node),
                                                         *aeron, platform_);
    std::optional<cluster::LogRecordingExtent> extent;
    if (const auto* term = log.find_last_term()) {
        const auto found = archive->list_recording(term->recording_id);
        if (!found) throw Error(fmt::format("unknown recording id: {}", term->recording_id));
        extent = {.recording_id = found->recording_id,
                  .start_position = found->start_position,
                  .stop_position = found->stop_position,
                  .initial_term_id = found->initial_term_id,
                  .term_buffer_length = found->term_buffer_length,
                  .mtu_length = found->mtu_length,
                  .session_id = found->session_id};
    }
    const auto plan = cluster::make_recovery_plan(log, *count, extent);
    print(cluster::to_string(plan));
    json_["last_leadership_term_id"] = plan.last_leadership_term_id;
    json_["last_term_base_log_position"] = plan.last_term_base_log_position;
    json_["appended_log_position"] = plan.appended_log_position;
    json_["committed_log_position"] = plan.committed_log_position;
    json_["snapshots"] = rows_json(plan.snapshots);
    if (plan.log) {
        json_["log"] = {{"recording_id", plan.log->recording_id},
                        {"leadership_term_id", plan.log->leadership_term_id},
                        {"term_base_log_position", plan.log->term_base_log_position},
                        {"log_position", plan.log->log_position},
                        {"start_position", plan.log->start_position},
                        {"stop_position", plan.log->stop_position}};
    }
    return kExitSuccess;
}

// --- toggles

int ClusterTool::toggle(const ToggleCommand& command) {
    if (!await_mark_file()) return refuse_without_mark_file();
    const auto node = directory_.open_module().fields();
    const auto members = query_members(node);
    if (!members) return fail("Timed out querying cluster.");
    const auto name = cluster::to_string(command.value);
    const auto prefix = fmt::format("Member [{}]: ", members->member_id);
    json_["member_id"] = members->member_id;
    json_["command"] = name;
    json_["is_applied"] = false;
    if (members->leader_member_id != members->member_id) {
        return fail(
            fmt::format("{}Current node is not the leader (leaderMemberId = {}), unable to {}",
                        prefix, members->leader_member_id, name));
    }
    const auto path = platform::join_path(node.aeron_directory, memory::kCncFileName);
    if (!platform_.storage.exists(path)) {
        return fail(fmt::format("{}Unable to locate media driver. C`n`C file [{}] does not exist.",
                                prefix, path));
    }
    cluster::NodeControls controls(platform_.storage, node.aeron_directory, node.cluster_id);
    const auto state = controls.state();
    if (!state) return fail(prefix + "Unable to resolve state of consensus module.");
    if (*state != command.expected_state) {
        return fail(fmt::format(
            "{}Unable to {} as the state of the consensus module is {}, but needs to be {}", prefix,
            name, cluster::to_string(*state), cluster::to_string(command.expected_state)));
    }
    if (!controls.toggle()) return fail(prefix + "Failed to find control toggle");
    // Before the toggle is set: it remembers who is alive.
    std::optional<cluster::ShutdownWatch> watch;
    if (options_.wait_ns) watch.emplace(directory_, platform_);
    if (!controls.try_apply(command.value)) {
        return fail(fmt::format("{}Failed to apply {}, current toggle value = {}", prefix, name,
                                toggle_name(controls.toggle().value_or(-1))));
    }
    if (command.wait_ns > 0) {
        const auto wait_ns = std::max(command.wait_ns, timeout_ns_);
        const bool is_neutral = await(wait_ns, [&] {
            return controls.toggle() == static_cast<std::int64_t>(ControlToggle::neutral);
        });
        if (!is_neutral) {
            return fail(fmt::format("{}Timed out after {}ms waiting for {} to complete.", prefix,
                                    wait_ns / kNanosPerMilli, name));
        }
    }
    print(fmt::format("{}{} applied successfully", prefix, name));
    json_["is_applied"] = true;
    return watch ? wait_for_end(*watch, controls, members->member_id) : kExitSuccess;
}

int ClusterTool::wait_for_end(const cluster::ShutdownWatch& watch,
                              const cluster::NodeControls& controls, std::int32_t member_id) {
    const auto prefix = fmt::format("Member [{}]: ", member_id);
    std::string shown;
    std::optional<std::string> dead;
    const auto awaited = [&] {
        const auto state = controls.state();
        return fmt::format("{} (consensus module: {})", fmt::join(watch.missing(), ", "),
                           state ? cluster::to_string(*state) : "gone");
    };
    const bool is_done = await(*options_.wait_ns, [&] {
        if (watch.missing().empty()) return true;
        auto now = awaited();
        if (now != shown) print(fmt::format("{}waiting for {}", prefix, now));
        shown = std::move(now);
        dead = watch.dead();
        return dead.has_value();
    });
    json_["is_terminated"] = is_done && !dead;
    json_["missing"] = watch.missing();
    if (dead) {
        return fail(fmt::format("{}{} has died before it acknowledged the shutdown; what was "
                                "committed is in the log: start the node again, it will recover",
                                prefix, *dead),
                    kExitFailure);
    }
    if (!is_done) {
        return fail(
            fmt::format("{}not shut down after {} ms: no acknowledgement from {}; the "
                        "shutdown goes on, see its errors with: tern cluster-tool {} errors",
                        prefix, *options_.wait_ns / kNanosPerMilli, awaited(), directory_.path()),
            kExitFailure);
    }
    return report_snapshots(watch, member_id);
}

int ClusterTool::report_snapshots(const cluster::ShutdownWatch& watch, std::int32_t member_id) {
    const auto snapshots = watch.snapshots();
    json_["snapshots"] = rows_json(snapshots);
    for (const auto& row : snapshots) {
        print(fmt::format("Member [{}]: snapshot of {}: recordingId={} ended at logPosition={}",
                          member_id, component_name(row.service_id), row.recording_id,
                          row.log_position));
    }
    if (snapshots.empty()) {
        return fail(fmt::format("Member [{}]: shut down, but without a snapshot: the next start "
                                "replays the log; see why with: tern cluster-tool {} errors",
                                member_id, directory_.path()),
                    kExitFailure);
    }
    print(fmt::format("Member [{}]: shut down", member_id));
    return kExitSuccess;
}

}  // namespace tern::tools
