// What the conductor does with an image (DSR-7.3, DSR-7.8, DRV-11.4).
#include "tern/driver/publication_image.hpp"

#include <algorithm>
#include <utility>

#include "tern/base/planted_fault.hpp"

namespace tern::driver {

PublicationImage::PublicationImage(
    const PublicationImageParams& params, const PublicationImageCounters& counters,
    const logbuffer::LogBuffers& log, ReceiveChannelEndpoint& endpoint,
    std::unique_ptr<CongestionControl> congestion_control, FeedbackDelay delay,
    const memory::SystemCounters& system_counters, std::int64_t now_ns)
    : params_(params),
      counters_(counters),
      log_(log),
      endpoint_(endpoint),
      congestion_control_(std::move(congestion_control)),
      system_counters_(system_counters),
      max_window_length_(congestion_control_->max_window_length()),
      loss_detector_(delay),
      next_status_position_(params.join_position),
      next_window_length_(congestion_control_->initial_window_length()),
      time_of_next_status_ns_(now_ns),
      time_of_last_state_change_ns_(now_ns),
      response_session_id_(kNoResponseSession),
      time_of_last_packet_ns_(now_ns),
      whole_limit_(params.join_position),
      last_status_position_(params.join_position),
      overrun_threshold_(params.join_position + log.term_length() / 2),
      clean_limit_(params.join_position),  // of a new log
      gap_end_(params.join_position),
      status_deadline_ns_(now_ns - 1) {
    counters_.receiver_high_water_mark.set(params.join_position);
    counters_.receiver_position.set(params.join_position);
    acknowledgement_.publish({params.join_position, next_window_length_});
    connections_.reserve(kMaxReceiveDestinations);
}

int PublicationImage::track_rebuild(std::int64_t now_ns, const WorkingPositions& subscribers) {
    const ImageState current = state();
    if (!subscribers.any() || (current != ImageState::active && current != ImageState::draining) ||
        log_.metadata().is_publication_revoked()) {
        return 0;
    }
    const std::int64_t from = std::max({counters_.receiver_position.get_plain(), subscribers.max,
                                        whole_limit_.load(std::memory_order_acquire)});
    const auto scan =
        loss_detector_.scan(log_, from, counters_.receiver_high_water_mark.get(), now_ns);
    int work = counters_.receiver_position.propose_max(scan.rebuild_position) ? 1 : 0;
    if (scan.due) {
        loss_.publish(*scan.due);
        report_loss(*scan.due);
    }
    const std::int64_t consumed = planted(Fault::unread_bytes_acknowledged)
                                      ? counters_.receiver_position.get_plain()
                                      : subscribers.min;
    const auto decision = congestion_control_->on_track_rebuild(
        now_ns, {.loss_found = scan.loss_found,
                 .consumed_position = consumed,
                 .acknowledged_position = next_status_position_});
    // What is told again after a while is told anew: a sender whose next message is just too long
    // for its window may have been waiting for it.
    const bool is_outdated = consumed > next_status_position_ &&
                             now_ns - time_of_next_status_ns_ >= params_.status_message_timeout_ns;
    if (decision.force_status_message || decision.window_length != next_window_length_ ||
        consumed > next_status_position_ + decision.window_length / 4 || is_outdated) {
        time_of_next_status_ns_ = now_ns;
        schedule_status_message(consumed, decision.window_length);
        work = 1;
    }
    return work;
}

void PublicationImage::schedule_status_message(std::int64_t position, std::int32_t window_length) {
    next_status_position_ = position;
    next_window_length_ = window_length;
    acknowledgement_.publish({position, window_length});
}

void PublicationImage::report_loss(const Gap& gap) {
    if (!params_.on_loss) return;
    std::int64_t lost = gap.length;  // what the last report did not cover yet
    if (last_reported_loss_ && last_reported_loss_->term_id == gap.term_id) {
        const std::int32_t end = last_reported_loss_->term_offset + last_reported_loss_->length;
        if (gap.term_offset < end) {
            lost = std::max(0, gap.term_offset + gap.length - end);
        }
    }
    last_reported_loss_ = gap;
    if (lost > 0) params_.on_loss(lost);
}

// Subscribers -----------------------------------------------------------------------------------

bool PublicationImage::accepts_subscribers(const WorkingPositions& subscribers) const {
    if (!subscribers.any()) return false;
    const ImageState current = state();
    return current == ImageState::active ||
           (current == ImageState::draining &&
            !subscribers.all_reached(counters_.receiver_position.get_plain()));
}

std::int64_t PublicationImage::join_position(const WorkingPositions& subscribers) const {
    const std::int64_t rebuilt = counters_.receiver_position.get_plain();
    return subscribers.any() ? std::min(rebuilt, subscribers.min) : rebuilt;
}

std::int64_t PublicationImage::untethered_limit(const WorkingPositions& subscribers) const {
    if (!subscribers.any()) return INT64_MIN;  // nobody to be measured by
    // A sender that waits for the slowest may have left less than a datagram of the window unused.
    const std::int32_t leeway = std::max(next_window_length_ / 4, params_.mtu_length);
    return subscribers.max - next_window_length_ + leeway;
}

void PublicationImage::set_response_session_id(std::optional<std::int32_t> session_id) noexcept {
    response_session_id_.store(session_id ? std::int64_t{*session_id} : kNoResponseSession,
                               std::memory_order_release);
}

// Life ------------------------------------------------------------------------------------------

void PublicationImage::enter(ImageState state, std::int64_t now_ns) {
    state_.store(state, std::memory_order_release);
    time_of_last_state_change_ns_ = now_ns;
}

ImageAction PublicationImage::on_time_event(std::int64_t now_ns,
                                            const WorkingPositions& subscribers,
                                            bool has_subscribers) {
    switch (state()) {
        case ImageState::active:
            if (is_over(now_ns, subscribers)) enter(ImageState::draining, now_ns);
            return ImageAction::none;
        case ImageState::draining:
            if (!is_drained(now_ns, subscribers)) return ImageAction::none;
            enter(ImageState::linger, now_ns);
            return ImageAction::make_unavailable;
        case ImageState::linger:
            if (has_subscribers &&
                now_ns <= time_of_last_state_change_ns_ + params_.liveness_timeout_ns) {
                return ImageAction::none;
            }
            enter(ImageState::done, now_ns);
            return ImageAction::free;
        case ImageState::done:
            break;
    }
    return ImageAction::none;
}

bool PublicationImage::is_over(std::int64_t now_ns, const WorkingPositions& subscribers) {
    if (log_.metadata().is_publication_revoked()) return true;
    const bool is_dead = now_ns > time_of_last_packet_ns_.load(std::memory_order_relaxed) +
                                      params_.liveness_timeout_ns;
    const bool is_complete = is_end_of_stream() && (counters_.receiver_position.get_plain() >=
                                                        counters_.receiver_high_water_mark.get() ||
                                                    planted(Fault::image_ends_before_repair));
    if (subscribers.any() && !is_dead && !is_complete) return false;
    is_sending_end_of_stream_.store(true, std::memory_order_release);
    return true;
}

bool PublicationImage::is_drained(std::int64_t now_ns, const WorkingPositions& subscribers) {
    if (log_.metadata().is_publication_revoked()) {
        is_sending_end_of_stream_.store(true, std::memory_order_release);
        return true;
    }
    // Long enough for the sender to hear of it even when some of the messages are lost.
    const std::int64_t telling_ns = kEndOfStreamStatusMultiple * params_.status_message_timeout_ns;
    const bool all_is_read = subscribers.all_reached(counters_.receiver_position.get_plain()) ||
                             planted(Fault::image_ends_while_read);
    return all_is_read && now_ns > time_of_last_state_change_ns_ + telling_ns;
}

}  // namespace tern::driver
