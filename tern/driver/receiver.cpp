#include "tern/driver/receiver.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "tern/base/planted_fault.hpp"

namespace tern::driver {

using memory::SystemCounter;
using platform::SocketAddress;

namespace {

/// Up to this many sockets it is cheaper to try each than to ask which are readable.
constexpr std::size_t kDirectPollLimit = 1;
constexpr std::size_t kPollTokens = 64;

}  // namespace

Receiver::Receiver(const DriverContext& context, const platform::Platform& platform,
                   const memory::SystemCounters& counters, CommandQueue& commands,
                   ConductorRequests& requests)
    : context_(context),
      clock_(platform.clock),
      counters_(counters),
      commands_(commands),
      requests_(requests),
      duty_cycle_(counters[SystemCounter::receiver_max_cycle_time],
                  counters[SystemCounter::receiver_cycle_time_threshold_exceeded],
                  context.receiver_cycle_threshold_ns, platform.clock.nano_time()),
      poller_(platform.network.make_poller()),
      re_resolution_deadline_ns_(platform.clock.nano_time() +
                                 context.re_resolution_check_interval_ns) {}

int Receiver::do_work() {
    const std::int64_t now_ns = clock_.nano_time();
    duty_cycle_.update(now_ns);
    int work = commands_.run(kReceiverCommandsPerCycle);
    if (const std::int64_t bytes = poll_sockets(now_ns); bytes > 0) {
        counters_[SystemCounter::bytes_received].add(bytes);
        ++work;
    }
    for (PublicationImage* image : images_) work += image->send_pending(now_ns);
    for (ReceiveChannelEndpoint* endpoint : endpoints_) endpoint->check_pending_setups(now_ns);
    check_for_re_resolution(now_ns);
    return work;
}

std::int64_t Receiver::poll_sockets(std::int64_t now_ns) {
    std::int64_t bytes = 0;
    if (transports_.size() <= kDirectPollLimit) {
        for (const auto& transport : transports_) {
            bytes += transport->endpoint->poll(*transport->destination, now_ns, requests_);
        }
        return bytes;
    }
    std::array<std::uint64_t, kPollTokens> ready;
    const std::size_t count = poller_->poll(ready);
    for (std::size_t i = 0; i < count; ++i) {
        const auto& transport = *reinterpret_cast<Transport*>(ready[i]);
        bytes += transport.endpoint->poll(*transport.destination, now_ns, requests_);
    }
    return bytes;
}

void Receiver::check_for_re_resolution(std::int64_t now_ns) {
    if (context_.re_resolution_check_interval_ns == 0 || now_ns <= re_resolution_deadline_ns_) {
        return;
    }
    re_resolution_deadline_ns_ = now_ns + context_.re_resolution_check_interval_ns;
    for (ReceiveChannelEndpoint* endpoint : endpoints_) {
        endpoint->check_for_re_resolution(now_ns, requests_);
    }
}

// Endpoints and destinations --------------------------------------------------------------------

void Receiver::add_transport(ReceiveChannelEndpoint& endpoint, ReceiveDestination& destination) {
    transports_.push_back(std::make_unique<Transport>(Transport{&endpoint, &destination}));
    poller_->add(*destination.socket, reinterpret_cast<std::uint64_t>(transports_.back().get()));
}

void Receiver::remove_transport(const ReceiveDestination& destination) {
    const auto removed = std::erase_if(
        transports_, [&](const auto& transport) { return transport->destination == &destination; });
    if (removed != 0) poller_->remove(*destination.socket);
}

void Receiver::on_add_endpoint(ReceiveChannelEndpoint& endpoint) {
    endpoints_.push_back(&endpoint);
    endpoint.activate(clock_.nano_time());
    for (ReceiveDestination* destination : endpoint.destinations()) {
        add_transport(endpoint, *destination);
    }
}

void Receiver::on_remove_endpoint(ReceiveChannelEndpoint& endpoint) {
    for (ReceiveDestination* destination : endpoint.destinations()) {
        remove_transport(*destination);
    }
    std::erase(endpoints_, &endpoint);
    std::erase_if(images_,
                  [&](const PublicationImage* image) { return &image->endpoint() == &endpoint; });
}

void Receiver::on_add_destination(ReceiveChannelEndpoint& endpoint,
                                  ReceiveDestination& destination) {
    const std::int64_t now_ns = clock_.nano_time();
    endpoint.activate_destination(destination, now_ns);
    const bool is_first = endpoint.destinations().size() == 1;
    if (is_first || !planted(Fault::receive_destination_unread)) {
        add_transport(endpoint, destination);
    }
    for (PublicationImage* image : images_) {
        if (&image->endpoint() == &endpoint) image->add_destination(destination, now_ns);
    }
}

void Receiver::on_remove_destination(ReceiveChannelEndpoint& endpoint,
                                     ReceiveDestination& destination) {
    remove_transport(destination);
    endpoint.deactivate_destination(destination);
    for (PublicationImage* image : images_) {
        if (&image->endpoint() == &endpoint) {
            image->remove_destination(destination, clock_.nano_time());
        }
    }
}

void Receiver::on_resolution_change(ReceiveChannelEndpoint& endpoint, std::int64_t destination_id,
                                    const SocketAddress& control_address) {
    endpoint.set_control_address(destination_id, control_address);
    counters_[SystemCounter::resolution_changes].fetch_add(1);
}

// Subscriptions and images ----------------------------------------------------------------------

void Receiver::on_add_subscription(ReceiveChannelEndpoint& endpoint, std::int32_t stream_id) {
    endpoint.add_subscription(stream_id);
}

void Receiver::on_add_subscription(ReceiveChannelEndpoint& endpoint, std::int32_t stream_id,
                                   std::int32_t session_id) {
    endpoint.add_subscription(stream_id, session_id);
}

void Receiver::on_remove_subscription(ReceiveChannelEndpoint& endpoint, std::int32_t stream_id) {
    endpoint.remove_subscription(stream_id);
}

void Receiver::on_remove_subscription(ReceiveChannelEndpoint& endpoint, std::int32_t stream_id,
                                      std::int32_t session_id) {
    endpoint.remove_subscription(stream_id, session_id);
}

void Receiver::on_request_setup(ReceiveChannelEndpoint& endpoint, std::int32_t stream_id,
                                std::int32_t session_id) {
    endpoint.request_setup(stream_id, session_id);
}

void Receiver::on_add_image(PublicationImage& image) {
    for (PublicationImage* other : images_) {
        // Its leaving must not be taken for this one's: both use one receiver id.
        if (&other->endpoint() == &image.endpoint() && other->stream_id() == image.stream_id() &&
            other->session_id() == image.session_id() && other->state() != ImageState::active) {
            other->disable_status_messages();
        }
    }
    images_.push_back(&image);
    image.start(clock_.nano_time());
    // Without interest it stays out of the map; the conductor drains it.
    static_cast<void>(image.endpoint().dispatcher().add_image(image));
}

void Receiver::on_remove_image(PublicationImage& image) {
    if (std::erase(images_, &image) != 0) image.endpoint().dispatcher().remove_image(image);
}

void Receiver::on_remove_cool_down(ReceiveChannelEndpoint& endpoint, std::int32_t stream_id,
                                   std::int32_t session_id) {
    if (planted(Fault::session_cools_down_for_ever)) return;
    endpoint.dispatcher().clear(stream_id, session_id, SessionState::cool_down);
}

void Receiver::on_remove_init_in_progress(ReceiveChannelEndpoint& endpoint, std::int32_t stream_id,
                                          std::int32_t session_id) {
    endpoint.dispatcher().clear(stream_id, session_id, SessionState::init_in_progress);
}

void Receiver::on_reject_image(PublicationImage& image, std::string reason) {
    image.reject(std::move(reason));
}

}  // namespace tern::driver
