// Response channels (DRV-15): the responder names the image of a request, and the requester's
// subscription learns, by RSP_SETUP, which session answers it.

#include <fmt/format.h>

#include <algorithm>

#include "tern/driver/driver_conductor.hpp"

namespace tern::driver {

void DriverConductor::check_response_publication(const UdpChannel& channel,
                                                 const PublicationParams& params) {
    const std::int64_t id = params.response_correlation_id;
    if (!channel.is_response()) {
        const auto is_asked_for = [id](const auto& subscription) {
            return subscription->kind == SubscriptionKind::network &&
                   subscription->registration_id == id;
        };
        if (id == kNullValue || std::ranges::any_of(subscriptions_, is_asked_for)) return;
        throw Error(
            fmt::format("unable to find response subscription for response-correlation-id={}", id));
    }
    if (id == kNullValue) {
        throw Error("control-mode=response was specified, but no response-correlation-id set");
    }
    if (id == kPrototypeCorrelationId) return;
    const ImageStream* const request = images_.find(id);
    if (request == nullptr) throw Error(fmt::format("image.correlationId={} not found", id));
    if (!request->image->params().is_response_requested) {
        throw Error(fmt::format("image.correlationId={} did not request a response channel", id));
    }
}

void DriverConductor::on_response_publication(const Stream& stream,
                                              std::int64_t response_correlation_id) {
    if (ImageStream* const request = images_.find(response_correlation_id)) {
        request->image->set_response_session_id(stream.session_id);
    }
}

void DriverConductor::on_ipc_response_publication(const IpcStream& response) {
    const IpcPublicationParams& params = response.publication.params();
    const IpcStream* const request = ipc_.find(params.response_correlation_id);
    if (request == nullptr) return;
    for (const auto& subscription : subscriptions_) {
        if (subscription->kind == SubscriptionKind::ipc && subscription->awaits_session() &&
            subscription->registration_id ==
                request->publication.params().response_correlation_id) {
            subscription->params.session_id = params.session_id;
            subscription->params.is_response = false;
        }
    }
}

void DriverConductor::on_response_setup(const ResponseSetupRequest& request) {
    const auto found = std::ranges::find_if(subscriptions_, [&](const auto& subscription) {
        return subscription->kind == SubscriptionKind::network &&
               subscription->registration_id == request.response_correlation_id;
    });
    if (found == subscriptions_.end()) return;
    Subscription& subscription = **found;
    if (!subscription.awaits_session()) {
        if (!subscription.params.session_id) return;  // any session: it has asked for all already
        return images_.endpoints().request_setup(*subscription.endpoint, subscription.stream_id,
                                                 *subscription.params.session_id);
    }
    images_.endpoints().bind_response(*subscription.endpoint, subscription,
                                      request.response_session_id);
    images_.link(subscription, now_ns_);
}

void DriverConductor::on_response_connected(const ResponseConnectedRequest& request) {
    if (ImageStream* const asked = images_.find(request.response_correlation_id)) {
        asked->image->set_response_session_id(std::nullopt);
    }
}

}  // namespace tern::driver
