#pragma once
// Answers of the conductor to its clients, over the broadcast buffer (TRN-7, DRV-5.7).
//
// Thread safety: the conductor's thread only.

#include <cstdint>
#include <string_view>
#include <vector>

#include "tern/memory/broadcast_transmitter.hpp"
#include "tern/wire/responses.hpp"

namespace tern::driver {

class ClientProxy {
  public:
    explicit ClientProxy(memory::BroadcastTransmitter transmitter) : transmitter_(transmitter) {}

    void on_error(std::int64_t correlation_id, std::int32_t code, std::string_view message);
    void on_publication_ready(const wire::PublicationReady& ready, bool is_exclusive);
    void on_subscription_ready(std::int64_t correlation_id, std::int32_t channel_status_id);
    void on_available_image(const wire::ImageReady& ready);
    void on_unavailable_image(const wire::ImageUnavailable& unavailable);
    void on_operation_success(std::int64_t correlation_id);
    void on_counter_ready(std::int64_t correlation_id, std::int32_t counter_id);
    void on_static_counter(std::int64_t correlation_id, std::int32_t counter_id);
    void on_unavailable_counter(std::int64_t registration_id, std::int32_t counter_id);
    void on_client_timeout(std::int64_t client_id);
    void on_next_available_session_id(std::int64_t correlation_id, std::int32_t session_id);
    void on_publication_error(const wire::PublicationErrorResponse& error);

  private:
    template <typename Response>
    void transmit(wire::ResponseId id, const Response& response);

    memory::BroadcastTransmitter transmitter_;
    std::vector<std::byte> scratch_;
};

}  // namespace tern::driver
