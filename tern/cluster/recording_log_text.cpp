// The rows, the log and the plan as text (CLF-9.10, CST-11.4).

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "tern/cluster/recording_log.hpp"

namespace tern::cluster {

namespace {

using Type = RecordingLogEntry::Type;

std::string_view type_name(Type type) {
    switch (type) {
        case Type::term:
            return "TERM";
        case Type::snapshot:
            return "SNAPSHOT";
        case Type::standby_snapshot:
            return "STANDBY_SNAPSHOT";
    }
    return "UNKNOWN";
}

/// Upstream's index of the valid terms: term id to place among the sorted rows, newest first.
std::string term_index(const RecordingLog& log) {
    std::string text;
    const auto entries = log.entries();
    for (std::size_t i = entries.size(); i-- > 0;) {
        if (!entries[i].is_valid_term()) continue;
        fmt::format_to(std::back_inserter(text), "{}{}={}", text.empty() ? "" : ", ",
                       entries[i].leadership_term_id, i);
    }
    return text;
}

}  // namespace

std::string to_string(const RecordingLogEntry& entry) {
    auto text = fmt::format(
        "Entry{{recordingId={}, leadershipTermId={}, termBaseLogPosition={}, logPosition={}, "
        "timestamp={}, serviceId={}, type={}, isValid={}, entryIndex={}",
        entry.recording_id, entry.leadership_term_id, entry.term_base_log_position,
        entry.log_position, entry.timestamp, entry.service_id, type_name(entry.type),
        entry.is_valid, entry.entry_index);
    if (entry.type == Type::standby_snapshot) text += ", archiveEndpoint=" + entry.archive_endpoint;
    return text + "}";
}

std::string to_string(const RecordingLog& log) {
    std::string text = "RecordingLog{entries=[";
    for (const auto& entry : log.entries()) {
        if (&entry != log.entries().data()) text += ", ";
        text += to_string(entry);
    }
    return text + "], cacheIndex={" + term_index(log) + "}}";
}

std::string to_string(const RecoveryPlan& plan) {
    std::string text = fmt::format(
        "RecoveryPlan[lastLeadershipTermId={}, lastTermBaseLogPosition={}, "
        "appendedLogPosition={}, committedLogPosition={}, snapshots=[",
        plan.last_leadership_term_id, plan.last_term_base_log_position, plan.appended_log_position,
        plan.committed_log_position);
    for (const auto& row : plan.snapshots) {
        fmt::format_to(std::back_inserter(text),
                       "{}Snapshot[recordingId={}, leadershipTermId={}, termBaseLogPosition={}, "
                       "logPosition={}, timestamp={}, serviceId={}]",
                       &row == plan.snapshots.data() ? "" : ", ", row.recording_id,
                       row.leadership_term_id, row.term_base_log_position, row.log_position,
                       row.timestamp, row.service_id);
    }
    if (!plan.log) return text + "], log=null]";
    const auto& log = *plan.log;
    return text + fmt::format(
                      "], log=Log[recordingId={}, leadershipTermId={}, termBaseLogPosition={}, "
                      "logPosition={}, startPosition={}, stopPosition={}, initialTermId={}, "
                      "termBufferLength={}, mtuLength={}, sessionId={}]]",
                      log.recording_id, log.leadership_term_id, log.term_base_log_position,
                      log.log_position, log.start_position, log.stop_position, log.initial_term_id,
                      log.term_buffer_length, log.mtu_length, log.session_id);
}

}  // namespace tern::cluster
