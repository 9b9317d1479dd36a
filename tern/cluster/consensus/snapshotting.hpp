#pragma once
// A module in state SNAPSHOT (CON-12.4): when all services have acked the action, takes the
// module's own snapshot, writes the rows of the set, and goes back to work, or on to terminating
// when that was asked for. A state machine advanced while the module is in that state.
//
// A failed snapshot is reported and leaves no rows; out of storage space ends the node.
// Thread safety: the module's thread.

#include <cstdint>
#include <memory>
#include <vector>

#include "tern/cluster/consensus/module_core.hpp"
#include "tern/cluster/consensus/snapshot_taker.hpp"

namespace tern::cluster {

class Snapshotting {
  public:
    explicit Snapshotting(ModuleCore& core) : core_(core) {}
    Snapshotting(const Snapshotting&) = delete;
    Snapshotting& operator=(const Snapshotting&) = delete;

    /// In state SNAPSHOT; returns work done.
    int poll();
    /// An election or the end: what is under way is given up.
    void cancel() noexcept { taker_.reset(); }

  private:
    void begin();
    bool poll_taker();
    void append_rows();
    void finish();

    ModuleCore& core_;
    std::vector<ServiceAck> acks_;  // of the snapshot under way
    std::unique_ptr<SnapshotTaker> taker_;
};

}  // namespace tern::cluster
