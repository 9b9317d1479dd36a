#include "tern/cluster/consensus/service_messages.hpp"

#include <fmt/format.h>

#include "tern/wire/cluster_client_messages.hpp"
#include "tern/wire/cluster_control_messages.hpp"

namespace tern::cluster {

namespace msg = wire::cluster;
using client::ControlledAction;

ServiceMessages::ServiceMessages(ModuleCore& core)
    : core_(core), assembler_([this](ConstBytes message, const client::Header&) {
          return on_message(message);
      }) {}

int ServiceMessages::poll(client::Subscription& control) {
    return control.controlled_poll(assembler_, kFragmentLimit);
}

ControlledAction ServiceMessages::on_message(ConstBytes message) {
    const auto header = wire::MessageHeader::read(message);
    if (!header || header->schema_id != msg::kSchema.id) {
        core_.errors.event(fmt::format("expected schemaId={}, actual={}", msg::kSchema.id,
                                       header ? header->schema_id : 0));
        return ControlledAction::continue_;
    }
    const auto with = [&]<typename Message>(auto&& action) {
        if (const auto decoded = wire::decode<Message>(message)) {
            action(*decoded);
        } else {
            report_malformed(Message::kId.id);
        }
    };
    switch (header->template_id) {
        case msg::SessionMessageHeader::kId:
            on_service_message(message);
            break;
        case msg::ScheduleTimer::kId:
            with.operator()<msg::ScheduleTimer>(
                [&](const auto& m) { on_schedule_timer(m.correlation_id, m.deadline); });
            break;
        case msg::CancelTimer::kId:
            with.operator()<msg::CancelTimer>(
                [&](const auto& m) { core_.timers->cancel(m.correlation_id); });
            break;
        case msg::CloseSession::kId:
            with.operator()<msg::CloseSession>(
                [&](const auto& m) { on_close_session(m.cluster_session_id); });
            break;
        case msg::ClusterMembersQuery::kId:
            with.operator()<msg::ClusterMembersQuery>([&](const auto& m) {
                on_members_query(m.correlation_id, wire::is_true(m.extended));
            });
            break;
        case msg::ServiceAck::kId:
            with.operator()<msg::ServiceAck>([&](const auto& m) {
                core_.acks.add({.log_position = m.log_position,
                                .timestamp = m.timestamp,
                                .ack_id = m.ack_id,
                                .relevant_id = m.relevant_id,
                                .service_id = m.service_id});
            });
            return ControlledAction::break_;
        default:
            break;
    }
    return ControlledAction::continue_;
}

void ServiceMessages::on_service_message(ConstBytes message) {
    const auto header = wire::decode<msg::SessionMessageHeader>(message);
    if (!header || message.size() < PendingServiceMessageTracker::kSessionHeaderLength) {
        return report_malformed(msg::SessionMessageHeader::kId.id);
    }
    const auto service_id = static_cast<std::uint32_t>(header->cluster_session_id);
    if (service_id >= core_.trackers.size()) {
        core_.errors.event(
            fmt::format("message from a service that is not configured: "
                        "serviceId={} serviceCount={}",
                        service_id, core_.trackers.size()));
        return;
    }
    core_.trackers[service_id].enqueue(message);
}

void ServiceMessages::on_schedule_timer(std::int64_t correlation_id, std::int64_t deadline) {
    const auto early = core_.timers_expired_early.find(correlation_id);
    if (early == core_.timers_expired_early.end()) {
        core_.timers->schedule(correlation_id, deadline);
        return;
    }
    // The log has its expiry already (CON-9.4).
    if (--early->second == 0) core_.timers_expired_early.erase(early);
}

void ServiceMessages::on_close_session(std::int64_t session_id) {
    const bool may_append = core_.role == Role::leader && core_.state == ModuleState::active;
    core_.sessions.on_service_close(session_id, may_append, core_.now());
}

void ServiceMessages::on_members_query(std::int64_t correlation_id, bool is_extended) {
    const ClusterNow now = core_.now();
    const bool is_sent = is_extended ? core_.services.members_extended_response(
                                           correlation_id, core_.ctx.member_id,
                                           core_.leader_member_id, core_.members, now.monotonic_ns,
                                           now.cluster_time * nanos_per(core_.ctx.time_unit))
                                     : core_.services.members_response(
                                           correlation_id, core_.leader_member_id, core_.members);
    if (!is_sent) core_.errors.event("failed to send cluster members response");
}

void ServiceMessages::report_malformed(std::uint16_t template_id) {
    core_.errors.event(fmt::format("control message templateId={} is malformed", template_id));
}

}  // namespace tern::cluster
