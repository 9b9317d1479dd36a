#pragma once
// The counter in which an archive shows how far it has recorded a stream (counter type 100).
//
// Found by the session of the recorded publication and the archive's id; read by id with the
// registration id checked, because the slot is reused after the recording has ended.
// Thread safety: none needed; a value.

#include <cstdint>
#include <optional>

#include "tern/memory/counters.hpp"

namespace tern::cluster {

struct RecordingCounter {
    std::int32_t counter_id = -1;
    std::int64_t registration_id = 0;
    std::int64_t recording_id = -1;

    /// Of the recording of this session by this archive; nullopt while there is none.
    [[nodiscard]] static std::optional<RecordingCounter> find(
        const memory::CountersReader& counters, std::int32_t session_id, std::int64_t archive_id);
    /// Whether any recording of this id is under way.
    [[nodiscard]] static bool is_recording(const memory::CountersReader& counters,
                                           std::int64_t recording_id, std::int64_t archive_id);

    /// Recorded position; nullopt when the recording has ended.
    [[nodiscard]] std::optional<std::int64_t> position(
        const memory::CountersReader& counters) const;
};

}  // namespace tern::cluster
