#pragma once
// An archive's recording is a prefix of what was sent, and complete up to what was acknowledged.
//
// One checker for each recording id; it follows one publication, whose StreamWriter knows at which
// position each message ends. A replay from any position must give exactly the messages that end
// after it, in order, up to where the replay stops.
//
// Positions in bytes. Findings are one line each and name the recording. No thread safety.

#include <cstdint>
#include <optional>
#include <string>

#include "sim/checkers/stream_checker.hpp"

namespace tern::sim {

enum class Loss : std::uint8_t {
    forbidden,
    allowed,  ///< the disk lost writes that the archive was told not to sync, or rotted
};

class RecordingChecker {
  public:
    /// `writer` outlives the checker. The recording begins between two messages.
    RecordingChecker(const StreamWriter& writer, std::int64_t recording_id,
                     std::int64_t start_position)
        : writer_(&writer),
          recording_id_(recording_id),
          start_position_(start_position),
          acknowledged_(start_position),
          replay_(writer) {}

    /// The highest position that the archive has said is recorded.
    [[nodiscard]] std::int64_t acknowledged_position() const noexcept { return acknowledged_; }

    /// The archive says that all is recorded up to `position`, which may be an old answer.
    [[nodiscard]] std::optional<std::string> acknowledged(std::int64_t position);
    /// The recording was stopped, or found after a restart, and ends at `stop_position`.
    [[nodiscard]] std::optional<std::string> recovered(std::int64_t stop_position, Loss loss);

    /// A replay begins at `position`, between two messages.
    [[nodiscard]] std::optional<std::string> replay_started(std::int64_t position);
    [[nodiscard]] std::optional<std::string> replayed(ConstBytes message);
    /// The replay was to end at `position`, and has.
    [[nodiscard]] std::optional<std::string> replay_finished(std::int64_t position);

  private:
    [[nodiscard]] std::string finding(const std::string& text) const;
    [[nodiscard]] std::optional<std::string> named(std::optional<std::string> found) const;

    const StreamWriter* writer_;
    std::int64_t recording_id_;
    std::int64_t start_position_;
    std::int64_t acknowledged_;
    StreamReader replay_;
};

}  // namespace tern::sim
