#pragma once
// What sender and receiver ask of the conductor, or tell it.
//
// Called on the sender's or receiver's thread; the implementation hands the request to the
// conductor without blocking, allocating or throwing. It may refuse one (false: the queue is full,
// counted as "Failed offers to DriverConductorProxy"): the caller then tries again by its own
// timers. Releases need no request: when a command that removes something has returned, neither
// agent refers to it any more.

#include <cstdint>
#include <string_view>

#include "tern/platform/socket_address.hpp"
#include "tern/wire/udp_frames.hpp"

namespace tern::driver {

class SendChannelEndpoint;
class ReceiveChannelEndpoint;

/// A SETUP for a session that somebody subscribed to. Whatever becomes of it, the conductor either
/// hands an image to the receiver or calls Receiver::on_remove_init_in_progress (DRV-11.3).
struct CreateImageRequest {
    ReceiveChannelEndpoint* endpoint = nullptr;
    std::int64_t destination_id = 0;  ///< the destination it came in on; may be gone meanwhile
    platform::SocketAddress source;
    wire::SetupFrame setup;
};

/// A receiver refused a publication (DSR-3.11).
struct PublicationErrorNotice {
    std::int64_t registration_id = 0;
    std::int64_t destination_registration_id = -1;
    std::int32_t session_id = 0;
    std::int32_t stream_id = 0;
    std::int64_t receiver_id = 0;
    std::int64_t group_tag = -1;
    platform::SocketAddress source;
    std::int32_t error_code = 0;
    std::string_view text;  ///< valid during the call
};

class ConductorRequests {
  public:
    virtual ~ConductorRequests() = default;

    // From the receiver.
    [[nodiscard]] virtual bool create_image(const CreateImageRequest& request) noexcept = 0;
    /// The `control` address of a destination has not been heard of for a while (DSR-14).
    [[nodiscard]] virtual bool re_resolve_control(ReceiveChannelEndpoint& endpoint,
                                                  std::int64_t destination_id) noexcept = 0;

    // From the sender.
    [[nodiscard]] virtual bool publication_error(const PublicationErrorNotice& notice) noexcept = 0;
    /// RSP_SETUP arrived for a publication with this response correlation id (DSR-7.11).
    [[nodiscard]] virtual bool response_setup(std::int64_t response_correlation_id,
                                              std::int32_t response_session_id) noexcept = 0;
    /// A publication with this response correlation id has its first receiver.
    [[nodiscard]] virtual bool response_connected(
        std::int64_t response_correlation_id) noexcept = 0;
    /// Nobody has answered at the endpoint's address for a while (DSR-14). destination_id is that
    /// of a manual destination, or -1.
    [[nodiscard]] virtual bool re_resolve_endpoint(SendChannelEndpoint& endpoint,
                                                   std::int64_t destination_id) noexcept = 0;
};

}  // namespace tern::driver
