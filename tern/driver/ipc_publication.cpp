#include "tern/driver/ipc_publication.hpp"

#include <algorithm>

#include "tern/base/planted_fault.hpp"
#include "tern/logbuffer/log_unblocker.hpp"
#include "tern/logbuffer/term_cleaner.hpp"

namespace tern::driver {

IpcPublication::IpcPublication(const IpcPublicationParams& params, LogFile file,
                               memory::Position publisher_position,
                               memory::Position publisher_limit,
                               const memory::SystemCounters& system_counters, std::int64_t now_ns)
    : params_(params),
      file_(std::move(file)),
      publisher_position_(publisher_position),
      publisher_limit_(publisher_limit),
      unblocked_publications_(system_counters[memory::SystemCounter::unblocked_publications]),
      publications_revoked_(system_counters[memory::SystemCounter::publications_revoked]),
      trip_gain_(params.window_length / 8),
      trip_limit_(producer_position()),
      consumer_position_(producer_position()),
      clean_position_(producer_position()),
      last_checked_position_(producer_position()),
      time_of_last_progress_ns_(now_ns) {
    publisher_position_.set(consumer_position_);
    publisher_limit_.set(consumer_position_);
}

int IpcPublication::update_publisher_limit(const WorkingPositions& subscribers) {
    if (state_ != State::active) return 0;
    const std::int64_t producer = producer_position();
    if (publisher_position_.get_plain() != producer) publisher_position_.set(producer);
    if (!subscribers.any()) {
        if (publisher_limit_.get_plain() <= consumer_position_) return 0;
        publisher_limit_.set(consumer_position_);
        trip_limit_ = consumer_position_;
        clean_towards(consumer_position_);
        return 1;
    }
    consumer_position_ = std::max(consumer_position_, subscribers.max);
    const std::int64_t slowest =
        planted(Fault::ipc_ignores_slowest_subscriber) ? subscribers.max : subscribers.min;
    const std::int64_t limit = slowest + params_.window_length;
    if (limit <= trip_limit_) return 0;
    clean_towards(subscribers.min);
    publisher_limit_.set(limit);
    trip_limit_ = limit + trip_gain_;
    return 1;
}

IpcPublication::Action IpcPublication::on_time_event(std::int64_t now_ns,
                                                     const WorkingPositions& subscribers) {
    switch (state_) {
        case State::active:
            return on_active(now_ns, subscribers);
        case State::draining:
            return on_draining(subscribers);
        case State::linger:
            break;
    }
    return references_ == 0 ? Action::free : Action::none;
}

IpcPublication::Action IpcPublication::on_active(std::int64_t now_ns,
                                                 const WorkingPositions& subscribers) {
    const std::int64_t producer = producer_position();
    if (file_.log.metadata().is_publication_revoked()) {
        publisher_limit_.set(producer);
        end_at(producer);
        file_.log.metadata().set_connected(false);
        publications_revoked_.increment();
        state_ = State::linger;
        return Action::announce_end;
    }
    publisher_position_.set(producer);
    on_subscribers_changed(subscribers);
    if (!params_.is_exclusive) check_for_blocked_publisher(now_ns, producer);
    if (is_cooling_down_ && now_ns > cool_down_deadline_ns_) {
        is_cooling_down_ = false;
        return Action::relink;
    }
    return Action::none;
}

IpcPublication::Action IpcPublication::on_draining(const WorkingPositions& subscribers) {
    const std::int64_t producer = producer_position();
    publisher_position_.set(producer);
    if (subscribers.all_reached(producer) || planted(Fault::ipc_ends_before_drained)) {
        state_ = State::linger;
        return Action::announce_end;
    }
    // All publishers are gone, so whatever stands in front of the furthest subscriber is abandoned.
    try_unblock(subscribers.max);
    return Action::none;
}

void IpcPublication::release_reference() {
    if (--references_ > 0 || state_ != State::active) return;
    if (file_.log.metadata().is_publication_revoked()) return;  // the next tick ends it
    const std::int64_t producer = producer_position();
    publisher_limit_.propose_max(producer);
    end_at(producer);
    state_ = State::draining;
}

void IpcPublication::revoke() { file_.log.metadata().set_publication_revoked(); }

void IpcPublication::reject(std::int64_t now_ns) {
    cool_down_deadline_ns_ = now_ns + params_.cool_down_ns;
    is_cooling_down_ = true;
    file_.log.metadata().set_connected(false);
}

bool IpcPublication::accepts_subscribers(const WorkingPositions& subscribers) const {
    if (is_cooling_down_) return false;
    if (state_ == State::active) return true;
    return state_ == State::draining && !subscribers.all_reached(producer_position());
}

std::int64_t IpcPublication::join_position(const WorkingPositions& subscribers) const {
    return subscribers.any() ? std::min(consumer_position_, subscribers.min) : consumer_position_;
}

void IpcPublication::on_subscribers_changed(const WorkingPositions& subscribers) {
    if (state_ != State::active) return;
    const bool connected = subscribers.any() && !is_cooling_down_;
    if (file_.log.metadata().is_connected() != connected) {
        file_.log.metadata().set_connected(connected);
    }
}

std::int64_t IpcPublication::untethered_limit() const noexcept {
    return consumer_position_ - params_.window_length + params_.window_length / 4;
}

void IpcPublication::check_for_blocked_publisher(std::int64_t now_ns, std::int64_t producer) {
    const std::int64_t position = consumer_position_;
    const bool may_be_blocked = producer > position || file_.log.metadata().active_term_count() !=
                                                           (position >> file_.log.shift());
    if (position != last_checked_position_ || !may_be_blocked) {
        last_checked_position_ = position;
        time_of_last_progress_ns_ = now_ns;
        return;
    }
    if (now_ns - time_of_last_progress_ns_ > params_.unblock_timeout_ns) try_unblock(position);
}

void IpcPublication::try_unblock(std::int64_t position) {
    if (logbuffer::unblock_log(file_.log, position)) unblocked_publications_.increment();
}

void IpcPublication::end_at(std::int64_t position) {
    file_.log.metadata().set_end_of_stream_position(position);
}

void IpcPublication::clean_towards(std::int64_t position) {
    position &=
        ~std::int64_t{logbuffer::kFrameAlignment - 1};  // another process may have written it
    if (position <= clean_position_) return;
    const std::int32_t offset = logbuffer::term_offset_of(clean_position_, file_.log.term_length());
    const auto length = static_cast<std::int32_t>(
        std::min<std::int64_t>(position - clean_position_, file_.log.term_length() - offset));
    logbuffer::clean_term(file_.log.term_at(clean_position_), offset, length);
    clean_position_ += length;
}

}  // namespace tern::driver
