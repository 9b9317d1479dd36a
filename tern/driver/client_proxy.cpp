#include "tern/driver/client_proxy.hpp"

#include <algorithm>

namespace tern::driver {

template <typename Response>
void ClientProxy::transmit(wire::ResponseId id, const Response& response) {
    scratch_.resize(std::max(scratch_.size(), response.encoded_length()));
    const std::size_t length = response.encode(scratch_);
    transmitter_.transmit(static_cast<std::int32_t>(id), ConstBytes(scratch_).first(length));
}

void ClientProxy::on_error(std::int64_t correlation_id, std::int32_t code,
                           std::string_view message) {
    transmit(
        wire::ResponseId::on_error,
        wire::ErrorResponse{
            .offending_correlation_id = correlation_id, .error_code = code, .message = message});
}

void ClientProxy::on_publication_ready(const wire::PublicationReady& ready, bool is_exclusive) {
    transmit(is_exclusive ? wire::ResponseId::on_exclusive_publication_ready
                          : wire::ResponseId::on_publication_ready,
             ready);
}

void ClientProxy::on_subscription_ready(std::int64_t correlation_id,
                                        std::int32_t channel_status_id) {
    transmit(wire::ResponseId::on_subscription_ready,
             wire::SubscriptionReady{.correlation_id = correlation_id,
                                     .channel_status_counter_id = channel_status_id});
}

void ClientProxy::on_available_image(const wire::ImageReady& ready) {
    transmit(wire::ResponseId::on_available_image, ready);
}

void ClientProxy::on_unavailable_image(const wire::ImageUnavailable& unavailable) {
    transmit(wire::ResponseId::on_unavailable_image, unavailable);
}

void ClientProxy::on_operation_success(std::int64_t correlation_id) {
    transmit(wire::ResponseId::on_operation_success,
             wire::OperationSucceeded{.correlation_id = correlation_id});
}

void ClientProxy::on_counter_ready(std::int64_t correlation_id, std::int32_t counter_id) {
    transmit(wire::ResponseId::on_counter_ready,
             wire::CounterUpdate{.correlation_id = correlation_id, .counter_id = counter_id});
}

void ClientProxy::on_static_counter(std::int64_t correlation_id, std::int32_t counter_id) {
    transmit(wire::ResponseId::on_static_counter,
             wire::CounterUpdate{.correlation_id = correlation_id, .counter_id = counter_id});
}

void ClientProxy::on_unavailable_counter(std::int64_t registration_id, std::int32_t counter_id) {
    transmit(wire::ResponseId::on_unavailable_counter,
             wire::CounterUpdate{.correlation_id = registration_id, .counter_id = counter_id});
}

void ClientProxy::on_client_timeout(std::int64_t client_id) {
    transmit(wire::ResponseId::on_client_timeout, wire::ClientTimeout{.client_id = client_id});
}

void ClientProxy::on_next_available_session_id(std::int64_t correlation_id,
                                               std::int32_t session_id) {
    transmit(
        wire::ResponseId::on_next_available_session_id,
        wire::NextAvailableSessionId{.correlation_id = correlation_id, .session_id = session_id});
}

void ClientProxy::on_publication_error(const wire::PublicationErrorResponse& error) {
    transmit(wire::ResponseId::on_publication_error, error);
}

}  // namespace tern::driver
