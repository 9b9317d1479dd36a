#pragma once
// An archive's recording is a prefix of what was sent, and complete up to what was acknowledged.
//
// One RecordingChecker for each recording; it follows one publication, whose StreamWriter knows at
// which position each message ends. One ReplayChecker for each replay: it must give exactly the
// messages that begin at or after its first position, in order and each where it was sent, up to
// where the replay stops.
//
// Positions in bytes. Findings are one line each and name the recording. No thread safety.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "sim/checkers/stream_checker.hpp"

namespace tern::sim {

enum class Loss : std::uint8_t {
    forbidden,
    allowed,  ///< the disk lost writes that the archive was told not to sync, or rotted
};

class RecordingChecker {
  public:
    RecordingChecker(std::shared_ptr<const StreamWriter> writer, std::int64_t recording_id,
                     std::int64_t start_position)
        : writer_(std::move(writer)),
          recording_id_(recording_id),
          start_position_(start_position),
          acknowledged_(start_position) {}

    [[nodiscard]] const std::shared_ptr<const StreamWriter>& writer() const noexcept {
        return writer_;
    }
    [[nodiscard]] std::int64_t recording_id() const noexcept { return recording_id_; }
    [[nodiscard]] std::int64_t start_position() const noexcept { return start_position_; }
    /// The highest position that the archive has said is recorded.
    [[nodiscard]] std::int64_t acknowledged_position() const noexcept { return acknowledged_; }

    /// The archive says that all is recorded up to `position`, which may be an old answer.
    [[nodiscard]] std::optional<std::string> acknowledged(std::int64_t position);
    /// The recording was stopped, or found after a restart, and ends at `stop_position`.
    [[nodiscard]] std::optional<std::string> recovered(std::int64_t stop_position, Loss loss);

    // What its owner asks the archive to change.

    /// Another publication goes on where this recording ends.
    void continued_by(std::shared_ptr<const StreamWriter> writer) { writer_ = std::move(writer); }
    /// No more is promised than up to here.
    void truncated(std::int64_t position) { acknowledged_ = std::min(acknowledged_, position); }
    void purged_below(std::int64_t position) { start_position_ = position; }

  private:
    [[nodiscard]] std::string finding(const std::string& text) const;

    std::shared_ptr<const StreamWriter> writer_;
    std::int64_t recording_id_;
    std::int64_t start_position_;
    std::int64_t acknowledged_;
};

class ReplayChecker {
  public:
    /// A replay begins at `position`, where a frame begins.
    ReplayChecker(const RecordingChecker& recording, std::int64_t position,
                  std::int32_t term_length);

    /// A whole message, and the position behind it.
    [[nodiscard]] std::optional<std::string> replayed(ConstBytes message, std::int64_t position);
    /// The replay was to end at `position`, and has.
    [[nodiscard]] std::optional<std::string> finished(std::int64_t position) const;

  private:
    [[nodiscard]] std::optional<std::string> named(std::optional<std::string> found) const;

    std::shared_ptr<const StreamWriter> writer_;
    std::int64_t recording_id_;
    StreamReader reader_;
    std::int64_t end_ = 0;  // of the last message
};

}  // namespace tern::sim
