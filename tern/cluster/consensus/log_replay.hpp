#pragma once
// Replays a part of the local log to this module and its services before it leads or follows
// (CON-7.4): asks the archive, joins the services, applies the messages, moves the commit position
// along. A state machine; failures are thrown as Error.
//
// Thread safety: the module's thread.

#include <cstdint>

#include "tern/cluster/consensus/archive_replay.hpp"
#include "tern/cluster/consensus/log_reader.hpp"
#include "tern/cluster/consensus/module_core.hpp"
#include "tern/cluster/consensus/service_join.hpp"

namespace tern::cluster {

class LogReplay {
  public:
    /// Of [start, stop) of the log's recording.
    LogReplay(ModuleCore& core, LogReader& reader, std::int64_t start_position,
              std::int64_t stop_position);

    /// True when everything was applied, and a snapshot that was met has been taken again.
    [[nodiscard]] bool poll();
    [[nodiscard]] std::int64_t position() const noexcept { return position_; }

  private:
    enum class State : std::uint8_t { await_image, await_services, replay, done };
    void await_image();
    void replay();

    ModuleCore& core_;
    LogReader& reader_;
    std::int64_t start_position_;
    std::int64_t stop_position_;
    std::int64_t position_;
    State state_ = State::await_image;
    ArchiveReplay replay_;
    ServiceJoin join_;
};

}  // namespace tern::cluster
