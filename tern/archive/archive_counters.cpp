#include "tern/archive/archive_counters.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tern/base/duration.hpp"
#include "tern/base/version.hpp"
#include "tern/memory/counter_keys.hpp"
#include "tern/memory/counter_types.hpp"

namespace tern::archive {
namespace type = memory::counter_type;

void ArchiveCounters::begin(client::Aeron& aeron, const ArchiveContext& context,
                            std::int64_t archive_id) {
    const auto key = memory::i64_key(archive_id);
    const auto suffix = fmt::format(" - archiveId={}", archive_id);
    const auto add = [&](Handle& slot, std::int32_t type_id, const std::string& name) {
        pending_.push_back({aeron.async_add_counter(type_id, key.bytes(), name + suffix), &slot});
    };
    const auto mode = to_string(context.threading_mode);
    const auto add_duty_cycle = [&](Handle& longest, Handle& exceeded, std::string_view role,
                                    std::int64_t threshold_ns) {
        add(longest, type::kArchiveMaxCycleTime,
            fmt::format("{} max cycle time in ns: {}", role, mode));
        add(exceeded, type::kArchiveCycleTimeThresholdExceeded,
            fmt::format("{} work cycle time exceeded count: threshold={} {}", role,
                        format_duration_ns(threshold_ns), mode));
    };
    pending_.push_back({aeron.async_add_counter(type::kArchiveErrorCount, key.bytes(),
                                                fmt::format("Archive Errors{} version={} commit={}",
                                                            suffix, kCompatibleVersion, kCommit)),
                        &errors});
    add_duty_cycle(conductor_max_cycle_time, conductor_threshold_exceeded, "archive-conductor",
                   context.conductor_cycle_threshold_ns);
    if (context.threading_mode == ArchiveThreadingMode::dedicated) {
        add_duty_cycle(recorder_max_cycle_time, recorder_threshold_exceeded, "archive-recorder",
                       context.recorder_cycle_threshold_ns);
        add_duty_cycle(replayer_max_cycle_time, replayer_threshold_exceeded, "archive-replayer",
                       context.replayer_cycle_threshold_ns);
    }
    add(control_sessions, type::kArchiveControlSessions, "Archive Control Sessions");
    add(recording_sessions, type::kArchiveRecordingSessions, "Archive Recording Sessions");
    add(replay_sessions, type::kArchiveReplaySessions, "Archive Replay Sessions");
    add(max_write_time, type::kArchiveRecorderMaxWriteTime,
        "archive-recorder max write time in ns");
    add(total_write_bytes, type::kArchiveRecorderTotalWriteBytes,
        "archive-recorder total write bytes");
    add(total_write_time, type::kArchiveRecorderTotalWriteTime,
        "archive-recorder total write time in ns");
    add(max_read_time, type::kArchiveReplayerMaxReadTime, "archive-replayer max read time in ns");
    add(total_read_bytes, type::kArchiveReplayerTotalReadBytes,
        "archive-replayer total read bytes");
    add(total_read_time, type::kArchiveReplayerTotalReadTime,
        "archive-replayer total read time in ns");
    add(abnormal_session_ends, kAbnormalSessionEndsTypeId,
        "Archive Control Sessions ended abnormally");
}

bool ArchiveCounters::poll(client::Aeron& aeron) {
    while (!pending_.empty()) {
        auto& next = pending_.front();
        auto counter = aeron.find_counter(next.registration_id);
        if (!counter) return false;
        *next.slot = std::move(counter);
        allocated_.push_back(next.slot);
        pending_.erase(pending_.begin());
    }
    return true;
}

void ArchiveCounters::close(client::Aeron* aeron) noexcept {
    if (aeron != nullptr) {
        for (const auto& pending : pending_) aeron->abandon(pending.registration_id);
    }
    pending_.clear();
    // Agents that have ended may still hold handles: closing is what frees the counters.
    for (Handle* slot : allocated_) {
        if (*slot) (*slot)->close();
    }
    allocated_.clear();
}

bool has_archive_counters(const memory::CountersReader& counters, std::int64_t archive_id) {
    bool found = false;
    counters.for_each([&](std::int32_t id) {
        if (counters.type_id(id) == type::kArchiveRecorderMaxWriteTime) {
            found = found || load<std::int64_t>(counters.key(id).data()) == archive_id;
        }
    });
    return found;
}

std::int64_t async_add_recording_position(client::Aeron& aeron, std::int64_t archive_id,
                                          std::int64_t recording_id, const client::Image& image,
                                          std::string_view stripped_channel) {
    const auto key = memory::recording_position_key(
        {recording_id, image.session_id(), image.source_identity(), archive_id});
    const auto prefix =
        fmt::format("rec-pos: {} {} {} ", recording_id, image.session_id(), image.stream_id());
    const auto suffix = fmt::format(" - archiveId={}", archive_id);
    const auto room = memory::kMaxCounterLabelLength - prefix.size() - suffix.size();
    const auto label = prefix + std::string(stripped_channel.substr(0, room)) + suffix;
    return aeron.async_add_counter(type::kRecordingPosition, key.bytes(), label);
}

std::int64_t async_add_control_session(client::Aeron& aeron, std::int64_t archive_id,
                                       std::int64_t control_session_id, std::string_view info) {
    const auto key = memory::control_session_key(archive_id, control_session_id);
    const auto suffix = fmt::format(" - archiveId={}", archive_id);
    constexpr std::string_view kPrefix = "control-session: ";
    const auto room = memory::kMaxCounterLabelLength - kPrefix.size() - suffix.size();
    const auto label = std::string(kPrefix) + std::string(info.substr(0, room)) + suffix;
    return aeron.async_add_counter(type::kArchiveControlSession, key.bytes(), label);
}

}  // namespace tern::archive
