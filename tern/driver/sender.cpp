#include "tern/driver/sender.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tern::driver {

using memory::SystemCounter;

namespace {

/// Up to this many sockets it is cheaper to try each than to ask which are readable.
constexpr std::size_t kDirectPollLimit = 1;
constexpr std::size_t kPollTokens = 64;

/// What receivers ask for waits no longer than this, and a cycle.
constexpr std::int64_t kControlPollIntervalNs = 10'000;

}  // namespace

Sender::Sender(const DriverContext& context, const platform::Platform& platform,
               const memory::SystemCounters& counters, CommandQueue& commands,
               ConductorRequests& requests)
    : context_(context),
      clock_(platform.clock),
      counters_(counters),
      commands_(commands),
      requests_(requests),
      duty_cycle_(counters[SystemCounter::sender_max_cycle_time],
                  counters[SystemCounter::sender_cycle_time_threshold_exceeded],
                  context.sender_cycle_threshold_ns, platform.clock.nano_time()),
      poller_(platform.network.make_poller()),
      control_poll_deadline_ns_(platform.clock.nano_time()),
      re_resolution_deadline_ns_(platform.clock.nano_time() +
                                 context.re_resolution_check_interval_ns) {}

int Sender::do_work() {
    const std::int64_t now_ns = clock_.nano_time();
    duty_cycle_.update(now_ns);
    int work = commands_.run(kSenderCommandsPerCycle);

    const std::int64_t short_sends_before = counters_[SystemCounter::short_sends].get_plain();
    const std::int64_t bytes_sent = send_publications(now_ns);
    if (bytes_sent > 0) {
        counters_[SystemCounter::bytes_sent].add(bytes_sent);
        ++work;
    }
    const bool was_short = counters_[SystemCounter::short_sends].get_plain() > short_sends_before;
    if (++cycles_since_poll_ >= context_.send_to_status_poll_ratio || was_short ||
        now_ns >= control_poll_deadline_ns_ || is_waiting_for_window()) {
        if (poll_control_sockets(now_ns) > 0) ++work;
        cycles_since_poll_ = 0;
        control_poll_deadline_ns_ = now_ns + kControlPollIntervalNs;
    }
    check_for_re_resolution(now_ns);
    return work;
}

std::int64_t Sender::send_publications(std::int64_t now_ns) {
    const std::size_t size = publications_.size();
    if (size == 0) return 0;
    // Another publication goes first each cycle.
    std::size_t index = next_publication_++;
    if (index >= size) index = next_publication_ = 0;
    std::int64_t bytes = 0;
    for (std::size_t i = 0; i < size; ++i) {
        bytes += publications_[index]->send(now_ns);
        if (++index == size) index = 0;
    }
    return bytes;
}

bool Sender::is_waiting_for_window() const {
    return std::ranges::any_of(publications_, &NetworkPublication::is_waiting_for_window);
}

std::int64_t Sender::poll_control_sockets(std::int64_t now_ns) {
    std::int64_t bytes = 0;
    if (endpoints_.size() <= kDirectPollLimit) {
        for (SendChannelEndpoint* endpoint : endpoints_) {
            bytes += endpoint->poll_control(now_ns, requests_);
        }
        return bytes;
    }
    std::array<std::uint64_t, kPollTokens> ready;
    const std::size_t count = poller_->poll(ready);
    for (std::size_t i = 0; i < count; ++i) {
        bytes += reinterpret_cast<SendChannelEndpoint*>(ready[i])->poll_control(now_ns, requests_);
    }
    return bytes;
}

void Sender::check_for_re_resolution(std::int64_t now_ns) {
    if (context_.re_resolution_check_interval_ns == 0 || now_ns <= re_resolution_deadline_ns_) {
        return;
    }
    re_resolution_deadline_ns_ = now_ns + context_.re_resolution_check_interval_ns;
    for (SendChannelEndpoint* endpoint : endpoints_) {
        endpoint->check_for_re_resolution(now_ns, requests_);
    }
}

// Commands --------------------------------------------------------------------------------------

void Sender::on_add_endpoint(SendChannelEndpoint& endpoint) {
    endpoints_.push_back(&endpoint);
    poller_->add(endpoint.control_socket(), reinterpret_cast<std::uint64_t>(&endpoint));
}

void Sender::on_remove_endpoint(SendChannelEndpoint& endpoint) {
    if (std::erase(endpoints_, &endpoint) != 0) poller_->remove(endpoint.control_socket());
}

void Sender::on_add_publication(NetworkPublication& publication) {
    publications_.push_back(&publication);
    publication.endpoint().register_publication(publication);
}

void Sender::on_remove_publication(NetworkPublication& publication) {
    std::erase(publications_, &publication);
    publication.endpoint().unregister_publication(publication);
}

void Sender::on_add_destination(SendChannelEndpoint& endpoint,
                                const platform::SocketAddress& address, std::string endpoint_text,
                                std::int64_t registration_id) {
    if (auto* destinations = endpoint.destinations()) {
        destinations->add(address, std::move(endpoint_text), registration_id, clock_.nano_time());
    }
}

void Sender::on_remove_destination(SendChannelEndpoint& endpoint,
                                   const platform::SocketAddress& address) {
    if (auto* destinations = endpoint.destinations()) destinations->remove(address);
}

void Sender::on_remove_destination(SendChannelEndpoint& endpoint, std::int64_t registration_id) {
    if (auto* destinations = endpoint.destinations()) destinations->remove(registration_id);
}

void Sender::on_resolution_change(SendChannelEndpoint& endpoint, std::string_view endpoint_text,
                                  const platform::SocketAddress& address) {
    if (auto* destinations = endpoint.destinations()) {
        destinations->resolve(endpoint_text, address);
    } else {
        endpoint.set_data_address(address);
    }
    counters_[SystemCounter::resolution_changes].fetch_add(1);
}

}  // namespace tern::driver
