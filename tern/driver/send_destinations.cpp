#include "tern/driver/send_destinations.hpp"

#include <algorithm>

#include "tern/base/planted_fault.hpp"

namespace tern::driver {

using platform::SocketAddress;

SendDestinations::SendDestinations(bool is_manual, memory::Counter count)
    : is_manual_(is_manual), count_(count) {
    destinations_.reserve(16);
}

bool SendDestinations::add(const SocketAddress& address, std::string endpoint,
                           std::int64_t registration_id, std::int64_t now_ns) {
    if (destinations_.size() == kMaxSendDestinations) return false;
    const bool is_unused = planted(Fault::manual_destination_unused) && !destinations_.empty();
    destinations_.push_back({.address = is_unused ? SocketAddress{} : address,
                             .endpoint = std::move(endpoint),
                             .registration_id = registration_id,
                             .receiver_id = std::nullopt,
                             .time_of_last_activity_ns = now_ns});
    publish_count();
    return true;
}

bool SendDestinations::remove(const SocketAddress& address) {
    const auto found = std::ranges::find(destinations_, address, &Destination::address);
    if (found == destinations_.end()) return false;
    destinations_.erase(found);
    publish_count();
    return true;
}

bool SendDestinations::remove(std::int64_t registration_id) {
    const auto found =
        std::ranges::find(destinations_, registration_id, &Destination::registration_id);
    if (found == destinations_.end()) return false;
    destinations_.erase(found);
    publish_count();
    return true;
}

std::size_t SendDestinations::resolve(std::string_view endpoint, const SocketAddress& address) {
    std::size_t changed = 0;
    for (Destination& destination : destinations_) {
        if (destination.endpoint != endpoint) continue;
        destination.address = address;
        ++changed;
    }
    return changed;
}

bool SendDestinations::matches(const Destination& destination, std::int64_t receiver_id,
                               const SocketAddress& source) const {
    if (destination.receiver_id) {
        return *destination.receiver_id == receiver_id &&
               destination.address.port() == source.port();
    }
    return destination.address == source;
}

void SendDestinations::on_status_message(std::int64_t receiver_id, const SocketAddress& source,
                                         std::int64_t now_ns) {
    for (Destination& destination : destinations_) {
        if (!matches(destination, receiver_id, source)) continue;
        destination.receiver_id = receiver_id;
        destination.time_of_last_activity_ns = now_ns;
        return;
    }
    if (is_manual_ || destinations_.size() == kMaxSendDestinations) return;
    destinations_.push_back({.address = source,
                             .endpoint = {},
                             .registration_id = -1,
                             .receiver_id = receiver_id,
                             .time_of_last_activity_ns = now_ns});
    publish_count();
}

std::int64_t SendDestinations::registration_id_of(std::int64_t receiver_id,
                                                  const SocketAddress& source) const {
    for (const Destination& destination : destinations_) {
        if (matches(destination, receiver_id, source)) return destination.registration_id;
    }
    return -1;
}

platform::SendResult SendDestinations::send(platform::UdpSocket& socket,
                                            std::span<platform::Train> trains,
                                            std::int64_t now_ns) {
    if (!is_manual_) remove_expired(now_ns);
    platform::SendResult result;
    for (const platform::Train& train : trains) {
        result.bytes += static_cast<std::int64_t>(train.bytes.size());
    }
    const std::size_t size = destinations_.size();
    if (size == 0) return result;
    // Another destination goes first each time: none is always the one that a full buffer hits.
    const std::size_t start = next_start_++ % size;
    for (std::size_t i = 0; i < size; ++i) {
        const SocketAddress& address = destinations_[(start + i) % size].address;
        if (address.empty()) continue;
        for (platform::Train& train : trains) train.destination = &address;
        if (const auto sent = socket.send(trains); sent.error != 0) result.error = sent.error;
    }
    return result;
}

void SendDestinations::remove_expired(std::int64_t now_ns) {
    const auto removed = std::erase_if(destinations_, [&](const Destination& destination) {
        return now_ns > destination.time_of_last_activity_ns + kDestinationTimeoutNs;
    });
    if (removed != 0) publish_count();
}

std::optional<std::int64_t> SendDestinations::next_silent(std::int64_t now_ns) {
    if (!is_manual_) return std::nullopt;
    for (Destination& destination : destinations_) {
        if (now_ns <= destination.time_of_last_activity_ns + kDestinationTimeoutNs) continue;
        destination.time_of_last_activity_ns = now_ns;
        return destination.registration_id;
    }
    return std::nullopt;
}

void SendDestinations::publish_count() const {
    if (count_) count_.set(static_cast<std::int64_t>(destinations_.size()));
}

}  // namespace tern::driver
