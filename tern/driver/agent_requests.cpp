#include "tern/driver/agent_requests.hpp"

#include <algorithm>
#include <string_view>

#include "tern/base/overloaded.hpp"

namespace tern::driver {

AgentRequests::AgentRequests(memory::Counter failed_offers)
    : from_receiver_(kReceiverCapacity),
      from_sender_(kSenderCapacity),
      failed_offers_(failed_offers) {}

template <typename Queue, typename Request>
bool AgentRequests::offer(Queue& queue, const Request& request) noexcept {
    if (queue.try_push(request)) return true;
    failed_offers_.fetch_add(1);
    return false;
}

bool AgentRequests::create_image(const CreateImageRequest& request) noexcept {
    return offer(from_receiver_, request);
}

bool AgentRequests::re_resolve_control(ReceiveChannelEndpoint& endpoint,
                                       std::int64_t destination_id) noexcept {
    return offer(from_receiver_, ReResolveControlRequest{&endpoint, destination_id});
}

bool AgentRequests::publication_error(const PublicationErrorNotice& notice) noexcept {
    ErrorRequest request{.notice = notice, .text = {}, .text_length = 0};
    request.text_length = std::min(notice.text.size(), request.text.size());
    std::copy_n(notice.text.begin(), request.text_length, request.text.begin());
    request.notice.text = {};
    return offer(from_sender_, request);
}

bool AgentRequests::response_setup(std::int64_t response_correlation_id,
                                   std::int32_t response_session_id) noexcept {
    return offer(from_sender_, ResponseSetupRequest{response_correlation_id, response_session_id});
}

bool AgentRequests::response_connected(std::int64_t response_correlation_id) noexcept {
    return offer(from_sender_, ResponseConnectedRequest{response_correlation_id});
}

bool AgentRequests::re_resolve_endpoint(SendChannelEndpoint& endpoint,
                                        std::int64_t destination_id) noexcept {
    return offer(from_sender_, ReResolveEndpointRequest{&endpoint, destination_id});
}

int AgentRequests::drain(RequestHandler& handler) {
    int work = from_receiver_.consume(kReceiverCapacity, [&](const FromReceiver& request) {
        std::visit(
            Overloaded{
                [&](const CreateImageRequest& create) { handler.on_create_image(create); },
                [&](const ReResolveControlRequest& resolve) { handler.on_re_resolve(resolve); }},
            request);
    });
    work += from_sender_.consume(kSenderCapacity, [&](const FromSender& request) {
        std::visit(
            Overloaded{
                [&](const ReResolveEndpointRequest& resolve) { handler.on_re_resolve(resolve); },
                [&](const ResponseSetupRequest& setup) { handler.on_response_setup(setup); },
                [&](const ResponseConnectedRequest& connected) {
                    handler.on_response_connected(connected);
                },
                [&](const ErrorRequest& error) {
                    PublicationErrorNotice notice = error.notice;
                    notice.text = std::string_view(error.text.data(), error.text_length);
                    handler.on_publication_error(notice);
                }},
            request);
    });
    return work;
}

}  // namespace tern::driver
