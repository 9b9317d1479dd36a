#include "tern/cluster/recording_counter.hpp"

#include "tern/memory/counter_keys.hpp"
#include "tern/memory/counter_types.hpp"

namespace tern::cluster {

namespace {

/// The first allocated recording counter that `matches` its key.
template <typename Matches>
std::optional<RecordingCounter> find_if(const memory::CountersReader& counters, Matches matches) {
    std::optional<RecordingCounter> found;
    counters.for_each([&](std::int32_t id) {
        if (found || counters.type_id(id) != memory::counter_type::kRecordingPosition) return;
        const auto key = memory::parse_recording_position_key(counters.key(id));
        if (!key || !matches(*key) || counters.registration_id(id) == 0) return;
        found = RecordingCounter{id, counters.registration_id(id), key->recording_id};
    });
    return found;
}

}  // namespace

std::optional<RecordingCounter> RecordingCounter::find(const memory::CountersReader& counters,
                                                       std::int32_t session_id,
                                                       std::int64_t archive_id) {
    return find_if(counters, [&](const memory::RecordingPositionKey& key) {
        return key.session_id == session_id && key.archive_id == archive_id &&
               key.recording_id != -1;
    });
}

bool RecordingCounter::is_recording(const memory::CountersReader& counters,
                                    std::int64_t recording_id, std::int64_t archive_id) {
    return find_if(counters,
                   [&](const memory::RecordingPositionKey& key) {
                       return key.recording_id == recording_id && key.archive_id == archive_id;
                   })
        .has_value();
}

std::optional<std::int64_t> RecordingCounter::position(
    const memory::CountersReader& counters) const {
    if (!counters.contains(counter_id)) return std::nullopt;
    const auto value = counters.value(counter_id);
    // Read after the value: were the slot given to somebody else, this would say so.
    const bool is_same = counters.state(counter_id) == memory::CounterState::allocated &&
                         counters.registration_id(counter_id) == registration_id;
    return is_same ? std::optional(value) : std::nullopt;
}

}  // namespace tern::cluster
