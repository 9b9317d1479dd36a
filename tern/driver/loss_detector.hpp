#pragma once
// Finds the first gap in an image and decides when to report it (DSR-8).
//
// Thread safety: used by one thread, the conductor; what it reports crosses to the receiver
// through the image.

#include <cstdint>
#include <optional>

#include "tern/driver/feedback_delay.hpp"
#include "tern/logbuffer/log_buffers.hpp"

namespace tern::driver {

/// Bytes of a term that have not arrived.
struct Gap {
    std::int32_t term_id = 0;
    std::int32_t term_offset = 0;
    std::int32_t length = 0;
    friend bool operator==(const Gap&, const Gap&) = default;
};

class LossDetector {
  public:
    explicit LossDetector(FeedbackDelay delay) : delay_(delay) {}

    struct Result {
        std::int64_t rebuild_position = 0;  ///< everything before it has arrived
        bool loss_found = false;            ///< this scan met a gap that was not known before
        std::optional<Gap> due;             ///< a gap to report now
    };

    /// Scans one term from `rebuild_position` towards `high_water_mark`.
    [[nodiscard]] Result scan(const logbuffer::LogBuffers& log, std::int64_t rebuild_position,
                              std::int64_t high_water_mark, std::int64_t now_ns);

  private:
    FeedbackDelay delay_;
    std::optional<Gap> active_;
    std::int64_t deadline_ns_ = 0;
};

}  // namespace tern::driver
