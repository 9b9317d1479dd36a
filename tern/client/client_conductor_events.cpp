// What the driver says, event by event (CLI-4.3).

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tern/client/client_conductor.hpp"
#include "tern/client/errors.hpp"
#include "tern/wire/channel_uri.hpp"

namespace tern::client {

namespace {

constexpr std::int32_t kGeneric = kGenericError;

// Drivers put the severity before their text; an Error carries it apart.
[[nodiscard]] std::string_view without_severity(std::string_view text) {
    for (const std::string_view prefix : {"ERROR - ", "FATAL - ", "WARN - "}) {
        if (text.starts_with(prefix)) return text.substr(prefix.size());
    }
    return text;
}

}  // namespace

void ClientConductor::on_event(std::int32_t type_id, ConstBytes record) {
    using wire::ResponseId;
    const auto decoded = [&](auto event, auto handle) {
        const auto result = decltype(event)::decode(record);
        if (!result) {
            report(Error(fmt::format("event {:#x} of the driver is malformed: {}, length={}",
                                     type_id, wire::to_string(result.error()), record.size()),
                         static_cast<std::int32_t>(wire::ErrorCode::malformed_command)));
            return;
        }
        (this->*handle)(*result);
    };
    using Self = ClientConductor;
    switch (static_cast<ResponseId>(type_id)) {
        case ResponseId::on_error:
            return decoded(wire::ErrorResponse{}, &Self::on_error);
        case ResponseId::on_available_image:
            return decoded(wire::ImageReady{}, &Self::on_available_image);
        case ResponseId::on_publication_ready:
        case ResponseId::on_exclusive_publication_ready:
            return decoded(wire::PublicationReady{}, &Self::on_publication_ready);
        case ResponseId::on_operation_success:
            return decoded(wire::OperationSucceeded{}, &Self::on_operation_success);
        case ResponseId::on_unavailable_image:
            return decoded(wire::ImageUnavailable{}, &Self::on_unavailable_image);
        case ResponseId::on_subscription_ready:
            return decoded(wire::SubscriptionReady{}, &Self::on_subscription_ready);
        case ResponseId::on_counter_ready:
            return decoded(wire::CounterUpdate{}, &Self::on_counter_ready);
        case ResponseId::on_unavailable_counter:
            return decoded(wire::CounterUpdate{}, &Self::on_unavailable_counter);
        case ResponseId::on_client_timeout:
            return decoded(wire::ClientTimeout{}, &Self::on_client_timeout);
        case ResponseId::on_static_counter:
            return decoded(wire::CounterUpdate{}, &Self::on_static_counter);
        case ResponseId::on_publication_error:
            return decoded(wire::PublicationErrorResponse{}, &Self::on_publication_error);
        case ResponseId::on_next_available_session_id:
            return decoded(wire::NextAvailableSessionId{}, &Self::on_next_session_id);
    }
    // Others are of drivers newer than this client, and not for it.
}

// Counted before anybody is told: whoever is told may close handles.
template <typename Predicate>
int ClientConductor::count_handles(Predicate&& predicate) const {
    return static_cast<int>(std::ranges::count_if(resources_, [&](const auto& entry) {
        return std::visit([&](const auto* handle) { return predicate(*handle); }, entry.second);
    }));
}

void ClientConductor::on_error(const wire::ErrorResponse& event) {
    const std::string_view text = without_severity(event.message);
    Registration* registration = registrations_.find_awaiting(event.offending_correlation_id);
    if (registration == nullptr) {
        if (event.error_code ==
            static_cast<std::int32_t>(wire::ErrorCode::channel_endpoint_error)) {
            on_channel_endpoint_error(static_cast<std::int32_t>(event.offending_correlation_id),
                                      text);
        }
        return;
    }
    fail(*registration, event.error_code, std::string(text));
    if (registration->kind != RegistrationKind::removal) return;
    const Registration removal = registrations_.take(event.offending_correlation_id);
    report(
        RegistrationException(removal.error, removal.error_code, event.offending_correlation_id));
}

void ClientConductor::on_channel_endpoint_error(std::int32_t status_id, std::string_view message) {
    const ChannelEndpointException error(std::string(message), status_id);
    const int concerned = count_handles([&](const auto& handle) {
        if constexpr (requires { handle.channel_status_id(); }) {
            return handle.channel_status_id() == status_id;
        } else {
            return false;
        }
    });
    for (int i = 0; i < concerned; ++i) report(error);
}

// Makes the result of a registration; what goes wrong in it fails the registration, and the driver
// is told to take back what it has made.
template <typename Make>
void ClientConductor::complete(std::int64_t id, Registration& registration, Make&& make) {
    try {
        registration.result = make();
        registration.state = Registration::State::done;
    } catch (const std::exception& error) {
        fail(registration, kGeneric, error.what());
        undo_at_driver(id, registration.kind);
    }
}

void ClientConductor::on_publication_ready(const wire::PublicationReady& event) {
    Registration* registration = registrations_.find_awaiting(event.correlation_id);
    if (registration == nullptr) return;
    const bool is_publication = registration->kind == RegistrationKind::publication ||
                                registration->kind == RegistrationKind::exclusive_publication;
    if (is_publication) make_publication(*registration, event);
}

void ClientConductor::make_publication(Registration& registration,
                                       const wire::PublicationReady& event) {
    const bool is_exclusive = registration.kind == RegistrationKind::exclusive_publication;
    if (is_exclusive && event.correlation_id != event.registration_id) {
        report(Error(fmt::format("exclusive publication: correlationId={} registrationId={}",
                                 event.correlation_id, event.registration_id)));
    }
    complete(event.correlation_id, registration, [&]() -> Registration::Result {
        PublicationBase::Spec spec;
        spec.registration_id = event.correlation_id;
        spec.original_registration_id = event.registration_id;
        spec.session_id = event.session_id;
        spec.stream_id = event.stream_id;
        spec.channel_status_id = event.channel_status_counter_id;
        spec.position_limit = cnc_->counter(event.position_limit_counter_id);
        spec.channel = registration.channel;
        spec.log = map_log(event.registration_id, event.log_file_name);
        spec.cnc = cnc_;
        spec.conductor = shared_from_this();
        if (!is_exclusive) {
            auto publication = std::make_unique<Publication>(std::move(spec));
            resources_[event.correlation_id] = publication.get();
            return publication;
        }
        auto publication = std::make_unique<ExclusivePublication>(std::move(spec));
        resources_[event.correlation_id] = publication.get();
        return publication;
    });
    const NewPublicationHandler& handler =
        is_exclusive && context_.new_exclusive_publication_handler
            ? context_.new_exclusive_publication_handler
            : context_.new_publication_handler;
    if (registration.state != Registration::State::done || !handler) return;
    const std::string channel = registration.channel;  // the handler may abandon the registration
    call_handler(
        [&] { handler(channel, event.stream_id, event.session_id, event.correlation_id); });
}

void ClientConductor::on_subscription_ready(const wire::SubscriptionReady& event) {
    Registration* registration = registrations_.find_awaiting(event.correlation_id);
    if (registration == nullptr || registration->kind != RegistrationKind::subscription) return;
    complete(event.correlation_id, *registration, [&]() -> Registration::Result {
        Subscription::Spec spec;
        spec.registration_id = event.correlation_id;
        spec.stream_id = registration->stream_id;
        spec.channel_status_id = event.channel_status_counter_id;
        spec.channel = registration->channel;
        spec.image_handlers = std::move(registration->image_handlers);
        spec.cnc = cnc_;
        spec.conductor = shared_from_this();
        auto subscription = std::make_unique<Subscription>(std::move(spec));
        resources_[event.correlation_id] = subscription.get();
        return subscription;
    });
    const NewSubscriptionHandler& handler = context_.new_subscription_handler;
    if (registration->state != Registration::State::done || !handler) return;
    const std::string channel = registration->channel;
    const std::int32_t stream_id = registration->stream_id;
    call_handler([&] { handler(channel, stream_id, event.correlation_id); });
}

void ClientConductor::on_available_image(const wire::ImageReady& event) {
    const auto found = resources_.find(event.subscription_registration_id);
    if (found == resources_.end()) return;
    auto* const* subscription = std::get_if<Subscription*>(&found->second);
    if (subscription == nullptr) return;
    std::shared_ptr<Image> image;
    try {
        image = make_image(**subscription, event);
        (*subscription)->add_image(image, linger_deadline_ns());
    } catch (const std::exception& error) {
        // A client that runs late may hear of a log that is deleted already, by the driver or by
        // the next one in the same directory.
        if (const auto end = driver_end()) return terminate(DriverTimeoutException(*end));
        report(Error(fmt::format("image {} of {} for subscription {}: {}", event.session_id,
                                 event.source_identity, event.subscription_registration_id,
                                 error.what())));
        return;
    }
    const AvailableImageHandler handler = (*subscription)->spec_.image_handlers.available;
    if (handler) call_handler([&] { handler(image); });
}

std::shared_ptr<Image> ClientConductor::make_image(const Subscription& subscription,
                                                   const wire::ImageReady& event) {
    Image::Spec spec;
    spec.correlation_id = event.correlation_id;
    spec.subscription_registration_id = event.subscription_registration_id;
    spec.session_id = event.session_id;
    spec.stream_id = event.stream_id;
    spec.is_spy = subscription.channel().starts_with(wire::kSpyPrefix);
    spec.subscriber_position = cnc_->counter(event.subscriber_position_id);
    spec.source_identity = event.source_identity;
    spec.log = map_log(event.correlation_id, event.log_file_name);
    spec.cnc = cnc_;
    spec.conductor = weak_from_this();
    return std::make_shared<Image>(std::move(spec));
}

void ClientConductor::on_unavailable_image(const wire::ImageUnavailable& event) {
    const auto found = resources_.find(event.subscription_registration_id);
    if (found == resources_.end()) return;
    auto* const* subscription = std::get_if<Subscription*>(&found->second);
    if (subscription == nullptr) return;
    const auto image = (*subscription)->remove_image(event.correlation_id, linger_deadline_ns());
    if (image == nullptr) return;
    linger(image->spec_.log);
    const UnavailableImageHandler handler = (*subscription)->spec_.image_handlers.unavailable;
    if (handler) call_handler([&] { handler(image); });
}

// The same id is the same file, also when it comes again (an untethered image, an IPC log).
std::shared_ptr<MappedLog> ClientConductor::map_log(std::int64_t registration_id,
                                                    std::string_view path) {
    std::weak_ptr<MappedLog>& known = logs_[registration_id];
    if (auto log = known.lock()) return log;
    auto log = std::make_shared<MappedLog>(platform_.storage, std::string(path),
                                           context_.pre_touch_mapped_memory);
    known = log;
    return log;
}

void ClientConductor::make_counter(std::int64_t id, Registration& registration,
                                   std::int32_t counter_id) {
    complete(id, registration, [&]() -> Registration::Result {
        const bool is_static = registration.kind == RegistrationKind::static_counter;
        Counter::Spec spec;
        spec.correlation_id = id;
        spec.registration_id = is_static ? registration.static_registration_id : id;
        spec.is_owned = !is_static;
        spec.value = cnc_->counter(counter_id);
        spec.cnc = cnc_;
        spec.conductor = shared_from_this();
        auto counter = std::make_unique<Counter>(std::move(spec));
        resources_[id] = counter.get();
        return counter;
    });
}

void ClientConductor::on_counter_ready(const wire::CounterUpdate& event) {
    Registration* registration = registrations_.find_awaiting(event.correlation_id);
    if (registration != nullptr && registration->kind == RegistrationKind::counter) {
        make_counter(event.correlation_id, *registration, event.counter_id);
    }
    if (!cnc_->counters().contains(event.counter_id)) return;
    available_counter_handlers_.for_each([&](const CounterHandler& handler) {
        call_handler([&] { handler(cnc_->counters(), event.correlation_id, event.counter_id); });
    });
}

void ClientConductor::on_static_counter(const wire::CounterUpdate& event) {
    Registration* registration = registrations_.find_awaiting(event.correlation_id);
    if (registration == nullptr || registration->kind != RegistrationKind::static_counter) return;
    make_counter(event.correlation_id, *registration, event.counter_id);
}

void ClientConductor::on_unavailable_counter(const wire::CounterUpdate& event) {
    if (!cnc_->counters().contains(event.counter_id)) return;
    unavailable_counter_handlers_.for_each([&](const CounterHandler& handler) {
        call_handler([&] { handler(cnc_->counters(), event.correlation_id, event.counter_id); });
    });
}

void ClientConductor::on_operation_success(const wire::OperationSucceeded& event) {
    Registration* registration = registrations_.find_awaiting(event.correlation_id);
    if (registration == nullptr) return;
    if (registration->kind == RegistrationKind::removal) {
        registrations_.erase(event.correlation_id);
    } else if (registration->kind == RegistrationKind::operation) {
        registration->state = Registration::State::done;
    }
}

void ClientConductor::on_next_session_id(const wire::NextAvailableSessionId& event) {
    Registration* registration = registrations_.find_awaiting(event.correlation_id);
    if (registration == nullptr || registration->kind != RegistrationKind::session_id) return;
    registration->result = event.session_id;
    registration->state = Registration::State::done;
}

void ClientConductor::on_client_timeout(const wire::ClientTimeout& event) {
    if (event.client_id != proxy_.client_id()) return;
    terminate(ClientTimeoutException("client timeout from driver"));
}

void ClientConductor::on_publication_error(const wire::PublicationErrorResponse& event) {
    const PublicationErrorFrameHandler& handler = context_.publication_error_frame_handler;
    if (!handler) return;
    PublicationErrorFrame frame;
    frame.registration_id = event.registration_id;
    frame.destination_registration_id = event.destination_registration_id;
    frame.session_id = event.session_id;
    frame.stream_id = event.stream_id;
    frame.receiver_id = event.receiver_id;
    frame.group_tag = event.group_tag;
    frame.address_type = event.address_type;
    frame.source_port = event.source_port;
    frame.source_address = event.source_address;
    frame.error_code = event.error_code;
    frame.message = event.message;
    const int handles = count_handles([&](const auto& handle) {
        if constexpr (requires { handle.original_registration_id(); }) {
            return handle.original_registration_id() == event.registration_id;
        } else {
            return false;
        }
    });
    for (int i = 0; i < handles; ++i) call_handler([&] { handler(frame); });
}

}  // namespace tern::client
