#pragma once
// What the parts of the archive conductor share. References to things that outlive them all.

#include <cstdint>
#include <string>

#include "tern/archive/archive_context.hpp"
#include "tern/archive/archive_counters.hpp"
#include "tern/archive/catalog.hpp"
#include "tern/archive/event_log.hpp"
#include "tern/client/aeron.hpp"
#include "tern/platform/platform.hpp"

namespace tern::archive {

struct ArchiveServices {
    const ArchiveContext& context;
    platform::Platform platform;
    client::Aeron& aeron;
    Catalog& catalog;
    EventLog& events;
    ArchiveCounters& counters;
    std::int64_t archive_id;
    ErrorHandler report;  ///< error log, error counter, the context's handler

    /// To the error log: an upstream "event WARN".
    void warn(const std::string& text) const { report(Error(text, 0, Severity::warn)); }
    /// To the event log: nothing is wrong.
    void note(std::string text) const { events.record(platform.clock.epoch_ms(), std::move(text)); }
    [[nodiscard]] std::int64_t now_ns() const { return platform.clock.nano_time(); }
    [[nodiscard]] std::int64_t now_ms() const { return platform.clock.epoch_ms(); }
};

}  // namespace tern::archive
