#include "tern/driver/receive_endpoints.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tern/driver/error_report.hpp"
#include "tern/driver/stream_params.hpp"
#include "tern/memory/counter_keys.hpp"
#include "tern/memory/counter_types.hpp"

namespace tern::driver {
namespace {

/// DRV-8.4: what the socket grants bounds what may be offered to senders.
void check_window(const UdpChannel& channel, const UdpChannel* existing,
                  const DriverServices& services) {
    const std::int32_t window = channel.receiver_window_length() != 0
                                    ? channel.receiver_window_length()
                                    : services.context.initial_window_length;
    const ReceiveBuffer buffer =
        receive_buffer_of(existing != nullptr ? *existing : channel, services);
    if (buffer.holds(window)) return;
    throw Error(fmt::format(
        "Initial window greater than SO_RCVBUF for channel: rcv-wnd={} so-rcvbuf={}{}{} channel={}",
        window, buffer.length, buffer.is_default ? " (OS default)" : "",
        existing != nullptr ? fmt::format(" existingChannel={}", existing->uri()) : "",
        channel.uri()));
}

void check_receive_timestamps_agree(const UdpChannel& existing, const UdpChannel& requested) {
    namespace key = wire::uri_key;
    const TimestampOffsets& has = existing.timestamps();
    const TimestampOffsets& wants = requested.timestamps();
    check_timestamps_agree(key::kMediaReceiveTimestampOffset, has.media_receive, existing.uri(),
                           wants.media_receive, requested.uri());
    check_timestamps_agree(key::kChannelReceiveTimestampOffset, has.channel_receive, existing.uri(),
                           wants.channel_receive, requested.uri());
}

}  // namespace

ReceiveBuffer receive_buffer_of(const UdpChannel& channel, const DriverServices& services) {
    if (channel.receive_buffer_length() != 0) return {channel.receive_buffer_length(), false};
    const auto configured = static_cast<std::uint32_t>(services.context.socket_rcvbuf_length);
    if (configured != 0) return {configured, false};
    return {services.platform.network.buffer_limits().default_receive, true};
}

ReceiveEndpoints::ReceiveEndpoints(const DriverServices& services, const AgentProxies& agents)
    : services_(services),
      agents_(agents),
      ports_(services.context.receiver_wildcard_port_range),
      next_receiver_id_(static_cast<std::int64_t>(services.platform.random.next_u64())) {}

ReceiveEndpoint& ReceiveEndpoints::find_or_open(const UdpChannel& channel,
                                                std::int64_t registration_id,
                                                std::int64_t client_id) {
    ReceiveEndpoint* const existing = find(channel);
    if (existing == nullptr) return open(channel, registration_id, client_id);
    if (existing->is_closing) {
        throw control_error(wire::ErrorCode::resource_temporarily_unavailable,
                            "receive_channel_endpoint found in CLOSING state, please retry");
    }
    check_buffers_agree(existing->endpoint->channel(), channel, services_.context);
    check_receive_timestamps_agree(existing->endpoint->channel(), channel);
    if (!channel.is_manual()) check_window(channel, &existing->endpoint->channel(), services_);
    return *existing;
}

ReceiveEndpoint* ReceiveEndpoints::find(const UdpChannel& channel) {
    if (channel.tag()) {
        for (const auto& endpoint : endpoints_) {
            if (endpoint->endpoint->channel().tag() != channel.tag()) continue;
            check_tag_match(endpoint->endpoint->channel(), channel);
            return endpoint.get();
        }
    }
    for (const auto& endpoint : endpoints_) {
        if (is_same_endpoint(endpoint->endpoint->channel(), channel)) return endpoint.get();
    }
    check_can_open(channel);
    return nullptr;
}

ReceiveEndpoint& ReceiveEndpoints::open(const UdpChannel& channel, std::int64_t registration_id,
                                        std::int64_t client_id) {
    auto endpoint = std::make_unique<ReceiveEndpoint>();
    const DriverContext& context = services_.context;
    if (!channel.is_manual()) check_window(channel, nullptr, services_);
    try {
        if (!channel.is_manual() && !channel.is_multicast()) {
            endpoint->managed_port = ports_.acquire(channel.remote_data().port());
        }
        endpoint->endpoint = std::make_unique<ReceiveChannelEndpoint>(
            ReceiveChannelEndpointParams{
                .channel = channel,
                .bind_port = endpoint->managed_port,
                .receiver_id = next_receiver_id_++,
                .group_tag = context.receiver_group_tag,
                .send_buffer_length = static_cast<std::uint32_t>(context.socket_sndbuf_length),
                .receive_buffer_length = static_cast<std::uint32_t>(context.socket_rcvbuf_length),
                .multicast_ttl = context.multicast_ttl,
                .stream_session_limit = context.stream_session_limit,
                .receive_batch = static_cast<std::size_t>(context.receiver_io_vector_capacity),
                .clock = &services_.platform.clock},
            services_.platform.network, services_.system_counters, services_.errors.as_handler());
        endpoint->untethered_timeouts =
            untethered_timeouts(wire::ChannelUri::parse(channel.uri()), context);
        allocate_counters(*endpoint, registration_id, client_id);
    } catch (...) {
        free(*endpoint);
        throw;
    }
    endpoints_.push_back(std::move(endpoint));
    ReceiveEndpoint& opened = *endpoints_.back();
    agents_.receiver_commands.execute(
        [&receiver = agents_.receiver, added = opened.endpoint.get()] {
            receiver.on_add_endpoint(*added);
        });
    return opened;
}

void ReceiveEndpoints::allocate_counters(ReceiveEndpoint& endpoint, std::int64_t registration_id,
                                         std::int64_t client_id) {
    const UdpChannel& channel = endpoint.endpoint->channel();
    const std::string address =
        channel.is_manual() ? std::string() : endpoint.endpoint->local_address().to_string();
    endpoint.status = services_.counters_manager.allocate(
        {.type_id = memory::counter_type::kReceiveChannelStatus,
         .key = memory::channel_key(channel.uri()).bytes(),
         .label = fmt::format("rcv-channel: {} {}", channel.uri(), address),
         .registration_id = registration_id,
         .owner_id = client_id});
    if (!channel.is_manual()) {
        endpoint.local_address =
            allocate_local_address(services_.counters_manager, "rcv-local-sockaddr",
                                   endpoint.status.id(), address, registration_id, client_id);
    }
    endpoint.status.set(static_cast<std::int64_t>(memory::ChannelStatus::active));
}

ReceiveEndpoint* ReceiveEndpoints::find(const ReceiveChannelEndpoint* endpoint) noexcept {
    const auto found = std::ranges::find_if(
        endpoints_, [&](const auto& record) { return record->endpoint.get() == endpoint; });
    return found == endpoints_.end() ? nullptr : found->get();
}

void ReceiveEndpoints::add_interest(ReceiveEndpoint& endpoint, const Subscription& subscription) {
    if (subscription.awaits_session()) {
        ++endpoint.response_references;
        return;
    }
    const auto same = std::ranges::find_if(endpoint.interests, [&](const StreamInterest& interest) {
        return interest.stream_id == subscription.stream_id &&
               interest.session_id == subscription.params.session_id;
    });
    if (same != endpoint.interests.end()) {
        ++same->count;
        return;
    }
    endpoint.interests.push_back({subscription.stream_id, subscription.params.session_id, 1});
    agents_.receiver_commands.execute(
        [&receiver = agents_.receiver, target = endpoint.endpoint.get(),
         stream_id = subscription.stream_id, session_id = subscription.params.session_id] {
            if (session_id) {
                receiver.on_add_subscription(*target, stream_id, *session_id);
            } else {
                receiver.on_add_subscription(*target, stream_id);
            }
        });
}

void ReceiveEndpoints::remove_interest(ReceiveEndpoint& endpoint,
                                       const Subscription& subscription) {
    if (subscription.awaits_session()) {
        --endpoint.response_references;
        return close_if_unused(endpoint);
    }
    const auto same = std::ranges::find_if(endpoint.interests, [&](const StreamInterest& interest) {
        return interest.stream_id == subscription.stream_id &&
               interest.session_id == subscription.params.session_id;
    });
    if (same == endpoint.interests.end() || --same->count > 0) return;
    endpoint.interests.erase(same);
    agents_.receiver_commands.execute(
        [&receiver = agents_.receiver, target = endpoint.endpoint.get(),
         stream_id = subscription.stream_id, session_id = subscription.params.session_id] {
            if (session_id) {
                receiver.on_remove_subscription(*target, stream_id, *session_id);
            } else {
                receiver.on_remove_subscription(*target, stream_id);
            }
        });
    close_if_unused(endpoint);
}

void ReceiveEndpoints::bind_response(ReceiveEndpoint& endpoint, Subscription& subscription,
                                     std::int32_t session_id) {
    --endpoint.response_references;
    subscription.params.is_response = false;
    subscription.params.session_id = session_id;
    add_interest(endpoint, subscription);
}

void ReceiveEndpoints::request_setup(ReceiveEndpoint& endpoint, std::int32_t stream_id,
                                     std::int32_t session_id) {
    agents_.receiver_commands.execute(
        [&receiver = agents_.receiver, target = endpoint.endpoint.get(), stream_id, session_id] {
            receiver.on_request_setup(*target, stream_id, session_id);
        });
}

void ReceiveEndpoints::close_if_unused(ReceiveEndpoint& endpoint) {
    if (endpoint.is_closing || !endpoint.interests.empty() || endpoint.response_references > 0 ||
        endpoint.image_references > 0) {
        return;
    }
    endpoint.is_closing = true;
    endpoint.status.set(static_cast<std::int64_t>(memory::ChannelStatus::closing));
    agents_.receiver_commands.execute([&receiver = agents_.receiver, leaving = &endpoint] {
        receiver.on_remove_endpoint(*leaving->endpoint);
        leaving->is_released.store(true, std::memory_order_release);  // pairs with note_released
    });
}

void ReceiveEndpoints::add_destination(ReceiveEndpoint& endpoint, const UdpChannel& channel,
                                       const Subscription& subscription) {
    auto record = std::make_unique<ReceiveDestinationRecord>();
    record->managed_port = ports_.acquire(channel.remote_data().port());
    try {
        record->destination = &endpoint.endpoint->open_destination(channel, record->managed_port);
        record->local_address = allocate_local_address(
            services_.counters_manager, "rcv-local-sockaddr", endpoint.status.id(),
            record->destination->socket->local_address().to_string(), subscription.registration_id,
            subscription.client_id);
    } catch (...) {
        if (record->destination != nullptr) {
            endpoint.endpoint->close_destination(*record->destination);
        }
        ports_.release(record->managed_port);
        throw;
    }
    agents_.receiver_commands.execute(
        [&receiver = agents_.receiver, target = endpoint.endpoint.get(),
         added = record->destination] { receiver.on_add_destination(*target, *added); });
    endpoint.destinations.push_back(std::move(record));
}

void ReceiveEndpoints::remove_destination(ReceiveEndpoint& endpoint, const UdpChannel& channel) {
    for (const auto& record : endpoint.destinations) {
        if (record->is_leaving ||
            record->destination->channel.canonical_form() != channel.canonical_form()) {
            continue;
        }
        record->is_leaving = true;
        agents_.receiver_commands.execute([&receiver = agents_.receiver,
                                           target = endpoint.endpoint.get(),
                                           leaving = record.get()] {
            receiver.on_remove_destination(*target, *leaving->destination);
            leaving->is_released.store(true, std::memory_order_release);
        });
        return;
    }
}

void ReceiveEndpoints::note_released() {
    for (auto& endpoint : endpoints_) {
        if (endpoint->is_closing && endpoint->is_released.load(std::memory_order_acquire)) {
            released_.push_back(std::move(endpoint));
        }
    }
    if (!released_.empty()) std::erase(endpoints_, nullptr);
}

int ReceiveEndpoints::destroy_released() {
    auto work = static_cast<int>(released_.size());
    for (const auto& endpoint : released_) free(*endpoint);
    released_.clear();
    for (const auto& endpoint : endpoints_) work += destroy_released_destinations(*endpoint);
    return work;
}

int ReceiveEndpoints::destroy_released_destinations(ReceiveEndpoint& endpoint) {
    if (endpoint.destinations.empty()) return 0;
    return static_cast<int>(std::erase_if(endpoint.destinations, [&](const auto& record) {
        if (!record->is_leaving || !record->is_released.load(std::memory_order_acquire)) {
            return false;
        }
        endpoint.resolved_controls.erase(record->destination->id);
        endpoint.endpoint->close_destination(*record->destination);
        services_.counters_manager.free(record->local_address);
        ports_.release(record->managed_port);
        return true;
    }));
}

void ReceiveEndpoints::free(ReceiveEndpoint& endpoint) {
    for (const auto& record : endpoint.destinations) {
        services_.counters_manager.free(record->local_address);
        ports_.release(record->managed_port);
    }
    endpoint.endpoint.reset();
    services_.counters_manager.free(endpoint.local_address);
    services_.counters_manager.free(endpoint.status);
    ports_.release(endpoint.managed_port);
}

void ReceiveEndpoints::close() {
    for (const auto& endpoint : endpoints_) free(*endpoint);
    endpoints_.clear();
}

}  // namespace tern::driver
