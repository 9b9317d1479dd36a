// What the sender does with a publication (DSR-3.2 .. DSR-3.11).
#include <algorithm>

#include "tern/base/planted_fault.hpp"
#include "tern/driver/conductor_requests.hpp"
#include "tern/driver/network_publication.hpp"
#include "tern/driver/send_channel_endpoint.hpp"
#include "tern/logbuffer/position.hpp"

namespace tern::driver {

using memory::SystemCounter;
using platform::SocketAddress;
using platform::Train;

std::int64_t NetworkPublication::send(std::int64_t now_ns) {
    const std::int64_t position = counters_.sender_position.get_plain();
    if (!has_initial_connection_ || is_setup_elicited_) send_setup_if_due(now_ns, position);
    std::int64_t bytes = send_data(now_ns, position);
    if (bytes == 0) {
        bytes = send_heartbeat_if_due(now_ns, position);
        on_idle(now_ns, position);
    }
    retransmit_handler_.process_timeouts(now_ns, *this);
    return bytes;
}

// Data ------------------------------------------------------------------------------------------

std::int64_t NetworkPublication::send_data(std::int64_t now_ns, std::int64_t position) {
    const std::int64_t window = counters_.sender_limit.get_plain() - position;
    if (window <= 0) {
        note_back_pressure();
        return 0;
    }
    const Bytes term = log_.term_at(position);
    TrainBatch batch;
    cut_trains(term, logbuffer::term_offset_of(position, log_.term_length()), window,
               params_.mtu_length, params_.max_datagrams_per_send, batch);
    if (batch.bytes == 0) {
        if (batch.is_blocked) note_back_pressure();
        return 0;
    }
    const std::int64_t sent = send_batch(term, batch, now_ns);
    if (sent == batch.bytes) {
        position += batch.padding;
    } else {
        // Whole datagrams from the front were taken; the rest goes with the next cycle.
        system_counters_[SystemCounter::short_sends].fetch_add(1);
        if (sent == 0) return 0;
    }
    time_of_last_data_or_heartbeat_ns_ = now_ns;
    track_sender_limits_ = true;
    counters_.sender_position.set(position + sent);
    return sent;
}

std::int64_t NetworkPublication::send_batch(Bytes term, TrainBatch& batch, std::int64_t now_ns) {
    if (params_.send_timestamp != kNoTimestamp) {
        const std::int64_t epoch_ns = params_.clock->epoch_ns();
        for (const Train& train : batch.span()) {
            const auto begin = static_cast<std::size_t>(train.bytes.data() - term.data());
            const Bytes bytes = term.subspan(begin, train.bytes.size());
            for (std::size_t at = 0; at < bytes.size(); at += train.segment_length) {
                stamp(bytes.subspan(at,
                                    std::min<std::size_t>(train.segment_length, bytes.size() - at)),
                      params_.send_timestamp, epoch_ns);
            }
        }
    }
    const auto result = endpoint_.send(batch.span(), now_ns, response_address_);
    return std::min<std::int64_t>(result.bytes, batch.bytes);
}

void NetworkPublication::note_back_pressure() {
    if (!track_sender_limits_) return;
    track_sender_limits_ = false;  // counts transitions into the limited state
    counters_.back_pressure_events.increment();
    system_counters_[SystemCounter::sender_flow_control_limits].increment();
}

void NetworkPublication::resend(std::int32_t term_id, std::int32_t term_offset, std::int32_t length,
                                std::int64_t now_ns) {
    const std::int64_t position =
        logbuffer::compute_position(term_id, term_offset, log_.shift(), log_.initial_term_id());
    const std::int64_t sender_position = counters_.sender_position.get_plain();
    const std::int64_t bottom =
        sender_position - log_.term_length() / 2 - max_padding_length(log_.term_length());
    if (position < 0 || position < bottom || position >= sender_position) return;

    const Bytes term =
        log_.term_at(planted(Fault::retransmit_from_active_term) ? sender_position : position);
    std::int32_t total = 0;
    while (total < length) {
        TrainBatch batch;
        cut_trains(term, term_offset + total, length - total, params_.mtu_length,
                   kMaxDatagramsPerBatch, batch);
        if (batch.bytes == 0) break;
        if (send_batch(term, batch, now_ns) < batch.bytes) {
            system_counters_[SystemCounter::short_sends].fetch_add(1);
            break;
        }
        total += batch.bytes + batch.padding;
    }
    if (total > 0) {
        system_counters_[SystemCounter::retransmits_sent].increment();
        system_counters_[SystemCounter::retransmitted_bytes].add(total);
    }
}

// Frames of its own -----------------------------------------------------------------------------

bool NetworkPublication::send_frame(ConstBytes frame, std::int64_t now_ns) {
    Train train{frame, static_cast<std::uint32_t>(frame.size()), nullptr};
    const auto result = endpoint_.send({&train, 1}, now_ns, response_address_);
    const bool sent = result.bytes >= static_cast<std::int64_t>(frame.size());
    if (!sent) system_counters_[SystemCounter::short_sends].fetch_add(1);
    return sent;
}

void NetworkPublication::send_setup_if_due(std::int64_t now_ns, std::int64_t position) {
    if (now_ns <= time_of_last_setup_ns_ + kPublicationSetupIntervalNs) return;
    time_of_last_setup_ns_ = now_ns;
    if (is_setup_elicited_) flow_control_->on_setup(now_ns, counters_.sender_limit.get_plain());

    wire::SetupFrame setup;
    if (!params_.is_response && params_.response_correlation_id != kNullValue) {
        setup.header.flags |= wire::setup_flags::kSendResponse;
    }
    if (has_group_semantics_) setup.header.flags |= wire::setup_flags::kGroup;
    setup.term_offset = logbuffer::term_offset_of(position, log_.term_length());
    setup.session_id = params_.session_id;
    setup.stream_id = params_.stream_id;
    setup.initial_term_id = log_.initial_term_id();
    setup.active_term_id = logbuffer::term_id_of(position, log_.shift(), log_.initial_term_id());
    setup.term_length = log_.term_length();
    setup.mtu_length = params_.mtu_length;
    setup.ttl = endpoint_.multicast_ttl();
    send_frame(wire::encode(setup).bytes(), now_ns);

    if (has_receivers_.load(std::memory_order_relaxed)) is_setup_elicited_ = false;
}

std::int64_t NetworkPublication::send_heartbeat_if_due(std::int64_t now_ns, std::int64_t position) {
    if (!has_initial_connection_ ||
        now_ns <= time_of_last_data_or_heartbeat_ns_ + kPublicationHeartbeatIntervalNs) {
        return 0;
    }
    wire::DataHeader heartbeat{};
    heartbeat.type = wire::kDataFrameType;
    heartbeat.flags = wire::data_flags::kUnfragmented;
    if (log_.metadata().is_publication_revoked()) {
        heartbeat.flags |= wire::data_flags::kEndOfStream | wire::data_flags::kRevoked;
    } else if (params_.signal_end_of_stream && is_end_of_stream_.load(std::memory_order_acquire)) {
        heartbeat.flags |= wire::data_flags::kEndOfStream;
    }
    heartbeat.term_offset = logbuffer::term_offset_of(position, log_.term_length());
    heartbeat.session_id = params_.session_id;
    heartbeat.stream_id = params_.stream_id;
    heartbeat.term_id = logbuffer::term_id_of(position, log_.shift(), log_.initial_term_id());

    time_of_last_data_or_heartbeat_ns_ = now_ns;
    system_counters_[SystemCounter::heartbeats_sent].increment();
    const bool sent = send_frame(std::as_bytes(std::span(&heartbeat, 1)), now_ns);
    return sent ? wire::kDataHeaderLength : 0;
}

void NetworkPublication::on_idle(std::int64_t now_ns, std::int64_t position) {
    const bool spies_drive = params_.spies_simulate_connection &&
                             has_spies_.load(std::memory_order_relaxed) &&
                             !has_receivers_.load(std::memory_order_relaxed);
    if (spies_drive) {
        const std::int64_t reached =
            std::max(max_spy_position_.load(std::memory_order_acquire), position);
        if (reached != position) counters_.sender_position.set(reached);
        counters_.sender_limit.set(flow_control_->on_idle(now_ns, reached));
    } else {
        const std::int64_t limit = counters_.sender_limit.get_plain();
        const std::int64_t idle_limit = flow_control_->on_idle(now_ns, limit);
        if (idle_limit != limit) counters_.sender_limit.set(idle_limit);
    }
    remove_silent_receivers(now_ns);
}

void NetworkPublication::remove_silent_receivers(std::int64_t now_ns) {
    if (live_receivers_.empty() || planted(Fault::dead_receiver_never_forgotten)) return;
    const std::int64_t oldest = now_ns - params_.connection_timeout_ns;
    std::erase_if(live_receivers_, [&](const LiveReceiver& receiver) {
        return receiver.time_of_last_status_ns <= oldest;
    });
    if (live_receivers_.empty()) has_receivers_.store(false, std::memory_order_release);
}

// What receivers answer -------------------------------------------------------------------------

bool NetworkPublication::is_plausible(const wire::StatusMessage& message) const {
    const std::int64_t position =
        logbuffer::compute_position(message.consumption_term_id, message.consumption_term_offset,
                                    log_.shift(), log_.initial_term_id());
    const std::int64_t sender_position = counters_.sender_position.get_plain();
    const std::int64_t range = log_.term_length() / 2;
    // This may stand beyond the window by a term's padding.
    const std::int64_t behind = range + max_padding_length(log_.term_length());
    return position >= sender_position - behind && position <= sender_position + range;
}

void NetworkPublication::on_status_message(const wire::StatusMessage& message, std::int64_t now_ns,
                                           ConductorRequests& requests) {
    const auto known =
        std::ranges::find(live_receivers_, message.receiver_id, &LiveReceiver::receiver_id);
    const bool is_leaving = (message.flags & wire::status_flags::kEndOfStream) != 0;
    // One that comes back is lingered for again, unlike upstream: it may still have to ask.
    has_received_unicast_eos_.store(is_leaving && !has_group_semantics_, std::memory_order_release);
    if (is_leaving) {
        if (known != live_receivers_.end()) live_receivers_.erase(known);
    } else if (known != live_receivers_.end()) {
        known->time_of_last_status_ns = now_ns;
    } else if (live_receivers_.size() < kMaxLiveReceivers) {
        live_receivers_.push_back({message.receiver_id, now_ns});
    }
    const bool is_live = !live_receivers_.empty();
    if (!is_live) {
        is_connection_reported_ = false;
    } else if (params_.is_response && !is_connection_reported_) {
        is_connection_reported_ = requests.response_connected(params_.response_correlation_id);
    }
    has_receivers_.store(is_live, std::memory_order_release);
    has_initial_connection_ = true;

    const std::int64_t position =
        logbuffer::compute_position(message.consumption_term_id, message.consumption_term_offset,
                                    log_.shift(), log_.initial_term_id());
    wire::StatusMessage bounded = message;  // no receiver takes more than half a term
    bounded.receiver_window_length =
        std::min(message.receiver_window_length, log_.term_length() / 2);
    counters_.sender_limit.set(flow_control_->on_status_message(
        bounded, position, counters_.sender_limit.get_plain(), now_ns));
    set_connected(has_network_subscribers() || (params_.spies_simulate_connection &&
                                                has_spies_.load(std::memory_order_acquire)));
}

void NetworkPublication::on_elicit_setup(const wire::StatusMessage& message,
                                         const SocketAddress& source) {
    if (is_end_of_stream_.load(std::memory_order_acquire)) return;
    if (has_initial_connection_ && planted(Fault::late_receiver_gets_no_setup)) return;
    is_setup_elicited_ = true;
    flow_control_->on_trigger_send_setup(message);
    if (params_.is_response) response_address_ = source;
}

void NetworkPublication::on_nak(const wire::NakFrame& nak, std::int64_t now_ns) {
    counters_.naks_received.increment();
    if (planted(Fault::closed_stream_not_repaired) &&
        is_end_of_stream_.load(std::memory_order_acquire)) {
        return;
    }
    const std::int32_t length =
        planted(Fault::all_sent_again) ? log_.term_length() - nak.term_offset : nak.length;
    retransmit_handler_.on_nak(nak.term_id, nak.term_offset, length,
                               flow_control_->max_retransmission_length(log_.term_length()), now_ns,
                               *this);
}

void NetworkPublication::on_rttm(const wire::RttmFrame& rttm, std::int64_t now_ns) {
    if ((rttm.header.flags & wire::rttm_flags::kReply) == 0) return;
    wire::RttmFrame reply;
    reply.session_id = params_.session_id;
    reply.stream_id = params_.stream_id;
    reply.echo_timestamp_ns = rttm.echo_timestamp_ns;
    reply.receiver_id = rttm.receiver_id;
    send_frame(wire::encode(reply).bytes(), now_ns);
}

void NetworkPublication::on_error(const wire::ErrorFrame& error, const SocketAddress& source,
                                  std::int64_t destination_registration_id,
                                  ConductorRequests& requests) {
    flow_control_->on_error(error.receiver_id);
    const auto known =
        std::ranges::find(live_receivers_, error.receiver_id, &LiveReceiver::receiver_id);
    if (known == live_receivers_.end()) return;
    live_receivers_.erase(known);
    if (live_receivers_.empty()) has_receivers_.store(false, std::memory_order_release);
    // A refused notice is lost: it is information for the operator, the effect is in place.
    static_cast<void>(
        requests.publication_error({.registration_id = params_.registration_id,
                                    .destination_registration_id = destination_registration_id,
                                    .session_id = params_.session_id,
                                    .stream_id = params_.stream_id,
                                    .receiver_id = error.receiver_id,
                                    .group_tag = error.group_tag.value_or(kNullValue),
                                    .source = source,
                                    .error_code = error.error_code,
                                    .text = error.text}));
}

void NetworkPublication::on_response_setup(const wire::ResponseSetupFrame& frame,
                                           ConductorRequests& requests) {
    if (params_.response_correlation_id == kNullValue) return;
    // A refused request comes again: the peer repeats RSP_SETUP.
    static_cast<void>(
        requests.response_setup(params_.response_correlation_id, frame.response_session_id));
}

}  // namespace tern::driver
