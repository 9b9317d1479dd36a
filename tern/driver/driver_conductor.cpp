#include "tern/driver/driver_conductor.hpp"

#include <fmt/format.h>

#include "tern/driver/error_report.hpp"
#include "tern/memory/counter_keys.hpp"

namespace tern::driver {

using memory::SystemCounter;

DriverConductor::DriverConductor(const DriverServices& services, AgentProxies agents,
                                 AgentRequests& requests, memory::LossReport& loss_report)
    : services_(services),
      context_(services.context),
      clock_(services.platform.clock),
      agents_(agents),
      requests_(requests),
      linker_(services.counters_manager, services.client_proxy),
      session_ids_(services.platform.random.next_i32(), context_.reserved_session_id_low,
                   context_.reserved_session_id_high),
      clients_(services.counters_manager, services.client_proxy),
      ipc_(services, linker_, session_ids_),
      network_(services, agents_, linker_, session_ids_),
      images_(services, agents_, linker_, loss_report),
      duty_cycle_(services.system_counters[SystemCounter::conductor_max_cycle_time],
                  services.system_counters[SystemCounter::conductor_cycle_time_threshold_exceeded],
                  context_.conductor_cycle_threshold_ns, clock_.nano_time()),
      now_ns_(clock_.nano_time()),
      timer_deadline_ns_(now_ns_),
      time_of_last_consumption_ns_(now_ns_) {}

int DriverConductor::do_work() {
    now_ns_ = clock_.nano_time();
    duty_cycle_.update(now_ns_);
    int work = 0;
    if (now_ns_ >= timer_deadline_ns_) {
        on_timer_tick(now_ns_);
        timer_deadline_ns_ = now_ns_ + context_.timer_interval_ns;
        ++work;
    }
    work += services_.names.do_work(now_ns_);
    work += read_command();
    work += agents_.sender_commands.flush();
    work += agents_.receiver_commands.flush();
    // What an agent has let go of is destroyed only after its requests were handled: none of them
    // can then refer to it any more.
    network_.note_released();
    images_.note_released();
    work += requests_.drain(*this);
    work += images_.destroy_released();
    work += network_.destroy_released();
    work += images_.track_rebuild(now_ns_);
    work += network_.update_publisher_limits();
    work += ipc_.update_publisher_limits();
    return work;
}

void DriverConductor::on_close() {
    images_.close();
    network_.close();
    ipc_.close();
    subscriptions_.clear();
    clients_.clear();
}

// --- Timer -----------------------------------------------------------------------------------

void DriverConductor::on_timer_tick(std::int64_t now_ns) {
    services_.to_driver.set_consumer_heartbeat_ms(clock_.epoch_ms());
    for (const auto& client : clients_.take_gone(now_ns, context_.client_liveness_timeout_ns)) {
        remove_client(*client);
    }
    network_.on_time_event(now_ns);
    images_.on_time_event(now_ns);
    ipc_.on_time_event(now_ns, subscriptions_);
    services_.logs.retry_deletions();
    check_for_blocked_command(now_ns);
}

void DriverConductor::remove_client(Client& client) {
    if (!client.is_closed) {
        services_.system_counters[SystemCounter::client_timeouts].increment();
        services_.client_proxy.on_client_timeout(client.id);
    }
    services_.client_proxy.on_unavailable_counter(client.id, client.heartbeat.id());
    for (const PublicationLink& link : client.publications) release_publication(link);
    for (memory::Counter& counter : client.counters) {
        services_.client_proxy.on_unavailable_counter(
            services_.counters_manager.registration_id(counter.id()), counter.id());
        services_.counters_manager.free(counter);
    }
    std::erase_if(subscriptions_, [&](const auto& subscription) {
        if (subscription->client_id != client.id) return false;
        unlink(*subscription, false);
        return true;
    });
    services_.counters_manager.free(client.heartbeat);
}

void DriverConductor::check_for_blocked_command(std::int64_t now_ns) {
    memory::ManyToOneRingBuffer& ring = services_.to_driver;
    if (const auto corruption = ring.take_corruption()) {
        services_.errors.record(Error(fmt::format(
            "to-driver ring is corrupt and will not be read any further: position={} length={} "
            "type={} (restart the driver)",
            corruption->position, corruption->length, corruption->message_type)));
    }
    const std::int64_t consumed = ring.consumer_position();
    if (consumed != last_consumer_position_ || ring.producer_position() == consumed) {
        last_consumer_position_ = consumed;
        time_of_last_consumption_ns_ = now_ns;
        return;
    }
    if (now_ns - time_of_last_consumption_ns_ <= context_.client_liveness_timeout_ns) return;
    if (ring.unblock()) services_.system_counters[SystemCounter::unblocked_commands].increment();
}

// --- Commands --------------------------------------------------------------------------------

int DriverConductor::read_command() {
    return services_.to_driver.read(
        [this](std::int32_t type_id, ConstBytes record) { on_command(type_id, record); }, 1);
}

void DriverConductor::on_command(std::int32_t type_id, ConstBytes record) {
    command_correlation_id_ = 0;
    try {
        dispatch(static_cast<wire::CommandId>(type_id), record);
    } catch (const std::exception& error) {
        on_command_failed(error);
    }
}

void DriverConductor::on_command_failed(const std::exception& error) {
    const ErrorReport report = report_of(error);
    services_.client_proxy.on_error(command_correlation_id_, static_cast<std::int32_t>(report.code),
                                    report.text);
    if (report.code != wire::ErrorCode::resource_temporarily_unavailable) {
        services_.errors.record(error);
    }
}

template <typename Command>
Command DriverConductor::decode(wire::CommandId id, ConstBytes record) {
    const auto command = Command::decode(record);
    if (!command) {
        throw control_error(wire::ErrorCode::malformed_command,
                            fmt::format("command={} {}: length={}", static_cast<std::int32_t>(id),
                                        wire::to_string(command.error()), record.size()));
    }
    command_correlation_id_ = command->correlation_id;
    return *command;
}

void DriverConductor::dispatch(wire::CommandId id, ConstBytes record) {
    using wire::CommandId;
    switch (id) {
        case CommandId::add_publication:
            return on_add_publication(decode<wire::AddPublication>(id, record), false);
        case CommandId::add_exclusive_publication:
            return on_add_publication(decode<wire::AddPublication>(id, record), true);
        case CommandId::remove_publication:
            return on_remove_publication(decode<wire::RemovePublication>(id, record));
        case CommandId::add_subscription:
            return on_add_subscription(decode<wire::AddSubscription>(id, record));
        case CommandId::remove_subscription:
            return on_remove_subscription(decode<wire::RemoveResource>(id, record));
        case CommandId::add_destination:
            return on_add_destination(decode<wire::DestinationCommand>(id, record));
        case CommandId::remove_destination:
            return on_remove_destination(decode<wire::DestinationCommand>(id, record));
        case CommandId::remove_destination_by_id:
            return on_remove_destination_by_id(decode<wire::RemoveDestinationById>(id, record));
        case CommandId::add_rcv_destination:
            return on_add_rcv_destination(decode<wire::DestinationCommand>(id, record));
        case CommandId::remove_rcv_destination:
            return on_remove_rcv_destination(decode<wire::DestinationCommand>(id, record));
        case CommandId::add_counter:
            return on_add_counter(decode<wire::AddCounter>(id, record));
        case CommandId::remove_counter:
            return on_remove_counter(decode<wire::RemoveResource>(id, record));
        case CommandId::add_static_counter:
            return on_add_static_counter(decode<wire::AddStaticCounter>(id, record));
        case CommandId::client_keepalive:
            return on_keepalive(decode<wire::ClientCommand>(id, record));
        case CommandId::client_close:
            return on_client_close(decode<wire::ClientCommand>(id, record));
        case CommandId::reject_image:
            return on_reject_image(decode<wire::RejectImage>(id, record));
        case CommandId::get_next_available_session_id:
            return on_get_next_session_id(decode<wire::GetNextAvailableSessionId>(id, record));
        case CommandId::terminate_driver:
            return on_terminate(decode<wire::TerminateDriver>(id, record));
    }
    throw control_error(wire::ErrorCode::unknown_command_type_id,
                        fmt::format("command={} unknown", static_cast<std::int32_t>(id)));
}

void DriverConductor::on_add_counter(const wire::AddCounter& command) {
    Client& client = clients_.get_or_create(command.client_id, now_ns_, clock_.epoch_ms());
    const memory::Counter counter =
        services_.counters_manager.allocate({.type_id = command.type_id,
                                             .key = command.key,
                                             .label = command.label,
                                             .registration_id = command.correlation_id,
                                             .owner_id = command.client_id});
    client.counters.push_back(counter);
    services_.client_proxy.on_counter_ready(command.correlation_id, counter.id());
}

void DriverConductor::on_remove_counter(const wire::RemoveResource& command) {
    memory::CountersManager& manager = services_.counters_manager;
    if (Client* const client = clients_.find(command.client_id)) {
        for (memory::Counter& counter : client->counters) {
            if (manager.registration_id(counter.id()) != command.registration_id) continue;
            services_.client_proxy.on_operation_success(command.correlation_id);
            services_.client_proxy.on_unavailable_counter(command.registration_id, counter.id());
            manager.free(counter);
            std::erase_if(client->counters, [](const memory::Counter& entry) { return !entry; });
            return;
        }
    }
    throw control_error(wire::ErrorCode::unknown_counter,
                        fmt::format("unknown counter client_id={} registration_id={}",
                                    command.client_id, command.registration_id));
}

void DriverConductor::on_add_static_counter(const wire::AddStaticCounter& command) {
    clients_.get_or_create(command.client_id, now_ns_, clock_.epoch_ms());
    memory::CountersManager& manager = services_.counters_manager;
    std::int32_t id = manager.find(command.type_id, command.registration_id);
    if (id != memory::kNullCounterId && manager.owner_id(id) != kNullValue) {
        throw Error(
            fmt::format("cannot add static counter, because a non-static counter exists "
                        "(counterId={}) for typeId={} and registrationId={}",
                        id, command.type_id, command.registration_id));
    }
    if (id == memory::kNullCounterId) {
        id = manager
                 .allocate({.type_id = command.type_id,
                            .key = command.key,
                            .label = command.label,
                            .registration_id = command.registration_id,
                            .owner_id = kNullValue})
                 .id();
    }
    services_.client_proxy.on_static_counter(command.correlation_id, id);
}

void DriverConductor::on_keepalive(const wire::ClientCommand& command) {
    if (const Client* const client = clients_.find(command.client_id)) {
        client->heartbeat.set(clock_.epoch_ms());
    }
}

void DriverConductor::on_client_close(const wire::ClientCommand& command) {
    if (Client* const client = clients_.find(command.client_id)) {
        client->is_closed = true;
        client->heartbeat.set(0);
    }
}

void DriverConductor::on_reject_image(const wire::RejectImage& command) {
    if (command.reason.size() > wire::kMaxRejectReasonLength) {
        throw Error("Invalidation reason_text must be 1023 bytes or less");
    }
    if (ImageStream* const image = images_.find(command.image_correlation_id)) {
        images_.reject(*image, command.reason);
    } else if (IpcStream* const ipc = ipc_.find(command.image_correlation_id)) {
        on_publication_error(
            {.registration_id = ipc->stream.correlation_id,
             .session_id = ipc->stream.session_id,
             .stream_id = ipc->stream.stream_id,
             .receiver_id = kNullValue,
             .source = platform::SocketAddress::ipv4({127, 0, 0, 1}, 0),
             .error_code = static_cast<std::int32_t>(wire::ErrorCode::image_rejected),
             .text = command.reason});
        ipc_.reject(*ipc, now_ns_);
    } else {
        throw Error(fmt::format("Unable to resolve image for correlationId={}",
                                command.image_correlation_id));
    }
    services_.system_counters[SystemCounter::images_rejected].increment();
    services_.client_proxy.on_operation_success(command.correlation_id);
}

void DriverConductor::on_get_next_session_id(const wire::GetNextAvailableSessionId& command) {
    const std::int32_t session_id = session_ids_.take([&](std::int32_t id) {
        return ipc_.is_session_used(id, command.stream_id) ||
               network_.is_session_used(id, command.stream_id);
    });
    services_.client_proxy.on_next_available_session_id(command.correlation_id, session_id);
}

void DriverConductor::on_terminate(const wire::TerminateDriver& command) {
    const auto& validator = context_.termination_validator;
    if (!validator || !validator(command.token)) return;
    if (context_.termination_hook) context_.termination_hook();
}

// --- Requests of sender and receiver ---------------------------------------------------------

void DriverConductor::on_create_image(const CreateImageRequest& request) {
    try {
        images_.create(request, subscriptions_, now_ns_);
    } catch (const std::exception& error) {
        services_.errors.record(error);
    }
}

void DriverConductor::on_publication_error(const PublicationErrorNotice& notice) {
    services_.errors.record(Error(fmt::format(
        "onPublicationError: registrationId={}, destinationRegistrationId={}, sessionId={}, "
        "streamId={}, receiverId={}, groupId={}, errorCode={}, errorMessage={}",
        notice.registration_id, notice.destination_registration_id, notice.session_id,
        notice.stream_id, notice.receiver_id, notice.group_tag, notice.error_code, notice.text)));
    wire::PublicationErrorResponse response{
        .registration_id = notice.registration_id,
        .destination_registration_id = notice.destination_registration_id,
        .session_id = notice.session_id,
        .stream_id = notice.stream_id,
        .receiver_id = notice.receiver_id,
        .group_tag = notice.group_tag,
        .source_port = notice.source.port(),
        .error_code = notice.error_code,
        .message = notice.text};
    const bool is_ipv6 = notice.source.family() == platform::SocketAddress::Family::ipv6;
    response.address_type =
        is_ipv6 ? wire::PublicationErrorResponse::kIpv6 : wire::PublicationErrorResponse::kIpv4;
    std::memcpy(response.source_address.data(), notice.source.bytes().data(),
                is_ipv6 ? std::size_t{16} : std::size_t{4});
    services_.client_proxy.on_publication_error(response);
}

void DriverConductor::on_re_resolve(const ReResolveControlRequest& request) {
    images_.re_resolve(request);
}

void DriverConductor::on_re_resolve(const ReResolveEndpointRequest& request) {
    network_.re_resolve(request);
}

}  // namespace tern::driver
