#include "tern/archive/control_session.hpp"

#include <fmt/format.h>

#include "tern/archive/error_codes.hpp"
#include "tern/archive/protocol.hpp"
#include "tern/archive/registration.hpp"
#include "tern/base/duration.hpp"
#include "tern/base/planted_fault.hpp"

namespace tern::archive {
namespace {

using wire::archive::ControlResponseCode;

constexpr std::int64_t kNoDeadline = INT64_MAX;
constexpr int kWriteAttempts = 3;

std::string_view name_of(ControlSession::State state) {
    switch (state) {
        case ControlSession::State::init:
            return "INIT";
        case ControlSession::State::connecting:
            return "CONNECTING";
        case ControlSession::State::connected:
            return "CONNECTED";
        case ControlSession::State::challenged:
            return "CHALLENGED";
        case ControlSession::State::authenticated:
            return "AUTHENTICATED";
        case ControlSession::State::active:
            return "ACTIVE";
        case ControlSession::State::rejected:
            return "REJECTED";
        case ControlSession::State::done:
            return "DONE";
    }
    return "UNKNOWN";
}

}  // namespace

ControlSession::ControlSession(Spec spec, ArchiveServices& services, Authenticator& authenticator)
    : spec_(std::move(spec)),
      services_(services),
      authenticator_(authenticator),
      deadline_ns_(services.now_ns() + services.context.connect_timeout_ns),
      now_ns_(services.now_ns()) {
    publication_id_ = services_.aeron.async_add_exclusive_publication(spec_.publication_channel,
                                                                      spec_.response_stream_id);
    try {
        counter_id_ = async_add_control_session(services_.aeron, services_.archive_id,
                                                spec_.session_id, counter_info());
    } catch (...) {
        services_.aeron.abandon(publication_id_);
        throw;
    }
}

ControlSession::~ControlSession() {
    try {
        close();
    } catch (const std::exception& error) {
        services_.report(error);
    }
}

std::string ControlSession::counter_info() const {
    const auto image =
        fmt::format("sourceIdentity={} sessionId={}", spec_.request_image->source_identity(),
                    spec_.request_image->session_id());
    return spec_.client_info.empty() ? image : spec_.client_info + " " + image;
}

// ---- Duty cycle --------------------------------------------------------------------------------

int ControlSession::do_work() {
    if (state_ == State::done) return 0;
    now_ns_ = services_.now_ns();
    try {
        const int work = work_in_state();
        // Only when nothing moved: after a standstill of the archive the client is first given what
        // it waits for.
        if (work == 0) check_deadline();
        return work;
    } catch (const std::exception& error) {
        end(SessionEndCause::failed, std::string("failed with exception: ") + error.what());
        return 1;
    }
}

int ControlSession::work_in_state() {
    if (has_left()) return await_last_requests();
    switch (state_) {
        case State::init:
            return add_resources();
        case State::connecting:
            return await_connected();
        case State::connected:
            return authenticate_client();
        case State::challenged:
            authenticator_.on_challenged_session(*this, services_.now_ms());
            return state_ == State::challenged ? 0 : 1;
        case State::authenticated:
            return resend_connected();
        case State::rejected:
            return resend_rejected();
        case State::active:
            return serve();
        case State::done:
            return 0;
    }
    return 0;
}

void ControlSession::check_deadline() {
    if (now_ns_ <= deadline_ns_) return;
    if (state_ == State::active) {
        end(SessionEndCause::timed_out,
            fmt::format("failed to send response for more than connectTimeoutMs={}",
                        services_.context.connect_timeout_ns / kNanosPerMilli));
    } else {
        end(SessionEndCause::timed_out,
            fmt::format("failed to establish initial connection: state={}", name_of(state_)));
    }
}

void ControlSession::start_deadline() {
    if (deadline_ns_ == kNoDeadline) {
        deadline_ns_ = now_ns_ + services_.context.connect_timeout_ns;
    }
}

int ControlSession::add_resources() {
    if (!publication_) {
        try {
            publication_ = services_.aeron.find_exclusive_publication(publication_id_);
        } catch (const client::RegistrationException& refusal) {
            if (!is_temporary(refusal)) throw;
            publication_id_ = services_.aeron.async_add_exclusive_publication(
                spec_.publication_channel, spec_.response_stream_id);
        }
    }
    if (!counter_) counter_ = services_.aeron.find_counter(counter_id_);
    if (!publication_ || !counter_) return 0;
    counter_->set(spec_.session_id);
    deadline_ns_ = now_ns_ + services_.context.connect_timeout_ns;
    state_ = State::connecting;
    return 1;
}

int ControlSession::await_connected() {
    if (!publication_->is_connected()) return 0;
    state_ = State::connected;
    return 1;
}

bool ControlSession::resend_is_due() {
    if (now_ns_ < resend_at_ns_) return false;
    resend_at_ns_ = now_ns_ + kResendIntervalNs;
    return true;
}

int ControlSession::authenticate_client() {
    if (!resend_is_due()) return 0;
    if (!spec_.version_error.empty()) {
        write(encode_response(ControlResponseCode::error, spec_.correlation_id, spec_.session_id,
                              spec_.version_error));
    } else {
        authenticator_.on_connected_session(*this, services_.now_ms());
    }
    return 1;
}

int ControlSession::resend_connected() {
    if (!resend_is_due()) return 0;
    if (write(encode_response(ControlResponseCode::ok, spec_.correlation_id, spec_.session_id,
                              {})) == Written::yes) {
        deadline_ns_ = kNoDeadline;
    }
    return 1;
}

int ControlSession::resend_rejected() {
    if (!resend_is_due()) return 0;
    write(encode_response(ControlResponseCode::error, spec_.correlation_id,
                          error_code::kAuthenticationRejected, "authentication rejected"));
    return 1;
}

int ControlSession::serve() {
    if (!publication_->is_connected()) {
        on_left();
        return 1;
    }
    int work = 0;
    if (now_ns_ >= ping_at_ns_) {
        ping_at_ns_ = now_ns_ + services_.context.session_liveness_check_interval_ns;
        const auto result =
            write(encode(wire::archive::Ping{.control_session_id = spec_.session_id}));
        if (result == Written::yes && queue_.empty()) deadline_ns_ = kNoDeadline;
        if (result == Written::later) start_deadline();
        ++work;
    }
    while (state_ == State::active && !queue_.empty() && write(queue_.front()) == Written::yes) {
        queue_.pop_front();
        deadline_ns_ = kNoDeadline;
        ++work;
    }
    if (listing_ && state_ == State::active && listing_->do_work(*this)) {
        listing_.reset();
        ++work;
    }
    return work;
}

// ---- Requests ----------------------------------------------------------------------------------

bool ControlSession::activate() {
    if (state_ == State::authenticated && spec_.version_error.empty()) state_ = State::active;
    return state_ == State::active;
}

void ControlSession::on_challenge_response(std::int64_t correlation_id, ConstBytes credentials) {
    if (state_ != State::challenged) return;
    spec_.correlation_id = correlation_id;
    authenticator_.on_challenge_response(spec_.session_id, credentials, services_.now_ms());
}

bool ControlSession::challenge(ConstBytes encoded_challenge) {
    const auto message = encode(wire::archive::Challenge{.control_session_id = spec_.session_id,
                                                         .correlation_id = spec_.correlation_id,
                                                         .version = 0,
                                                         .encoded_challenge = encoded_challenge});
    if (write(message) != Written::yes) return false;
    state_ = State::challenged;
    return true;
}

bool ControlSession::authenticate(ConstBytes encoded_principal) {
    if (write(encode_response(ControlResponseCode::ok, spec_.correlation_id, spec_.session_id,
                              {})) != Written::yes) {
        return false;
    }
    principal_.assign(encoded_principal.begin(), encoded_principal.end());
    deadline_ns_ = kNoDeadline;
    resend_at_ns_ = now_ns_ + kResendIntervalNs;
    state_ = State::authenticated;
    return true;
}

void ControlSession::reject() {
    resend_at_ns_ = now_ns_;
    state_ = State::rejected;
}

void ControlSession::start_listing(std::int64_t correlation_id, std::unique_ptr<Listing> listing) {
    if (listing_) {
        send_error(correlation_id, error_code::kActiveListing,
                   "active listing already in progress");
        return;
    }
    if (!listing->do_work(*this)) listing_ = std::move(listing);
}

// ---- The end -----------------------------------------------------------------------------------

void ControlSession::end(SessionEndCause cause, std::string reason) {
    if (state_ == State::done && cause != SessionEndCause::close_request) return;
    state_ = State::done;
    cause_ = cause;
    reason_ = std::move(reason);
}

void ControlSession::on_left() {
    queue_.clear();
    deadline_ns_ = kNoDeadline;
    leave_deadline_ns_ = now_ns_ + kLastRequestsTimeoutNs;
}

int ControlSession::await_last_requests() {
    const auto& image = *spec_.request_image;
    const bool may_send = !image.is_closed() && !image.is_end_of_stream();
    if (may_send && now_ns_ <= leave_deadline_ns_) return 0;
    end(SessionEndCause::client_gone, "control response publication is not connected");
    return 1;
}

void ControlSession::close() {
    if (closed_) return;
    closed_ = true;
    state_ = State::done;
    listing_.reset();
    if (publication_) {
        publication_->revoke();
    } else {
        services_.aeron.abandon(publication_id_);
    }
    if (counter_) {
        counter_->close();
    } else {
        services_.aeron.abandon(counter_id_);
    }
    services_.events.record({.epoch_ms = services_.now_ms(),
                             .control_session_id = spec_.session_id,
                             .client_info = spec_.client_info,
                             .source_identity = spec_.request_image->source_identity(),
                             .request_session_id = spec_.request_image->session_id(),
                             .request_channel = spec_.request_channel,
                             .request_stream_id = spec_.request_image->stream_id(),
                             .response_channel = spec_.response_channel,
                             .response_stream_id = spec_.response_stream_id,
                             .cause = cause_,
                             .reason = reason_});
    if (!is_abnormal(cause_)) return;
    services_.counters.abnormal_session_ends->increment();
    services_.warn(
        fmt::format("controlSessionId={} (controlResponseStreamId={} "
                    "controlResponseChannel={} client='{}') terminated: {}",
                    spec_.session_id, spec_.response_stream_id, spec_.response_channel,
                    spec_.client_info, reason_));
    if (!spec_.request_image->is_closed()) spec_.request_image->reject(reason_);
}

// ---- Responses ---------------------------------------------------------------------------------

template <typename Message>
ConstBytes ControlSession::encode(const Message& message) {
    buffer_.resize(wire::encoded_length(message));
    return ConstBytes(buffer_).first(wire::encode(Bytes(buffer_), message));
}

ConstBytes ControlSession::encode_response(ControlResponseCode code, std::int64_t correlation_id,
                                           std::int64_t relevant_id, std::string_view text) {
    return encode(wire::archive::ControlResponse{.control_session_id = spec_.session_id,
                                                 .correlation_id = correlation_id,
                                                 .relevant_id = relevant_id,
                                                 .code = code,
                                                 .version = kProtocolVersion,
                                                 .error_message = text});
}

ControlSession::Written ControlSession::write(ConstBytes message) {
    if (!publication_ || has_left()) return Written::never;
    for (int attempt = 0; attempt < kWriteAttempts; ++attempt) {
        const auto result = publication_->offer(message);
        if (result > 0) return Written::yes;
        switch (result) {
            case client::kNotConnected:
                on_left();
                return Written::never;
            case client::kPublicationClosed:
                end(SessionEndCause::response_unusable, "control response publication is closed");
                return Written::never;
            case client::kMaxPositionExceeded:
                end(SessionEndCause::response_unusable,
                    "control response publication is at max position");
                return Written::never;
            default:
                break;
        }
    }
    return Written::later;
}

void ControlSession::write_or_queue(ConstBytes message) {
    if (state_ == State::done || !publication_) return;
    if (queue_.empty()) {
        const auto result = write(message);
        if (result == Written::yes) deadline_ns_ = kNoDeadline;
        if (result != Written::later || planted(Fault::blocked_response_dropped)) return;
    }
    if (queue_.size() >= kMaxQueuedResponses) {
        end(SessionEndCause::timed_out,
            fmt::format("more than {} responses are waiting to be read", kMaxQueuedResponses));
        return;
    }
    start_deadline();
    queue_.emplace_back(message.begin(), message.end());
}

void ControlSession::send_ok(std::int64_t correlation_id, std::int64_t relevant_id) {
    write_or_queue(encode_response(ControlResponseCode::ok, correlation_id, relevant_id, {}));
}

void ControlSession::send_error(std::int64_t correlation_id, std::int64_t code,
                                std::string_view text) {
    write_or_queue(encode_response(ControlResponseCode::error, correlation_id, code, text));
}

void ControlSession::send_recording_unknown(std::int64_t correlation_id,
                                            std::int64_t recording_id) {
    write_or_queue(
        encode_response(ControlResponseCode::recording_unknown, correlation_id, recording_id, {}));
}

void ControlSession::send_subscription_unknown(std::int64_t correlation_id) {
    write_or_queue(
        encode_response(ControlResponseCode::subscription_unknown, correlation_id, 0, {}));
}

void ControlSession::send_signal(Signal signal, std::int64_t correlation_id,
                                 std::int64_t recording_id, std::int64_t subscription_id,
                                 std::int64_t position) {
    write_or_queue(
        encode(wire::archive::RecordingSignalEvent{.control_session_id = spec_.session_id,
                                                   .correlation_id = correlation_id,
                                                   .recording_id = recording_id,
                                                   .subscription_id = subscription_id,
                                                   .position = position,
                                                   .signal = signal}));
}

std::int32_t ControlSession::max_message_length() const {
    return publication_ ? publication_->max_message_length() : 0;
}

bool ControlSession::try_send_descriptor(std::int64_t correlation_id, ConstBytes descriptor) {
    using Descriptor = wire::archive::RecordingDescriptor;
    buffer_.resize(wire::MessageHeader::kLength + descriptor.size());
    std::byte* body = buffer_.data() + wire::MessageHeader::kLength;
    store(buffer_.data(), wire::MessageHeader{.block_length = wire::kBlockEnd<Descriptor> -
                                                              wire::MessageHeader::kLength,
                                              .template_id = Descriptor::kId.id,
                                              .schema_id = Descriptor::kId.schema.id,
                                              .version = Descriptor::kId.schema.version});
    std::ranges::copy(descriptor, body);
    store(body, spec_.session_id);
    store(body + sizeof(std::int64_t), correlation_id);
    const auto result = write(buffer_);
    if (result == Written::later) start_deadline();
    if (result == Written::yes && queue_.empty()) deadline_ns_ = kNoDeadline;
    return result == Written::yes;
}

bool ControlSession::try_send_subscription(std::int64_t correlation_id,
                                           std::int64_t subscription_id, std::int32_t stream_id,
                                           std::string_view channel) {
    const auto result = write(encode(
        wire::archive::RecordingSubscriptionDescriptor{.control_session_id = spec_.session_id,
                                                       .correlation_id = correlation_id,
                                                       .subscription_id = subscription_id,
                                                       .stream_id = stream_id,
                                                       .stripped_channel = channel}));
    if (result == Written::later) start_deadline();
    if (result == Written::yes && queue_.empty()) deadline_ns_ = kNoDeadline;
    return result == Written::yes;
}

}  // namespace tern::archive
