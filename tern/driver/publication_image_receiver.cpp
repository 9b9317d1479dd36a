// What the receiver does with an image (DSR-7.2, DSR-7.4 .. DSR-7.12).
#include <algorithm>
#include <utility>

#include "tern/base/planted_fault.hpp"
#include "tern/base/prefetch.hpp"
#include "tern/driver/publication_image.hpp"
#include "tern/driver/term_trains.hpp"
#include "tern/logbuffer/position.hpp"
#include "tern/logbuffer/term_cleaner.hpp"
#include "tern/logbuffer/term_rebuilder.hpp"

namespace tern::driver {

using memory::SystemCounter;
using platform::SocketAddress;

namespace {

constexpr std::int64_t kNever = INT64_MIN;
/// Bytes that are fetched for the next datagram, at most.
constexpr std::size_t kPrefetchLength = 2'048;

/// The address that answers go to now; empty when it is not known.
const SocketAddress& answer_address(const ReceiveDestination& destination,
                                    const SocketAddress& source) {
    return destination.control_address.empty() ? source : destination.control_address;
}

}  // namespace

// Insertion -------------------------------------------------------------------------------------

void PublicationImage::on_data(const wire::DataHeaderView& header, ConstBytes datagram,
                               ReceiveDestination& destination, const SocketAddress& source,
                               std::int64_t now_ns) {
    if (rejection_reason_ || logbuffer::term_count(header.term_id(), log_.initial_term_id()) < 0) {
        return;
    }
    const bool is_heartbeat =
        header.frame_length() == 0 && datagram.size() == sizeof(wire::DataHeader);
    const auto length = is_heartbeat ? 0 : static_cast<std::int64_t>(datagram.size());
    if (header.term_offset() < 0 || !is_aligned(header.term_offset(), wire::kFrameAlignment) ||
        header.term_offset() + length > log_.term_length()) {
        system_counters_[SystemCounter::invalid_packets].fetch_add(1);
        return;
    }
    const std::int64_t position = logbuffer::compute_position(
        header.term_id(), header.term_offset(), log_.shift(), log_.initial_term_id());
    // A heartbeat may come from behind the padding of a term, beyond the window: when all of the
    // window was lost, it is all there is to tell of that.
    const std::int64_t beyond = is_heartbeat ? max_padding_length(log_.term_length()) : 0;
    if (position + length > overrun_threshold_ + beyond) {
        system_counters_[SystemCounter::flow_control_over_runs].increment();
        return;
    }
    if (is_heartbeat) {
        on_heartbeat(position, header.flags(), destination, source, now_ns);
        return;
    }
    if (position < last_status_position_ && !planted(Fault::stale_datagram_inserted)) {
        system_counters_[SystemCounter::flow_control_under_runs].increment();
        // A slower one of several paths is still a path.
        if (position + length >= last_status_position_ - max_window_length_) {
            track_connection(destination, source, now_ns);
        }
        return;
    }
    const std::int32_t end = logbuffer::insertable_end(datagram, log_.term_length());
    if (end == logbuffer::kNotInsertable) {
        system_counters_[SystemCounter::invalid_packets].fetch_add(1);
        return;
    }
    time_of_last_packet_ns_.store(now_ns, std::memory_order_relaxed);
    track_connection(destination, source, now_ns);
    insert(position, datagram, position - header.term_offset() + end);
    counters_.receiver_high_water_mark.propose_max(position + length);
}

// `end`: of the last frame, its padding included.
void PublicationImage::insert(std::int64_t position, ConstBytes datagram,
                              std::int64_t end) noexcept {
    const Bytes term = log_.term_at(position);
    const std::int32_t offset = logbuffer::term_offset_of(position, log_.term_length());
    const std::int64_t datagram_end =
        position + align_up(std::ssize(datagram), std::ptrdiff_t{logbuffer::kFrameAlignment});
    if (position < clean_limit_ && logbuffer::frame_length_at(term.data() + offset) != 0) {
        expect_from(datagram_end);  // the rest, if there is one, comes by itself
        return;
    }
    if (position > clean_limit_) expect_from(position);
    if (datagram_end > clean_limit_) {
        clean_word(datagram_end);
        clean_limit_ = datagram_end;
    }
    if (end > clean_limit_) clean_up_to(end);
    // The next datagram most likely goes where this one ends, and is as long.
    prefetch_to_write(term.data() + offset + datagram_end - position,
                      std::min(datagram.size(), kPrefetchLength));
    logbuffer::insert_packet(term, offset, datagram);
    if (whole_limit_.load(std::memory_order_relaxed) >= gap_end_ ||
        counters_.receiver_position.get() >= gap_end_) {
        whole_limit_.store(clean_limit_, std::memory_order_release);
    }
}

/// What lies between here and what has come so far is missing.
void PublicationImage::expect_from(std::int64_t position) noexcept {
    if (position <= clean_limit_) return;
    clean_up_to(position);
    gap_end_ = position;
}

// A term that comes round again is not cleaned as a whole, since most of it is written in order:
// only what readers may look at before it is written. That is all before clean_limit_, and the
// length word there. Three terms before, at the same place, lies what all subscribers have left
// behind long ago.
void PublicationImage::clean_up_to(std::int64_t position) noexcept {
    clean(clean_limit_, position);
    clean_word(position);
    clean_limit_ = position;
}

void PublicationImage::clean(std::int64_t begin, std::int64_t end) noexcept {
    if (planted(Fault::image_term_not_cleaned)) return;
    while (begin < end) {
        const std::int32_t offset = logbuffer::term_offset_of(begin, log_.term_length());
        const std::int64_t length =
            std::min(end - begin, std::int64_t{log_.term_length()} - offset);
        logbuffer::clean_term(log_.term_at(begin), offset, static_cast<std::int32_t>(length));
        begin += length;
    }
}

void PublicationImage::clean_word(std::int64_t position) noexcept {
    if (planted(Fault::image_term_not_cleaned)) return;
    logbuffer::clean_word(log_.term_at(position),
                          logbuffer::term_offset_of(position, log_.term_length()));
}

void PublicationImage::on_heartbeat(std::int64_t position, std::uint8_t flags,
                                    ReceiveDestination& destination, const SocketAddress& source,
                                    std::int64_t now_ns) {
    if (position < std::max<std::int64_t>(0, last_status_position_ - log_.term_length())) {
        system_counters_[SystemCounter::flow_control_under_runs].increment();
        return;
    }
    if (!planted(Fault::heartbeat_keeps_nothing_alive)) {
        time_of_last_packet_ns_.store(now_ns, std::memory_order_relaxed);
    }
    Connection& connection = connection_of(destination, source, now_ns);
    connection.time_of_last_activity_ns = now_ns;
    connection.time_of_last_frame_ns = now_ns;
    if ((flags & wire::data_flags::kEndOfStream) != 0) {
        on_end_of_stream(connection, position, (flags & wire::data_flags::kRevoked) != 0);
    }
    if (!planted(Fault::tail_loss_unnoticed)) {
        expect_from(position);
        counters_.receiver_high_water_mark.propose_max(position);
    }
    system_counters_[SystemCounter::heartbeats_received].increment();
}

void PublicationImage::on_end_of_stream(Connection& connection, std::int64_t position,
                                        bool is_revoked) {
    connection.is_end_of_stream = true;
    connection.end_of_stream_position = position;
    if (is_end_of_stream_.load(std::memory_order_relaxed) ||
        !std::ranges::all_of(connections_, &Connection::is_end_of_stream)) {
        return;
    }
    std::int64_t end = 0;
    for (const Connection& each : connections_) {
        end = std::max(end, each.end_of_stream_position);
    }
    if (is_revoked) {
        log_.metadata().set_publication_revoked();
        system_counters_[SystemCounter::publication_images_revoked].increment();
    }
    log_.metadata().set_end_of_stream_position(end);
    is_end_of_stream_.store(true, std::memory_order_release);
}

void PublicationImage::start(std::int64_t now_ns) {
    for (ReceiveDestination* destination : endpoint_.destinations()) {
        if (destination->id == params_.destination_id) {
            track_connection(*destination, params_.source, now_ns);
        }
    }
}

// Connections -----------------------------------------------------------------------------------

PublicationImage::Connection& PublicationImage::connection_of(ReceiveDestination& destination,
                                                              const SocketAddress& source,
                                                              std::int64_t now_ns) {
    for (Connection& connection : connections_) {
        if (connection.destination != &destination) continue;
        if (connection.source.empty()) connection.source = source;
        return connection;
    }
    return connections_.emplace_back(Connection{.destination = &destination,
                                                .source = source,
                                                .time_of_last_activity_ns = now_ns,
                                                .time_of_last_frame_ns = kNever});
}

void PublicationImage::track_connection(ReceiveDestination& destination,
                                        const SocketAddress& source, std::int64_t now_ns) {
    Connection& connection = connection_of(destination, source, now_ns);
    connection.time_of_last_activity_ns = now_ns;
    connection.time_of_last_frame_ns = now_ns;
}

void PublicationImage::add_destination(ReceiveDestination& destination, std::int64_t now_ns) {
    connection_of(destination, {}, now_ns);
}

void PublicationImage::remove_destination(const ReceiveDestination& destination,
                                          std::int64_t now_ns) {
    std::erase_if(connections_, [&](const Connection& connection) {
        return connection.destination == &destination;
    });
    update_transport_count(now_ns);
}

void PublicationImage::update_transport_count(std::int64_t now_ns) {
    const auto count = static_cast<std::int32_t>(
        std::ranges::count_if(connections_, [&](const Connection& connection) {
            return connection.time_of_last_frame_ns != kNever &&
                   now_ns <= connection.time_of_last_frame_ns + params_.liveness_timeout_ns;
        }));
    if (log_.metadata().active_transport_count() != count) {
        log_.metadata().set_active_transport_count(count);
    }
}

int PublicationImage::send_to_connections(ConstBytes frame, std::int64_t now_ns) {
    int sent = 0;
    for (const Connection& connection : connections_) {
        const SocketAddress& address = answer_address(*connection.destination, connection.source);
        // Of several paths only those that carry the stream are answered on.
        const bool is_silent = connections_.size() > 1 &&
                               now_ns >= connection.time_of_last_activity_ns + kConnectionTimeoutNs;
        if (address.empty() || is_silent) continue;
        if (endpoint_.send(*connection.destination, address, frame)) ++sent;
    }
    return sent;
}

// Answers ---------------------------------------------------------------------------------------

int PublicationImage::send_pending(std::int64_t now_ns) {
    int work = send_pending_status_message(now_ns);
    work += send_pending_loss(now_ns);
    if (const auto timestamp_ns = congestion_control_->next_rtt_request(now_ns)) {
        wire::RttmFrame request;
        request.header.flags = wire::rttm_flags::kReply;
        request.session_id = params_.session_id;
        request.stream_id = params_.stream_id;
        request.echo_timestamp_ns = *timestamp_ns;
        request.receiver_id = endpoint_.receiver_id();
        send_to_connections(wire::encode(request).bytes(), now_ns);
        ++work;
    }
    return work;
}

int PublicationImage::send_pending_status_message(std::int64_t now_ns) {
    const bool is_leaving = is_sending_end_of_stream_.load(std::memory_order_acquire);
    const bool has_changed = acknowledgement_.changed_since(last_acknowledgement_change_);
    const bool is_due = (status_messages_enabled_ && status_deadline_ns_ < now_ns &&
                         !planted(Fault::status_message_never_repeated)) ||
                        (is_leaving && !was_leaving_);
    if (!has_changed && !is_due) return 0;
    if (rejection_reason_) {
        if (!is_due) return 0;
        send_rejection(now_ns);
        status_deadline_ns_ = now_ns + params_.status_message_timeout_ns;
        return 1;
    }
    if (is_due) send_response_setup(now_ns);
    const auto acknowledgement = acknowledgement_.read(last_acknowledgement_change_);
    if (!acknowledgement) return 0;

    const wire::StatusMessage message{
        .flags = is_leaving ? wire::status_flags::kEndOfStream : std::uint8_t{0},
        .session_id = params_.session_id,
        .stream_id = params_.stream_id,
        .consumption_term_id =
            logbuffer::term_id_of(acknowledgement->position, log_.shift(), log_.initial_term_id()),
        .consumption_term_offset =
            logbuffer::term_offset_of(acknowledgement->position, log_.term_length()),
        .receiver_window_length = acknowledgement->window_length,
        .receiver_id = endpoint_.receiver_id(),
        .group_tag = endpoint_.group_tag()};
    const int sent = send_to_connections(wire::encode(message).bytes(), now_ns);
    system_counters_[SystemCounter::status_messages_sent].add(sent);

    was_leaving_ = is_leaving;
    last_status_position_ = acknowledgement->position;
    overrun_threshold_ = acknowledgement->position + log_.term_length() / 2;
    status_deadline_ns_ = now_ns + params_.status_message_timeout_ns;
    update_transport_count(now_ns);
    return 1;
}

int PublicationImage::send_pending_loss(std::int64_t now_ns) {
    if (!loss_.changed_since(last_loss_change_)) return 0;
    const auto gap = loss_.read(last_loss_change_);
    if (!gap || rejection_reason_ || log_.metadata().is_publication_revoked()) return 0;
    if (params_.is_reliable && !planted(Fault::reliable_gap_padded)) {
        wire::NakFrame nak;
        nak.session_id = params_.session_id;
        nak.stream_id = params_.stream_id;
        nak.term_id = gap->term_id;
        nak.term_offset = gap->term_offset;
        nak.length = gap->length;
        const int sent = send_to_connections(wire::encode(nak).bytes(), now_ns);
        system_counters_[SystemCounter::nak_messages_sent].add(sent);
        counters_.naks_sent.add(sent);
        return 1;
    }
    if (planted(Fault::gap_never_filled)) return 0;
    const std::int64_t position = logbuffer::compute_position(gap->term_id, gap->term_offset,
                                                              log_.shift(), log_.initial_term_id());
    if (logbuffer::fill_gap(log_.term_at(position), log_.metadata(), gap->term_id,
                            {.offset = gap->term_offset, .length = gap->length})) {
        system_counters_[SystemCounter::loss_gap_fills].increment();
    }
    return 1;
}

void PublicationImage::send_response_setup(std::int64_t now_ns) {
    const std::int64_t session_id = response_session_id_.load(std::memory_order_acquire);
    if (session_id == kNoResponseSession) return;
    wire::ResponseSetupFrame frame;
    frame.session_id = params_.session_id;
    frame.stream_id = params_.stream_id;
    frame.response_session_id = static_cast<std::int32_t>(session_id);
    send_to_connections(wire::encode(frame).bytes(), now_ns);
}

void PublicationImage::on_rttm(const wire::RttmFrame& rttm, ReceiveDestination& destination,
                               const SocketAddress& source, std::int64_t now_ns) {
    track_connection(destination, source, now_ns);
    if ((rttm.header.flags & wire::rttm_flags::kReply) == 0) {
        congestion_control_->on_rtt_reply(now_ns, rttm.echo_timestamp_ns, rttm.reception_delta_ns);
        return;
    }
    wire::RttmFrame reply = rttm;
    reply.header.flags = 0;
    reply.reception_delta_ns = 0;
    reply.receiver_id = endpoint_.receiver_id();
    endpoint_.send(destination, answer_address(destination, source), wire::encode(reply).bytes());
}

// Rejection -------------------------------------------------------------------------------------

void PublicationImage::reject(std::string reason) { rejection_reason_ = std::move(reason); }

void PublicationImage::send_rejection(std::int64_t now_ns) {
    std::array<std::byte, wire::ErrorFrame::kHeaderLength + wire::kMaxErrorTextLength> buffer;
    const std::size_t length = wire::encode_error({.session_id = params_.session_id,
                                                   .stream_id = params_.stream_id,
                                                   .receiver_id = endpoint_.receiver_id(),
                                                   .group_tag = endpoint_.group_tag(),
                                                   .error_code = kImageRejectedCode,
                                                   .text = *rejection_reason_},
                                                  buffer);
    const int sent = send_to_connections(ConstBytes(buffer).first(length), now_ns);
    system_counters_[SystemCounter::error_frames_sent].add(sent);
}

}  // namespace tern::driver
