#pragma once
// How far a live recording is in its files: written by the recorder, followed by replays.
//
// Shared between a recording session and the replays that follow it, so that it outlives whichever
// ends first. A follower reads `ended` before `position`: when the recording had ended, the
// position it then reads is the final one.

#include <atomic>
#include <cstdint>

namespace tern::archive {

class RecordedPosition {
  public:
    explicit RecordedPosition(std::int64_t position) noexcept : position_(position) {}

    /// Recorder: after the bytes are in the file. Pairs with position().
    void advance(std::int64_t position) noexcept {
        position_.store(position, std::memory_order_release);
    }
    /// Conductor: no byte will follow, and the catalog says so. Pairs with ended().
    void end() noexcept { ended_.store(true, std::memory_order_release); }

    [[nodiscard]] bool ended() const noexcept { return ended_.load(std::memory_order_acquire); }
    [[nodiscard]] std::int64_t position() const noexcept {
        return position_.load(std::memory_order_acquire);
    }

  private:
    std::atomic<std::int64_t> position_;
    std::atomic<bool> ended_{false};
};

}  // namespace tern::archive
