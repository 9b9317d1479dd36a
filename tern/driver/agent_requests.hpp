#pragma once
// The way from sender and receiver to the conductor: one bounded queue for each (DRV-3.4).
//
// Thread safety: functions of ConductorRequests on the agents' threads, drain on the conductor's.

#include <array>
#include <cstdint>
#include <variant>

#include "tern/driver/conductor_requests.hpp"
#include "tern/driver/spsc_queue.hpp"
#include "tern/memory/counter.hpp"
#include "tern/wire/commands.hpp"

namespace tern::driver {

struct ReResolveControlRequest {
    ReceiveChannelEndpoint* endpoint;
    std::int64_t destination_id;
};
struct ReResolveEndpointRequest {
    SendChannelEndpoint* endpoint;
    std::int64_t destination_id;
};
struct ResponseSetupRequest {
    std::int64_t response_correlation_id;
    std::int32_t response_session_id;
};
struct ResponseConnectedRequest {
    std::int64_t response_correlation_id;
};

/// What the conductor does with requests. `endpoint` pointers may be of endpoints that are gone.
class RequestHandler {
  public:
    virtual void on_create_image(const CreateImageRequest& request) = 0;
    virtual void on_publication_error(const PublicationErrorNotice& notice) = 0;
    virtual void on_re_resolve(const ReResolveControlRequest& request) = 0;
    virtual void on_re_resolve(const ReResolveEndpointRequest& request) = 0;
    virtual void on_response_setup(const ResponseSetupRequest& request) = 0;
    virtual void on_response_connected(const ResponseConnectedRequest& request) = 0;

  protected:
    ~RequestHandler() = default;
};

class AgentRequests final : public ConductorRequests {
  public:
    static constexpr std::size_t kReceiverCapacity = 1024;
    static constexpr std::size_t kSenderCapacity = 256;

    explicit AgentRequests(memory::Counter failed_offers);

    [[nodiscard]] bool create_image(const CreateImageRequest& request) noexcept override;
    [[nodiscard]] bool re_resolve_control(ReceiveChannelEndpoint& endpoint,
                                          std::int64_t destination_id) noexcept override;
    [[nodiscard]] bool publication_error(const PublicationErrorNotice& notice) noexcept override;
    [[nodiscard]] bool response_setup(std::int64_t response_correlation_id,
                                      std::int32_t response_session_id) noexcept override;
    [[nodiscard]] bool response_connected(std::int64_t response_correlation_id) noexcept override;
    [[nodiscard]] bool re_resolve_endpoint(SendChannelEndpoint& endpoint,
                                           std::int64_t destination_id) noexcept override;

    /// Hands everything that is queued to the handler; returns how much that was.
    int drain(RequestHandler& handler);

  private:
    struct ErrorRequest {
        PublicationErrorNotice notice;  ///< without its text
        std::array<char, wire::kMaxRejectReasonLength> text;
        std::size_t text_length;
    };
    using FromReceiver = std::variant<CreateImageRequest, ReResolveControlRequest>;
    using FromSender = std::variant<ReResolveEndpointRequest, ResponseSetupRequest,
                                    ResponseConnectedRequest, ErrorRequest>;

    template <typename Queue, typename Request>
    bool offer(Queue& queue, const Request& request) noexcept;

    SpscQueue<FromReceiver> from_receiver_;
    SpscQueue<FromSender> from_sender_;
    memory::Counter failed_offers_;
};

}  // namespace tern::driver
