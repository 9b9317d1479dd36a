#pragma once
// The content of a consensus module snapshot: writing it as messages, reading it back (CON-12.5,
// CON-2.6, CLF-13.1). No I/O: SnapshotTaker and SnapshotLoader move the messages.
//
// The state of the module is captured at one instant, so that what services ask for while the
// messages are on their way does not tear the snapshot.
//
// Thread safety: the module's thread.

#include <cstdint>
#include <span>
#include <vector>

#include "tern/base/bytes.hpp"
#include "tern/cluster/cluster_types.hpp"
#include "tern/cluster/consensus/pending_service_message_tracker.hpp"
#include "tern/cluster/consensus/session_manager.hpp"
#include "tern/cluster/consensus/timer_service.hpp"

namespace tern::cluster {

/// What a snapshot says of itself.
struct SnapshotIdentity {
    std::int64_t log_position = 0;
    std::int64_t leadership_term_id = -1;
    TimeUnit time_unit = TimeUnit::milliseconds;
    std::int32_t app_version = kDefaultAppVersion;
};

/// What it holds: the parts of a module.
struct ModuleSnapshotParts {
    SessionManager& sessions;
    TimerService& timers;
    std::span<PendingServiceMessageTracker> trackers;
};

using SnapshotMessages = std::vector<std::vector<std::byte>>;

/// All messages, BEGIN to END.
[[nodiscard]] SnapshotMessages encode_module_snapshot(const SnapshotIdentity& identity,
                                                      const ModuleSnapshotParts& parts);

class ModuleSnapshotReader {
  public:
    /// `own` says what this module runs as; a snapshot of another major version or time unit is
    /// refused. `parts` are empty, and outlive the reader.
    ModuleSnapshotReader(const SnapshotIdentity& own, ModuleSnapshotParts parts)
        : own_(own), parts_(parts) {}

    /// One assembled message. Returns true after END: everything then is loaded and verified, and
    /// what follows is not of this snapshot. Throws Error, fatal where the state cannot be trusted.
    [[nodiscard]] bool on_message(ConstBytes message);

    /// Of the BEGIN marker.
    [[nodiscard]] std::int64_t log_position() const noexcept { return log_position_; }
    [[nodiscard]] std::int64_t leadership_term_id() const noexcept { return leadership_term_id_; }

  private:
    [[nodiscard]] bool on_marker(ConstBytes message);
    void on_begin(std::int32_t app_version, TimeUnit time_unit);
    void on_end();
    void on_module(ConstBytes message);
    void on_session(ConstBytes message);
    void on_timer(ConstBytes message);
    void on_tracker(ConstBytes message);
    void on_pending_message(ConstBytes message);
    [[nodiscard]] PendingServiceMessageTracker& tracker(std::int32_t service_id);

    SnapshotIdentity own_;
    ModuleSnapshotParts parts_;
    bool is_begun_ = false;
    std::int64_t log_position_ = kNullPosition;
    std::int64_t leadership_term_id_ = -1;
};

}  // namespace tern::cluster
