#include "tern/client/publication_base.hpp"

#include <fmt/format.h>

#include <utility>

#include "tern/client/client_conductor.hpp"

namespace tern::client {

PublicationBase::PublicationBase(Spec spec) : spec_(std::move(spec)), log_(spec_.log->buffers()) {}

bool PublicationBase::is_connected() const noexcept {
    return !is_closed() && log_.metadata().is_connected();
}

std::int64_t PublicationBase::position_limit() const noexcept {
    return is_closed() ? kPublicationClosed : spec_.position_limit.get();
}

memory::ChannelStatus PublicationBase::channel_status() const {
    return is_closed() ? memory::ChannelStatus::errored
                       : spec_.cnc->channel_status(spec_.channel_status_id);
}

std::vector<std::string> PublicationBase::local_socket_addresses() const {
    if (is_closed()) return {};
    return spec_.cnc->local_socket_addresses(spec_.channel_status_id);
}

std::int64_t PublicationBase::send_destination(wire::CommandId id, std::string_view channel) {
    ensure_open();
    wire::DestinationCommand command;
    command.registration_id = spec_.original_registration_id;  // what drivers look it up by
    command.channel = channel;
    return spec_.conductor->start_operation(
        id, command,
        fmt::format("{} {} of publication {}", wire::to_string(id), channel, spec_.channel));
}

std::int64_t PublicationBase::async_add_destination(std::string_view channel) {
    return send_destination(wire::CommandId::add_destination, channel);
}

std::int64_t PublicationBase::async_remove_destination(std::string_view channel) {
    return send_destination(wire::CommandId::remove_destination, channel);
}

std::int64_t PublicationBase::async_remove_destination(std::int64_t destination_registration_id) {
    ensure_open();
    wire::RemoveDestinationById command;
    command.registration_id = spec_.original_registration_id;
    command.destination_registration_id = destination_registration_id;
    return spec_.conductor->start_operation(
        wire::CommandId::remove_destination_by_id, command,
        fmt::format("remove destination {} of publication {}", destination_registration_id,
                    spec_.channel));
}

std::int64_t PublicationBase::add_destination(std::string_view channel) {
    spec_.conductor->check_not_in_handler();
    const std::int64_t id = async_add_destination(channel);
    spec_.conductor->await_operation(id);
    return id;
}

void PublicationBase::remove_destination(std::string_view channel) {
    spec_.conductor->check_not_in_handler();
    spec_.conductor->await_operation(async_remove_destination(channel));
}

void PublicationBase::remove_destination(std::int64_t destination_registration_id) {
    spec_.conductor->check_not_in_handler();
    spec_.conductor->await_operation(async_remove_destination(destination_registration_id));
}

void PublicationBase::ensure_open() const {
    if (is_closed()) {
        throw ClientClosedException(
            fmt::format("publication {} stream {} is closed", spec_.channel, spec_.stream_id));
    }
}

}  // namespace tern::client
