#include "tern/cluster/tool/shutdown_watch.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tern::cluster {

ShutdownWatch::ShutdownWatch(const ClusterDirectory& directory, platform::Platform platform)
    : directory_(directory), platform_(platform) {
    for (const auto& path : directory.service_mark_paths()) {
        add(path, fmt::format("service {}", directory.open_mark(path).fields().service_id));
    }
    add(directory.module_mark_path(), "consensus module");
    for (const auto& row : rows()) recordings_before_.push_back(row.recording_id);
}

void ShutdownWatch::add(const std::string& path, std::string name) {
    auto mark = directory_.open_mark(path);
    const auto started = mark.start_timestamp_ms();
    const auto pid = mark.pid();
    const bool is_pid_visible = platform_.system.process_alive(pid);
    // A mark left behind by a component that is not there any more is nobody to wait for.
    if (mark.activity_timestamp_ms() == memory::kMarkTerminated) return;
    if (!is_pid_visible && !mark.is_active(platform_.clock.epoch_ms())) return;
    components_.push_back({std::move(name), std::move(mark), started, pid, is_pid_visible});
}

bool ShutdownWatch::has_terminated(const Component& component) {
    return component.mark.activity_timestamp_ms() == memory::kMarkTerminated ||
           component.mark.start_timestamp_ms() != component.start_timestamp_ms;
}

std::vector<std::string> ShutdownWatch::missing() const {
    std::vector<std::string> names;
    for (const auto& component : components_) {
        if (!has_terminated(component)) names.push_back(component.name);
    }
    return names;
}

std::optional<std::string> ShutdownWatch::dead() const {
    for (const auto& component : components_) {
        if (component.is_pid_visible && !platform_.system.process_alive(component.pid) &&
            !has_terminated(component)) {
            return fmt::format("{} (pid {})", component.name, component.pid);
        }
    }
    return std::nullopt;
}

std::vector<RecordingLogEntry> ShutdownWatch::rows() const {
    const RecordingLog log(platform_.storage, directory_.path(), RecordingLog::Open::read_only, 0);
    std::vector<RecordingLogEntry> rows;
    for (const auto& entry : log.entries()) {
        if (entry.is_valid_snapshot()) rows.push_back(entry);
    }
    return rows;
}

std::vector<RecordingLogEntry> ShutdownWatch::snapshots() const {
    auto taken = rows();
    std::erase_if(taken, [&](const RecordingLogEntry& row) {
        return std::ranges::find(recordings_before_, row.recording_id) != recordings_before_.end();
    });
    std::ranges::sort(taken, {}, &RecordingLogEntry::service_id);
    return taken;
}

}  // namespace tern::cluster
