#pragma once
// The archive's counters (ARC-11 of chapter 40): allocated together when the archive starts.
//
// All but the last are upstream's, with upstream's labels. The last is ours: control sessions that
// ended otherwise than by a close request, the archive's close or their client's death.
//
// Thread safety: the conductor's; each counter is then updated by the one agent it belongs to.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tern/archive/archive_context.hpp"
#include "tern/client/aeron.hpp"

namespace tern::archive {

/// Of the archive's range (100 to 199), at its end: upstream counts up from 100.
inline constexpr std::int32_t kAbnormalSessionEndsTypeId = 190;

class ArchiveCounters {
  public:
    using Handle = std::shared_ptr<client::Counter>;

    /// Asks the driver for all of them.
    void begin(client::Aeron& aeron, const ArchiveContext& context, std::int64_t archive_id);
    /// True once all are there. Throws what Aeron::find_counter throws.
    [[nodiscard]] bool poll(client::Aeron& aeron);
    /// Closes what is there and gives up what is not. Idempotent.
    void close(client::Aeron* aeron) noexcept;

    Handle errors;
    Handle conductor_max_cycle_time, conductor_threshold_exceeded;
    Handle recorder_max_cycle_time, recorder_threshold_exceeded;  ///< dedicated mode only
    Handle replayer_max_cycle_time, replayer_threshold_exceeded;  ///< dedicated mode only
    Handle control_sessions, recording_sessions, replay_sessions;
    Handle max_write_time, total_write_bytes, total_write_time;
    Handle max_read_time, total_read_bytes, total_read_time;
    Handle abnormal_session_ends;

  private:
    struct Pending {
        std::int64_t registration_id;
        Handle* slot;
    };
    std::vector<Pending> pending_;
    std::vector<Handle*> allocated_;
};

/// Whether an archive with this id has its counters at the driver: a live one, or one that died
/// less than the client liveness timeout ago.
[[nodiscard]] bool has_archive_counters(const memory::CountersReader& counters,
                                        std::int64_t archive_id);

/// "rec-pos: ..." (ARC-11.2).
[[nodiscard]] std::int64_t async_add_recording_position(client::Aeron& aeron,
                                                        std::int64_t archive_id,
                                                        std::int64_t recording_id,
                                                        const client::Image& image,
                                                        std::string_view stripped_channel);
/// "control-session: ..." (ARC-11.3).
[[nodiscard]] std::int64_t async_add_control_session(client::Aeron& aeron, std::int64_t archive_id,
                                                     std::int64_t control_session_id,
                                                     std::string_view info);

}  // namespace tern::archive
