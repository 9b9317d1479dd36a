// The conductor's commands that add and remove publications, subscriptions and destinations
// (DRV-7, DRV-8, DRV-9).

#include <fmt/format.h>

#include <algorithm>

#include "tern/driver/driver_conductor.hpp"
#include "tern/driver/error_report.hpp"

namespace tern::driver {
namespace {

bool is_ipc(std::string_view channel) { return channel.starts_with(wire::kIpcChannel); }
bool is_spy(std::string_view channel) { return channel.starts_with(wire::kSpyPrefix); }

/// Options that every subscription of a stream on one endpoint has to agree on (DRV-8.5).
void check_agrees(const Subscription& existing, const Subscription& added) {
    if (existing.endpoint != added.endpoint || existing.stream_id != added.stream_id ||
        existing.params.session_id != added.params.session_id) {
        return;
    }
    if (existing.udp_channel->tag() && !added.udp_channel->tag()) return;
    const auto check = [&](std::string_view name, bool has, bool wants) {
        if (has == wants) return;
        throw Error(fmt::format(
            "option conflicts with existing subscription: {}={} existingChannel={} channel={}",
            name, wants, existing.channel, added.channel));
    };
    check("reliable", existing.params.reliable, added.params.reliable);
    check("rejoin", existing.params.rejoin, added.params.rejoin);
    check("isResponse", existing.params.is_response, added.params.is_response);
}

void check_subscription_channel(const wire::ChannelUri& uri, const UdpChannel& channel) {
    if (const auto cc = uri.get(wire::uri_key::kCongestionControl);
        cc && *cc != "static" && *cc != "cubic") {
        throw Error(
            fmt::format("unsupported congestion control : cc={} channel={}", *cc, channel.uri()));
    }
    if (channel.has_explicit_control() && channel.local().port() == 0) {
        throw Error(fmt::format("control has port=0 for subscription: channel={}", channel.uri()));
    }
}

}  // namespace

// --- Publications ----------------------------------------------------------------------------

void DriverConductor::on_add_publication(const wire::AddPublication& command, bool is_exclusive) {
    PublicationLink link{.registration_id = command.correlation_id};
    wire::PublicationReady ready;
    ready.correlation_id = command.correlation_id;
    ready.stream_id = command.stream_id;
    const Stream* stream = nullptr;
    if (is_ipc(command.channel)) {
        const wire::ChannelUri uri = wire::ChannelUri::parse(command.channel);
        link.ipc = &ipc_.find_or_create(
            command, publication_params(uri, context_, network_.find_tagged(uri)), is_exclusive,
            now_ns_);
        link.ipc->publication.add_reference();
        stream = &link.ipc->stream;
        ready.position_limit_counter_id = link.ipc->publication.publisher_limit().id();
    } else {
        const auto check = [this](const UdpChannel& channel, const PublicationParams& params) {
            check_response_publication(channel, params);
        };
        link.network = &network_.find_or_create(command, is_exclusive, check, now_ns_);
        link.network->publication->add_reference();
        stream = &link.network->stream;
        ready.position_limit_counter_id = link.network->counters.publisher_limit.id();
        ready.channel_status_counter_id = link.network->endpoint->status.id();
    }
    ready.registration_id = stream->correlation_id;
    ready.session_id = stream->session_id;
    ready.log_file_name = stream->log_path;
    try {
        clients_.get_or_create(command.client_id, now_ns_, clock_.epoch_ms())
            .publications.push_back(link);
    } catch (...) {
        release_publication(link);
        throw;
    }
    services_.client_proxy.on_publication_ready(ready, is_exclusive);
    if (link.ipc != nullptr) on_ipc_response_publication(*link.ipc);
    if (link.network != nullptr) {
        on_response_publication(*stream,
                                link.network->publication->params().response_correlation_id);
    }
    for (const auto& subscription : subscriptions_) {
        if (link.ipc != nullptr) ipc_.link(*link.ipc, *subscription, now_ns_);
        if (link.network != nullptr) network_.link(*link.network, *subscription, now_ns_);
    }
}

void DriverConductor::on_remove_publication(const wire::RemovePublication& command) {
    Client* const client = clients_.find(command.client_id);
    if (client != nullptr) {
        const auto link = std::ranges::find(client->publications, command.registration_id,
                                            &PublicationLink::registration_id);
        if (link != client->publications.end()) {
            const PublicationLink removed = *link;
            client->publications.erase(link);
            if (command.revoke()) {
                if (removed.ipc != nullptr) removed.ipc->publication.revoke();
                if (removed.network != nullptr) removed.network->publication->revoke();
            }
            release_publication(removed);
            services_.client_proxy.on_operation_success(command.correlation_id);
            return;
        }
    }
    throw control_error(wire::ErrorCode::unknown_publication,
                        fmt::format("unknown publication client_id={} registration_id={}",
                                    command.client_id, command.registration_id));
}

void DriverConductor::release_publication(const PublicationLink& link) {
    if (link.ipc != nullptr) link.ipc->publication.release_reference();
    if (link.network != nullptr) link.network->publication->release_reference(now_ns_);
}

// --- Subscriptions ---------------------------------------------------------------------------

std::unique_ptr<Subscription> DriverConductor::make_subscription(std::int64_t registration_id,
                                                                 std::int64_t client_id,
                                                                 std::int32_t stream_id,
                                                                 std::string_view channel) {
    const wire::ChannelUri uri = wire::ChannelUri::parse(channel);
    auto subscription = std::make_unique<Subscription>();
    subscription->registration_id = registration_id;
    subscription->client_id = client_id;
    subscription->stream_id = stream_id;
    subscription->channel = channel;
    subscription->params = subscription_params(uri, context_);
    if (is_ipc(channel)) {
        subscription->kind = SubscriptionKind::ipc;
        return subscription;
    }
    const bool spy = is_spy(channel);
    subscription->kind = spy ? SubscriptionKind::spy : SubscriptionKind::network;
    subscription->udp_channel =
        parse_udp_channel(spy ? channel.substr(wire::kSpyPrefix.size()) : channel, services_);
    if (!spy) check_subscription_channel(uri, *subscription->udp_channel);
    return subscription;
}

void DriverConductor::on_add_subscription(const wire::AddSubscription& command) {
    auto subscription = make_subscription(command.correlation_id, command.client_id,
                                          command.stream_id, command.channel);
    std::int32_t channel_status_id = memory::kNullCounterId;
    ReceiveEndpoint* endpoint = nullptr;
    if (subscription->kind == SubscriptionKind::network) {
        ReceiveEndpoints& endpoints = images_.endpoints();
        endpoint = &endpoints.find_or_open(*subscription->udp_channel, command.correlation_id,
                                           command.client_id);
        subscription->endpoint = endpoint;
        try {
            for (const auto& existing : subscriptions_) {
                if (existing->kind == SubscriptionKind::network) {
                    check_agrees(*existing, *subscription);
                }
            }
            clients_.get_or_create(command.client_id, now_ns_, clock_.epoch_ms());
        } catch (...) {
            endpoints.close_if_unused(*endpoint);
            throw;
        }
        endpoints.add_interest(*endpoint, *subscription);
        channel_status_id = endpoint->status.id();
    } else {
        clients_.get_or_create(command.client_id, now_ns_, clock_.epoch_ms());
    }
    subscriptions_.push_back(std::move(subscription));
    services_.client_proxy.on_subscription_ready(command.correlation_id, channel_status_id);
    link_to_existing(*subscriptions_.back());
}

void DriverConductor::link_to_existing(Subscription& subscription) {
    switch (subscription.kind) {
        case SubscriptionKind::ipc:
            return ipc_.link(subscription, now_ns_);
        case SubscriptionKind::spy:
            return network_.link(subscription, now_ns_);
        case SubscriptionKind::network:
            return images_.link(subscription, now_ns_);
    }
}

void DriverConductor::unlink(Subscription& subscription, bool announce) {
    switch (subscription.kind) {
        case SubscriptionKind::ipc:
            return ipc_.unlink(subscription, announce);
        case SubscriptionKind::spy:
            return network_.unlink(subscription, announce);
        case SubscriptionKind::network:
            images_.unlink(subscription);
            return images_.endpoints().remove_interest(*subscription.endpoint, subscription);
    }
}

void DriverConductor::on_remove_subscription(const wire::RemoveResource& command) {
    const auto removed = std::erase_if(subscriptions_, [&](const auto& subscription) {
        if (subscription->registration_id != command.registration_id) return false;
        unlink(*subscription, false);
        return true;
    });
    if (removed == 0) {
        throw control_error(wire::ErrorCode::unknown_subscription,
                            fmt::format("unknown subscription client_id={} registration_id={}",
                                        command.client_id, command.registration_id));
    }
    services_.client_proxy.on_operation_success(command.correlation_id);
}

// --- Destinations ----------------------------------------------------------------------------

void DriverConductor::on_add_destination(const wire::DestinationCommand& command) {
    network_.add_destination(command);
    services_.client_proxy.on_operation_success(command.correlation_id);
}

void DriverConductor::on_remove_destination(const wire::DestinationCommand& command) {
    network_.remove_destination(command);
    services_.client_proxy.on_operation_success(command.correlation_id);
}

void DriverConductor::on_remove_destination_by_id(const wire::RemoveDestinationById& command) {
    network_.remove_destination(command);
    services_.client_proxy.on_operation_success(command.correlation_id);
}

Subscription& DriverConductor::mds_subscription(const wire::DestinationCommand& command) {
    const auto found = std::ranges::find_if(subscriptions_, [&](const auto& subscription) {
        return subscription->registration_id == command.registration_id &&
               subscription->kind == SubscriptionKind::network;
    });
    if (found == subscriptions_.end()) {
        throw control_error(wire::ErrorCode::unknown_subscription,
                            fmt::format("unknown subscription client_id={} registration_id={}",
                                        command.client_id, command.registration_id));
    }
    if (!(*found)->endpoint->endpoint->channel().is_manual()) {
        throw control_error(wire::ErrorCode::invalid_channel,
                            "channel does not allow manual control");
    }
    return **found;
}

void DriverConductor::on_add_rcv_destination(const wire::DestinationCommand& command) {
    const Subscription& owner = mds_subscription(command);
    if (is_ipc(command.channel) || is_spy(command.channel)) {
        subscriptions_.push_back(make_subscription(owner.registration_id, owner.client_id,
                                                   owner.stream_id, command.channel));
        services_.client_proxy.on_operation_success(command.correlation_id);
        return link_to_existing(*subscriptions_.back());
    }
    check_destination_keys(wire::ChannelUri::parse(command.channel), command.channel);
    images_.endpoints().add_destination(*owner.endpoint,
                                        parse_udp_channel(command.channel, services_, true), owner);
    services_.client_proxy.on_operation_success(command.correlation_id);
}

void DriverConductor::on_remove_rcv_destination(const wire::DestinationCommand& command) {
    const Subscription& owner = mds_subscription(command);
    if (!is_ipc(command.channel) && !is_spy(command.channel)) {
        images_.endpoints().remove_destination(*owner.endpoint,
                                               parse_udp_channel(command.channel, services_, true));
        services_.client_proxy.on_operation_success(command.correlation_id);
        return;
    }
    const auto found = std::ranges::find_if(subscriptions_, [&](const auto& subscription) {
        return subscription->registration_id == command.registration_id &&
               subscription->kind != SubscriptionKind::network &&
               subscription->channel == command.channel;
    });
    if (found == subscriptions_.end()) {
        throw control_error(wire::ErrorCode::unknown_subscription,
                            fmt::format("unknown subscription client_id={} registration_id={}",
                                        command.client_id, command.registration_id));
    }
    services_.client_proxy.on_operation_success(command.correlation_id);
    unlink(**found, true);
    subscriptions_.erase(found);
}

}  // namespace tern::driver
