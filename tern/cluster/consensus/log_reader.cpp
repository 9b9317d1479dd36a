#include "tern/cluster/consensus/log_reader.hpp"

#include <fmt/format.h>

#include <utility>

#include "tern/base/error.hpp"
#include "tern/base/planted_fault.hpp"
#include "tern/wire/cluster_client_messages.hpp"

namespace tern::cluster {

namespace msg = wire::cluster;
using client::ControlledAction;

namespace {

template <typename Message>
Message decode_or_throw(ConstBytes bytes) {
    const auto message = wire::decode<Message>(bytes);
    if (!message) {
        throw Error(fmt::format("log message templateId={} is malformed: {}", Message::kId.id,
                                wire::to_string(message.error())),
                    kGenericError, Severity::fatal);
    }
    return *message;
}

}  // namespace

LogReader::LogReader(ModuleCore& core, OnNewTerm on_new_term)
    : core_(core),
      on_new_term_(std::move(on_new_term)),
      assembler_([this](ConstBytes message, const client::Header& header) {
          return on_message(message, header.position());
      }) {}

int LogReader::poll(client::Image& image, std::int64_t limit_position) {
    return image.bounded_controlled_poll(assembler_, limit_position, core_.ctx.log_fragment_limit);
}

ControlledAction LogReader::on_message(ConstBytes message, std::int64_t log_position) {
    const auto header = wire::MessageHeader::read(message);
    if (!header || header->schema_id != msg::kSchema.id) {
        throw Error(fmt::format("expected schemaId={}, actual={}", msg::kSchema.id,
                                header ? header->schema_id : 0));
    }
    switch (header->template_id) {
        case msg::SessionMessageHeader::kId:
            on_session_message(message);
            break;
        case msg::TimerEvent::kId:
            on_timer(message);
            break;
        case msg::SessionOpenEvent::kId:
            on_session_open(message, log_position);
            break;
        case msg::SessionCloseEvent::kId:
            on_session_close(message);
            break;
        case msg::ClusterActionRequest::kId:
            on_cluster_action(message);
            return ControlledAction::break_;
        case msg::NewLeadershipTermEvent::kId:
            on_new_leadership_term(message);
            break;
        default:
            break;  // membership changes of old logs, and what is not known yet
    }
    return ControlledAction::continue_;
}

void LogReader::on_session_message(ConstBytes message) {
    const auto header = decode_or_throw<msg::SessionMessageHeader>(message);
    if (header.cluster_session_id >= 0) return;  // activity counts on the leader only
    const auto service_id = PendingServiceMessageTracker::service_id_of(header.cluster_session_id);
    if (static_cast<std::size_t>(service_id) >= core_.trackers.size()) {
        throw Error(fmt::format("log has a message of serviceId={}, serviceCount={}", service_id,
                                core_.trackers.size()));
    }
    if (planted(Fault::replayed_service_message_sent_again)) return;
    core_.trackers[static_cast<std::size_t>(service_id)].sweep_logged(header.cluster_session_id);
}

void LogReader::on_timer(ConstBytes message) {
    const auto timer = decode_or_throw<msg::TimerEvent>(message);
    if (planted(Fault::replayed_timer_fires_again)) return;
    // The log may be ahead of the local service: its request, when it comes, is this one.
    if (!core_.timers->cancel(timer.correlation_id)) {
        ++core_.timers_expired_early[timer.correlation_id];
    }
}

void LogReader::on_session_open(ConstBytes message, std::int64_t log_position) {
    const auto open = decode_or_throw<msg::SessionOpenEvent>(message);
    core_.sessions.on_replay_open(log_position, open.correlation_id, open.cluster_session_id,
                                  open.response_stream_id, open.response_channel);
}

void LogReader::on_session_close(ConstBytes message) {
    const auto close = decode_or_throw<msg::SessionCloseEvent>(message);
    core_.sessions.on_replay_close(close.cluster_session_id);
}

void LogReader::on_cluster_action(ConstBytes message) {
    const auto action = decode_or_throw<msg::ClusterActionRequest>(message);
    if (action.leadership_term_id != core_.leadership_term_id) return;
    if (action.action == msg::ClusterAction::suspend) {
        core_.set_state(ModuleState::suspended);
    } else if (action.action == msg::ClusterAction::resume) {
        core_.set_state(ModuleState::active);
    } else if (action.action == msg::ClusterAction::snapshot &&
               action.flags == kActionFlagsDefault) {
        core_.begin_snapshot(action.log_position);
    }
}

void LogReader::on_new_leadership_term(ConstBytes message) {
    const auto event = decode_or_throw<msg::NewLeadershipTermEvent>(message);
    const auto unit = time_unit_of(event.time_unit);
    if (unit != core_.ctx.time_unit) {
        throw Error(fmt::format("incompatible timestamp units: {} log={}",
                                to_string(core_.ctx.time_unit), to_string(unit)),
                    kGenericError, Severity::fatal);
    }
    if (version_major(event.app_version) != version_major(core_.ctx.app_version)) {
        throw Error(fmt::format("incompatible version: {:#x} log={:#x}", core_.ctx.app_version,
                                event.app_version),
                    kGenericError, Severity::fatal);
    }
    core_.set_leadership_term_id(event.leadership_term_id);
    on_new_term_(event);
}

}  // namespace tern::cluster
