// What the conductor does with a publication (DSR-3.8, DSR-3.12, DRV-11.5).
#include "tern/driver/network_publication.hpp"

#include <algorithm>
#include <utility>

#include "tern/base/planted_fault.hpp"
#include "tern/driver/send_channel_endpoint.hpp"
#include "tern/logbuffer/log_unblocker.hpp"
#include "tern/logbuffer/term_cleaner.hpp"

namespace tern::driver {

using memory::SystemCounter;

NetworkPublication::NetworkPublication(const NetworkPublicationParams& params,
                                       const NetworkPublicationCounters& counters,
                                       const logbuffer::LogBuffers& log,
                                       SendChannelEndpoint& endpoint,
                                       std::unique_ptr<FlowControl> flow_control,
                                       const memory::SystemCounters& system_counters,
                                       std::int64_t now_ns)
    : params_(params),
      counters_(counters),
      log_(log),
      endpoint_(endpoint),
      flow_control_(std::move(flow_control)),
      system_counters_(system_counters),
      has_group_semantics_(endpoint.channel().has_group_semantics()),
      clean_position_(params.start_position),
      time_of_last_activity_ns_(now_ns),
      last_checked_position_(params.start_position),
      // Both are due at once.
      time_of_last_setup_ns_(now_ns - kPublicationSetupIntervalNs - 1),
      time_of_last_data_or_heartbeat_ns_(now_ns - kPublicationHeartbeatIntervalNs - 1),
      retransmit_handler_({.term_length = log.term_length(),
                           .has_group_semantics = has_group_semantics_,
                           .max_actions = params.max_resend,
                           .delay_ns = params.retransmit_delay_ns,
                           .linger_ns = params.retransmit_linger_ns},
                          system_counters) {
    counters_.publisher_position.set(params.start_position);
    counters_.publisher_limit.set(params.start_position);
    counters_.sender_position.set(params.start_position);
    counters_.sender_limit.set(params.start_position);
    live_receivers_.reserve(16);
}

// Window ----------------------------------------------------------------------------------------

int NetworkPublication::update_publisher_limit(const WorkingPositions& spies) {
    if (state_ != PublicationState::active) return 0;
    counters_.publisher_position.set(producer_position());
    const std::int64_t sender_position = counters_.sender_position.get();
    const std::int64_t current_limit = counters_.publisher_limit.get_plain();
    if (!has_subscribers(spies)) {
        if (current_limit <= sender_position) return 0;
        set_connected(false);
        counters_.publisher_limit.set(sender_position);
        clean_towards(sender_position - log_.term_length());
        return 1;
    }
    std::int64_t min_consumer = sender_position;
    if (spies.any()) {
        if (!planted(Fault::spies_not_waited_for)) {
            min_consumer = std::min(min_consumer, spies.min);
        }
        if (spies.max > max_spy_position_.load(std::memory_order_relaxed)) {
            max_spy_position_.store(spies.max, std::memory_order_release);
        }
    }
    const std::int64_t new_limit = min_consumer + params_.window_length;
    if (new_limit <= current_limit) return 0;
    clean_towards(min_consumer - log_.term_length());
    // Publishers must not enter a term that is not clean yet.
    const std::int64_t term_gap = (new_limit >> log_.shift()) - (clean_position_ >> log_.shift());
    const bool is_within_term = logbuffer::term_offset_of(clean_position_, log_.term_length()) != 0;
    if (term_gap < 2 || (term_gap == 2 && is_within_term)) {
        counters_.publisher_limit.set(new_limit);
    }
    return 1;
}

void NetworkPublication::clean_towards(std::int64_t position) {
    if (position <= clean_position_) return;
    const std::int32_t offset = logbuffer::term_offset_of(clean_position_, log_.term_length());
    const auto length = static_cast<std::int32_t>(
        std::min<std::int64_t>(position - clean_position_, log_.term_length() - offset));
    logbuffer::clean_term(log_.term_at(clean_position_), offset, length);
    clean_position_ += length;
}

bool NetworkPublication::has_network_subscribers() const {
    return has_receivers_.load(std::memory_order_acquire) &&
           flow_control_->has_required_receivers();
}

bool NetworkPublication::has_subscribers(const WorkingPositions& spies) const {
    const bool do_spies_count =
        params_.spies_simulate_connection && !planted(Fault::spies_connect_nobody);
    return has_network_subscribers() || (do_spies_count && spies.any());
}

void NetworkPublication::set_connected(bool connected) {
    if (log_.metadata().is_connected() != connected) log_.metadata().set_connected(connected);
}

// Spies -----------------------------------------------------------------------------------------

bool NetworkPublication::accepts_spies(const WorkingPositions& spies) const {
    if (state_ == PublicationState::active) return true;
    return state_ == PublicationState::draining && spies.any() &&
           producer_position() > counters_.sender_position.get();
}

void NetworkPublication::on_spies_changed(const WorkingPositions& spies) {
    has_spies_.store(spies.any(), std::memory_order_release);
    if (state_ == PublicationState::active && params_.spies_simulate_connection) {
        set_connected(has_subscribers(spies));
    }
}

std::int64_t NetworkPublication::untethered_limit() const {
    return counters_.sender_position.get() - params_.window_length + params_.window_length / 4;
}

// Life ------------------------------------------------------------------------------------------

void NetworkPublication::release_reference(std::int64_t now_ns) {
    if (--references_ > 0 || state_ != PublicationState::active ||
        log_.metadata().is_publication_revoked()) {
        return;
    }
    const std::int64_t producer = producer_position();
    counters_.publisher_limit.set(producer);
    log_.metadata().set_end_of_stream_position(producer);
    if (counters_.sender_position.get() >= producer || planted(Fault::end_of_stream_too_early)) {
        is_end_of_stream_.store(true, std::memory_order_release);
    }
    enter(PublicationState::draining, now_ns);
}

void NetworkPublication::revoke() { log_.metadata().set_publication_revoked(); }

void NetworkPublication::enter(PublicationState state, std::int64_t now_ns) {
    state_ = state;
    time_of_last_activity_ns_ = now_ns;
}

PublicationAction NetworkPublication::on_time_event(std::int64_t now_ns,
                                                    const WorkingPositions& spies) {
    switch (state_) {
        case PublicationState::active:
            return on_active(now_ns, spies);
        case PublicationState::draining:
            return on_draining(now_ns, spies);
        case PublicationState::linger:
            return on_linger(now_ns);
        case PublicationState::done:
            break;
    }
    return PublicationAction::none;
}

PublicationAction NetworkPublication::on_active(std::int64_t now_ns,
                                                const WorkingPositions& spies) {
    const std::int64_t producer = producer_position();
    if (log_.metadata().is_publication_revoked()) {
        counters_.publisher_limit.set(producer);
        log_.metadata().set_end_of_stream_position(producer);
        set_connected(false);
        is_end_of_stream_.store(true, std::memory_order_release);
        system_counters_[SystemCounter::publications_revoked].increment();
        if (planted(Fault::revoked_publication_kept)) return PublicationAction::none;
        enter(PublicationState::linger, now_ns);
        return PublicationAction::detach_spies;
    }
    set_connected(has_subscribers(spies));
    counters_.publisher_position.set(producer);
    if (!params_.is_exclusive) check_for_blocked_publisher(now_ns, producer);
    return PublicationAction::none;
}

void NetworkPublication::check_for_blocked_publisher(std::int64_t now_ns, std::int64_t producer) {
    const std::int64_t position = counters_.sender_position.get();
    const bool is_possibly_blocked =
        producer > position || log_.metadata().active_term_count() != position >> log_.shift();
    if (position != last_checked_position_ || !is_possibly_blocked) {
        last_checked_position_ = position;
        time_of_last_activity_ns_ = now_ns;
    } else if (now_ns > time_of_last_activity_ns_ + params_.unblock_timeout_ns &&
               logbuffer::unblock_log(log_, position)) {
        system_counters_[SystemCounter::unblocked_publications].increment();
    }
}

PublicationAction NetworkPublication::on_draining(std::int64_t now_ns,
                                                  const WorkingPositions& spies) {
    const std::int64_t producer = producer_position();
    const std::int64_t sender_position = counters_.sender_position.get();
    if (producer > sender_position) {
        if (logbuffer::unblock_log(log_, sender_position)) {
            system_counters_[SystemCounter::unblocked_publications].increment();
            return PublicationAction::none;
        }
        // Without receivers what has not been sent is dropped.
        if (has_receivers_.load(std::memory_order_acquire)) return PublicationAction::none;
    } else {
        is_end_of_stream_.store(true, std::memory_order_release);
    }
    if (!spies.all_reached(producer)) return PublicationAction::none;
    enter(PublicationState::linger, now_ns);
    return PublicationAction::detach_spies;
}

PublicationAction NetworkPublication::on_linger(std::int64_t now_ns) {
    const bool is_over = has_received_unicast_eos_.load(std::memory_order_acquire) ||
                         now_ns - time_of_last_activity_ns_ >= params_.linger_timeout_ns;
    if (references_ > 0 || !is_over) return PublicationAction::none;
    enter(PublicationState::done, now_ns);
    return PublicationAction::remove_from_sender;
}

}  // namespace tern::driver
