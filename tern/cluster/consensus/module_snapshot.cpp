#include "tern/cluster/consensus/module_snapshot.hpp"

#include <fmt/format.h>

#include "tern/base/error.hpp"
#include "tern/base/planted_fault.hpp"
#include "tern/wire/cluster_client_messages.hpp"
#include "tern/wire/cluster_snapshot_messages.hpp"

namespace tern::cluster {

namespace msg = wire::cluster;

namespace {

template <typename Message>
void add(SnapshotMessages& messages, const Message& message) {
    auto& bytes = messages.emplace_back(wire::encoded_length(message));
    (void)wire::encode(bytes, message);
}

template <typename Message>
Message decode_or_throw(ConstBytes bytes) {
    const auto message = wire::decode<Message>(bytes);
    if (!message) {
        throw Error(fmt::format("snapshot message templateId={} is malformed: {}", Message::kId.id,
                                wire::to_string(message.error())));
    }
    return *message;
}

Error fatal(const std::string& message) { return Error(message, kGenericError, Severity::fatal); }

std::string text_of_version(std::int32_t version) {
    return fmt::format("{}.{}.{}", version_major(version), (version >> 8) & 0xff, version & 0xff);
}

msg::SnapshotMarker marker(const SnapshotIdentity& identity, msg::SnapshotMark mark) {
    return {.type_id = kConsensusModuleSnapshotType,
            .log_position = identity.log_position,
            .leadership_term_id = identity.leadership_term_id,
            .index = 0,
            .mark = mark,
            .time_unit = to_wire(identity.time_unit),
            .app_version = identity.app_version};
}

}  // namespace

SnapshotMessages encode_module_snapshot(const SnapshotIdentity& identity,
                                        const ModuleSnapshotParts& parts) {
    SnapshotMessages messages;
    add(messages, marker(identity, msg::SnapshotMark::begin));

    msg::ConsensusModule module{.next_session_id = parts.sessions.next_committed_session_id(),
                                .next_service_session_id = 0,
                                .log_service_session_id = 0};
    if (!parts.trackers.empty()) {
        const auto& first = parts.trackers.front();
        module.next_service_session_id = first.next_service_session_id();
        module.log_service_session_id = first.log_service_session_id();
        module.pending_message_capacity = static_cast<std::int32_t>(first.bytes());
    }
    add(messages, module);

    parts.sessions.for_each_session([&](const ClusterSession& session) {
        if (planted(Fault::module_snapshot_misses_sessions)) return;
        add(messages, msg::ClusterSession{.cluster_session_id = session.id,
                                          .correlation_id = session.correlation_id,
                                          .opened_log_position = session.opened_log_position,
                                          .time_of_last_activity = -1,
                                          .close_reason = session.close_reason
                                                              ? to_wire(*session.close_reason)
                                                              : msg::CloseReason::null,
                                          .response_stream_id = session.response_stream_id,
                                          .response_channel = session.response_channel});
    });
    parts.timers.for_each([&](std::int64_t correlation_id, std::int64_t deadline) {
        if (planted(Fault::snapshot_misses_timers)) return;
        add(messages, msg::Timer{.correlation_id = correlation_id, .deadline = deadline});
    });
    for (const auto& tracker : parts.trackers) {
        add(messages, msg::PendingMessageTracker{
                          .next_service_session_id = tracker.snapshot_next_id(),
                          .log_service_session_id = tracker.log_service_session_id(),
                          .pending_message_capacity = static_cast<std::int32_t>(tracker.bytes()),
                          .service_id = tracker.service_id()});
        tracker.for_each([&](ConstBytes record) {
            if (planted(Fault::snapshot_misses_service_messages)) return;
            messages.emplace_back(record.begin(), record.end());
        });
    }
    add(messages, marker(identity, msg::SnapshotMark::end));
    return messages;
}

bool ModuleSnapshotReader::on_message(ConstBytes message) {
    const auto header = wire::MessageHeader::read(message);
    if (!header) throw Error("snapshot message without a header");
    if (header->schema_id != msg::kSchema.id) {
        throw Error(
            fmt::format("expected schemaId={}, actual={}", msg::kSchema.id, header->schema_id));
    }
    switch (header->template_id) {
        case msg::SnapshotMarker::kId:
            return on_marker(message);
        case msg::ConsensusModule::kId:
            on_module(message);
            break;
        case msg::ClusterSession::kId:
            on_session(message);
            break;
        case msg::Timer::kId:
            on_timer(message);
            break;
        case msg::PendingMessageTracker::kId:
            on_tracker(message);
            break;
        case msg::SessionMessageHeader::kId:
            on_pending_message(message);
            break;
        default:
            break;  // ClusterMembers of old snapshots, and what is not known yet
    }
    return false;
}

bool ModuleSnapshotReader::on_marker(ConstBytes message) {
    const auto marker = decode_or_throw<msg::SnapshotMarker>(message);
    if (marker.type_id != kConsensusModuleSnapshotType) {
        throw Error(fmt::format("unexpected snapshot type: {}", marker.type_id));
    }
    if (marker.mark == msg::SnapshotMark::begin) {
        on_begin(marker.app_version, time_unit_of(marker.time_unit));
        log_position_ = marker.log_position;
        leadership_term_id_ = marker.leadership_term_id;
    } else if (marker.mark == msg::SnapshotMark::end) {
        on_end();
        return true;
    }
    return false;
}

void ModuleSnapshotReader::on_begin(std::int32_t app_version, TimeUnit time_unit) {
    if (is_begun_) throw Error("already in snapshot");
    is_begun_ = true;
    if (version_major(app_version) != version_major(own_.app_version)) {
        throw fatal(fmt::format("incompatible version: {} snapshot={}",
                                text_of_version(own_.app_version), text_of_version(app_version)));
    }
    if (time_unit != own_.time_unit) {
        throw fatal(fmt::format("incompatible time unit: {} snapshot={}", to_string(own_.time_unit),
                                to_string(time_unit)));
    }
}

void ModuleSnapshotReader::on_end() {
    if (!is_begun_) throw Error("missing begin snapshot");
    for (auto& tracker : parts_.trackers) {
        tracker.verify();
        tracker.reset_appended();
    }
}

void ModuleSnapshotReader::on_module(ConstBytes message) {
    const auto module = decode_or_throw<msg::ConsensusModule>(message);
    parts_.sessions.load_ids(module.next_session_id);
    if (!parts_.trackers.empty() && module.next_service_session_id != wire::kNullInt64) {
        parts_.trackers.front().load_state(module.next_service_session_id,
                                           module.log_service_session_id);
    }
}

void ModuleSnapshotReader::on_session(ConstBytes message) {
    const auto session = decode_or_throw<msg::ClusterSession>(message);
    const bool is_open = session.close_reason == msg::CloseReason::null;
    parts_.sessions.load_session(
        session.cluster_session_id, session.correlation_id, session.opened_log_position,
        is_open ? std::nullopt : std::optional(static_cast<CloseReason>(session.close_reason)),
        session.response_stream_id, session.response_channel);
}

void ModuleSnapshotReader::on_timer(ConstBytes message) {
    const auto timer = decode_or_throw<msg::Timer>(message);
    parts_.timers.schedule(timer.correlation_id, timer.deadline);
}

PendingServiceMessageTracker& ModuleSnapshotReader::tracker(std::int32_t service_id) {
    if (service_id < 0 || static_cast<std::size_t>(service_id) >= parts_.trackers.size()) {
        throw Error(fmt::format("serviceId={} invalid for serviceCount={}", service_id,
                                parts_.trackers.size()));
    }
    return parts_.trackers[static_cast<std::size_t>(service_id)];
}

void ModuleSnapshotReader::on_tracker(ConstBytes message) {
    const auto state = decode_or_throw<msg::PendingMessageTracker>(message);
    tracker(state.service_id)
        .load_state(state.next_service_session_id, state.log_service_session_id);
}

void ModuleSnapshotReader::on_pending_message(ConstBytes message) {
    const auto header = decode_or_throw<msg::SessionMessageHeader>(message);
    if (message.size() < PendingServiceMessageTracker::kSessionHeaderLength) {
        throw Error("pending message is shorter than its header");
    }
    tracker(PendingServiceMessageTracker::service_id_of(header.cluster_session_id))
        .load_message(message);
}

}  // namespace tern::cluster
