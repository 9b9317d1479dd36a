#pragma once
// Sees a node end after a SHUTDOWN: which of its components have acknowledged, by writing into
// their mark files that they are terminated, and where their snapshots ended (CST-13.1).
//
// Made before the shutdown is asked for: it remembers which components are alive, and waits for
// those. A component that was started again meanwhile had ended. The consensus module writes its
// mark last, after its services, its log recording and its archive session have ended, and on a
// leader after all followers have acknowledged or the termination timeout has passed.
//
// Polled by whoever waits; does not wait itself. Thread safety: none.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tern/cluster/recording_log.hpp"
#include "tern/cluster/tool/cluster_directory.hpp"
#include "tern/platform/platform.hpp"

namespace tern::cluster {

class ShutdownWatch {
  public:
    ShutdownWatch(const ClusterDirectory& directory, platform::Platform platform);

    /// What has not terminated yet: "consensus module", "service 0". Empty: all have.
    [[nodiscard]] std::vector<std::string> missing() const;
    /// What has not terminated and never will, because its process has died, with the pid.
    [[nodiscard]] std::optional<std::string> dead() const;

    /// The rows of the snapshots taken by this shutdown, by service, the module's first; empty when
    /// there are none. Reads recording.log; once missing() is empty.
    [[nodiscard]] std::vector<RecordingLogEntry> snapshots() const;

  private:
    struct Component {
        std::string name;
        memory::ClusterMarkFile mark;
        std::int64_t start_timestamp_ms;
        std::int64_t pid;
        bool is_pid_visible;  // a container's process may be out of sight
    };
    void add(const std::string& path, std::string name);
    [[nodiscard]] static bool has_terminated(const Component& component);
    [[nodiscard]] std::vector<RecordingLogEntry> rows() const;

    const ClusterDirectory& directory_;
    platform::Platform platform_;
    std::vector<Component> components_;
    std::vector<std::int64_t> recordings_before_;
};

}  // namespace tern::cluster
