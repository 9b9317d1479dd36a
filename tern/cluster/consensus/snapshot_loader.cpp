#include "tern/cluster/consensus/snapshot_loader.hpp"

#include <fmt/format.h>

#include <utility>

#include "tern/base/error.hpp"

namespace tern::cluster {

SnapshotLoader::SnapshotLoader(client::Aeron& aeron, archive::AsyncArchiveClient& archive,
                               std::int64_t recording_id, std::string channel,
                               std::int32_t stream_id, ModuleSnapshotReader reader)
    : replay_(aeron, archive,
              {.recording_id = recording_id,
               .position = 0,
               .length = -1,
               .channel = std::move(channel),
               .stream_id = stream_id}),
      reader_(std::move(reader)),
      assembler_(
          [this](ConstBytes message, const client::Header&) { return on_message(message); }) {}

client::ControlledAction SnapshotLoader::on_message(ConstBytes message) {
    is_done_ = reader_.on_message(message);
    return is_done_ ? client::ControlledAction::break_ : client::ControlledAction::continue_;
}

bool SnapshotLoader::poll() {
    if (is_done_ || !replay_.poll()) return is_done_;
    auto& image = replay_.image();
    const auto fragments = image.controlled_poll(assembler_, kFragmentLimit);
    if (fragments == 0 && image.is_closed()) {
        throw Error(fmt::format("snapshot ended unexpectedly: position={} channel={}",
                                image.position(), replay_.channel()));
    }
    if (is_done_) replay_.stop();
    return is_done_;
}

}  // namespace tern::cluster
