#include "tern/driver/send_endpoints.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tern/driver/error_report.hpp"
#include "tern/memory/counter_keys.hpp"
#include "tern/memory/counter_types.hpp"

namespace tern::driver {
namespace {

std::string_view name_of(ControlMode mode) {
    switch (mode) {
        case ControlMode::none:
            return "none";
        case ControlMode::dynamic:
            return "dynamic";
        case ControlMode::manual:
            return "manual";
        case ControlMode::response:
            break;
    }
    return "response";
}

}  // namespace

void check_tag_match(const UdpChannel& existing, const UdpChannel& requested) {
    const std::int64_t tag = requested.tag().value_or(kNullValue);
    if (requested.control_mode() != ControlMode::none &&
        requested.control_mode() != existing.control_mode()) {
        throw Error(fmt::format("matching tag {} has mismatched control-mode: {} <> {}", tag,
                                name_of(requested.control_mode()),
                                name_of(existing.control_mode())));
    }
    if (!requested.has_explicit_endpoint() && !requested.has_explicit_control()) return;
    const bool same_text =
        requested.endpoint() == existing.endpoint() && requested.control() == existing.control();
    const bool same_addresses =
        requested.remote_data() == existing.remote_data() && requested.local() == existing.local();
    if (!same_text && !same_addresses) {
        throw Error(fmt::format("matching tag {} has mismatched endpoint or control: {} <> {}", tag,
                                requested.uri(), existing.uri()));
    }
}

void check_can_open(const UdpChannel& channel) {
    if (channel.has_explicit_endpoint() || !channel.control().empty() || channel.is_manual() ||
        channel.is_response()) {
        return;
    }
    throw Error(
        fmt::format("URI must have explicit control, endpoint, or be manual control-mode "
                    "when original: channel={}",
                    channel.uri()));
}

void check_buffers_agree(const UdpChannel& existing, const UdpChannel& requested,
                         const DriverContext& context) {
    const auto check = [&](std::string_view name, std::uint32_t own, std::int32_t configured,
                           std::uint32_t wants) {
        const std::uint32_t has = own != 0 ? own : static_cast<std::uint32_t>(configured);
        if (wants == 0 || wants == has) return;
        throw Error(fmt::format(
            "{}={} does not match existing value of {}: existingChannel={} channel={}", name, wants,
            has == 0 ? "OS default" : std::to_string(has), existing.uri(), requested.uri()));
    };
    check("so-rcvbuf", existing.receive_buffer_length(), context.socket_rcvbuf_length,
          requested.receive_buffer_length());
    check("so-sndbuf", existing.send_buffer_length(), context.socket_sndbuf_length,
          requested.send_buffer_length());
}

bool is_same_endpoint(const UdpChannel& existing, const UdpChannel& requested) {
    if (existing.canonical_form() != requested.canonical_form()) return false;
    return !existing.tag() || !requested.tag() || existing.tag() == requested.tag();
}

memory::Counter allocate_local_address(memory::CountersManager& manager, std::string_view name,
                                       std::int32_t status_id, std::string_view address,
                                       std::int64_t registration_id, std::int64_t client_id) {
    const memory::CounterKey key =
        memory::socket_address_key({.channel_status_id = status_id, .address = address});
    const memory::Counter counter =
        manager.allocate({.type_id = memory::counter_type::kLocalSocketAddress,
                          .key = key.bytes(),
                          .label = fmt::format("{}: {} {}", name, status_id, address),
                          .registration_id = registration_id,
                          .owner_id = client_id});
    counter.set(static_cast<std::int64_t>(memory::ChannelStatus::active));
    return counter;
}

SendEndpoint* SendEndpoints::find(const UdpChannel& channel) {
    SendEndpoint* found = channel.tag() ? find_by_tag(channel) : nullptr;
    if (found == nullptr) {
        const auto same = std::ranges::find_if(endpoints_, [&](const auto& endpoint) {
            return is_same_endpoint(endpoint->endpoint->channel(), channel);
        });
        if (same != endpoints_.end()) found = same->get();
    }
    if (found == nullptr) {
        check_can_open(channel);
        return nullptr;
    }
    if (found->is_closing) {
        throw control_error(wire::ErrorCode::resource_temporarily_unavailable,
                            "send_channel_endpoint found in CLOSING state, please retry");
    }
    const UdpChannel& existing = found->endpoint->channel();
    check_timestamps_agree(wire::uri_key::kChannelSendTimestampOffset,
                           existing.timestamps().channel_send, existing.uri(),
                           channel.timestamps().channel_send, channel.uri());
    return found;
}

SendEndpoint* SendEndpoints::find_by_tag(const UdpChannel& channel) {
    const auto tagged = std::ranges::find_if(endpoints_, [&](const auto& endpoint) {
        return endpoint->endpoint->channel().tag() == channel.tag();
    });
    if (tagged == endpoints_.end()) return nullptr;
    check_tag_match((*tagged)->endpoint->channel(), channel);
    return tagged->get();
}

SendEndpoint& SendEndpoints::open(const UdpChannel& channel, std::int64_t registration_id,
                                  std::int64_t client_id) {
    auto endpoint = std::make_unique<SendEndpoint>();
    endpoint->data_address = channel.remote_data();
    try {
        if (channel.is_multi_destination()) {
            endpoint->destination_count = services_.counters_manager.allocate(
                {.type_id = memory::counter_type::kMdcDestinations,
                 .key = memory::channel_key(channel.uri()).bytes(),
                 .label = fmt::format("mdc-num-dest: {}", channel.uri()),
                 .registration_id = registration_id,
                 .owner_id = client_id});
        }
        if (channel.has_explicit_control()) {
            endpoint->managed_port = ports_.acquire(channel.local().port());
        }
        const DriverContext& context = services_.context;
        endpoint->endpoint = std::make_unique<SendChannelEndpoint>(
            SendChannelEndpointParams{
                .channel = channel,
                .bind_port = endpoint->managed_port,
                .send_buffer_length = static_cast<std::uint32_t>(context.socket_sndbuf_length),
                .receive_buffer_length = static_cast<std::uint32_t>(context.socket_rcvbuf_length),
                .multicast_ttl = context.multicast_ttl,
                .connects = context.connect_enabled,
                .control_batch = static_cast<std::size_t>(context.sender_io_vector_capacity),
                .destination_count = endpoint->destination_count},
            services_.platform.network, services_.system_counters, services_.errors.as_handler());
        allocate_counters(*endpoint, registration_id, client_id);
    } catch (...) {
        free(*endpoint);
        throw;
    }
    endpoints_.push_back(std::move(endpoint));
    SendEndpoint& opened = *endpoints_.back();
    agents_.sender_commands.execute([&sender = agents_.sender, added = opened.endpoint.get()] {
        sender.on_add_endpoint(*added);
    });
    return opened;
}

void SendEndpoints::allocate_counters(SendEndpoint& endpoint, std::int64_t registration_id,
                                      std::int64_t client_id) {
    const std::string& uri = endpoint.endpoint->channel().uri();
    const std::string address = endpoint.endpoint->local_address().to_string();
    endpoint.status = services_.counters_manager.allocate(
        {.type_id = memory::counter_type::kSendChannelStatus,
         .key = memory::channel_key(uri).bytes(),
         .label = fmt::format("snd-channel: {} {}", uri, address),
         .registration_id = registration_id,
         .owner_id = client_id});
    endpoint.local_address =
        allocate_local_address(services_.counters_manager, "snd-local-sockaddr",
                               endpoint.status.id(), address, registration_id, client_id);
    endpoint.status.set(static_cast<std::int64_t>(memory::ChannelStatus::active));
}

void SendEndpoints::release(SendEndpoint& endpoint) {
    if (--endpoint.references > 0) return;
    endpoint.is_closing = true;
    endpoint.status.set(static_cast<std::int64_t>(memory::ChannelStatus::closing));
    agents_.sender_commands.execute([&sender = agents_.sender, leaving = &endpoint] {
        sender.on_remove_endpoint(*leaving->endpoint);
        leaving->is_released.store(true, std::memory_order_release);  // pairs with note_released
    });
}

SendEndpoint* SendEndpoints::find(const SendChannelEndpoint* endpoint) noexcept {
    const auto found = std::ranges::find_if(
        endpoints_, [&](const auto& record) { return record->endpoint.get() == endpoint; });
    return found == endpoints_.end() ? nullptr : found->get();
}

void SendEndpoints::note_released() {
    for (auto& endpoint : endpoints_) {
        if (endpoint->is_closing && endpoint->is_released.load(std::memory_order_acquire)) {
            released_.push_back(std::move(endpoint));
        }
    }
    if (!released_.empty()) std::erase(endpoints_, nullptr);
}

int SendEndpoints::destroy_released() {
    const auto work = static_cast<int>(released_.size());
    for (const auto& endpoint : released_) free(*endpoint);
    released_.clear();
    return work;
}

void SendEndpoints::free(SendEndpoint& endpoint) {
    endpoint.endpoint.reset();
    services_.counters_manager.free(endpoint.local_address);
    services_.counters_manager.free(endpoint.status);
    services_.counters_manager.free(endpoint.destination_count);
    ports_.release(endpoint.managed_port);
}

void SendEndpoints::close() {
    for (const auto& endpoint : endpoints_) free(*endpoint);
    endpoints_.clear();
}

}  // namespace tern::driver
