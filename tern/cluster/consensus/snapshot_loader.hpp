#pragma once
// Loads a consensus module snapshot from the local archive (CON-2.6): replays the recording and
// feeds its messages to a ModuleSnapshotReader. A state machine; failures are thrown as Error.
//
// Thread safety: the module's thread.

#include <cstdint>
#include <optional>
#include <string>

#include "tern/client/fragment_assembler.hpp"
#include "tern/cluster/consensus/archive_replay.hpp"
#include "tern/cluster/consensus/module_snapshot.hpp"

namespace tern::cluster {

class SnapshotLoader {
  public:
    static constexpr int kFragmentLimit = 10;

    SnapshotLoader(client::Aeron& aeron, archive::AsyncArchiveClient& archive,
                   std::int64_t recording_id, std::string channel, std::int32_t stream_id,
                   ModuleSnapshotReader reader);

    /// True when the END marker was read.
    [[nodiscard]] bool poll();
    [[nodiscard]] const ModuleSnapshotReader& reader() const noexcept { return reader_; }

  private:
    [[nodiscard]] client::ControlledAction on_message(ConstBytes message);

    ArchiveReplay replay_;
    ModuleSnapshotReader reader_;
    client::ImageControlledFragmentAssembler<> assembler_;
    bool is_done_ = false;
};

}  // namespace tern::cluster
