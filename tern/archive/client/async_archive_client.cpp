#include "tern/archive/client/async_archive_client.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "tern/archive/client/async_archive_client_impl.hpp"
#include "tern/base/duration.hpp"
#include "tern/base/planted_fault.hpp"
#include "tern/base/version.hpp"
#include "tern/wire/channel_uri.hpp"

namespace tern::archive {
namespace {

constexpr std::int32_t kProtocolVersion = pack_version(1, 12, 0);
constexpr std::int32_t kVersionWithArchiveId = pack_version(1, 11, 0);
constexpr std::size_t kMaxClientNameLength = 100;
constexpr int kFragmentLimit = 10;

RecordingDescriptor to_descriptor(const message::RecordingDescriptor& message) {
    return {.recording_id = message.recording_id,
            .start_timestamp_ms = message.start_timestamp,
            .stop_timestamp_ms = message.stop_timestamp,
            .start_position = message.start_position,
            .stop_position = message.stop_position,
            .initial_term_id = message.initial_term_id,
            .segment_file_length = message.segment_file_length,
            .term_buffer_length = message.term_buffer_length,
            .mtu_length = message.mtu_length,
            .session_id = message.session_id,
            .stream_id = message.stream_id,
            .stripped_channel = std::string(message.stripped_channel),
            .original_channel = std::string(message.original_channel),
            .source_identity = std::string(message.source_identity)};
}

}  // namespace

void ArchiveClientContext::validate() const {
    const auto require = [](bool condition, std::string_view what) {
        if (!condition) throw ConfigurationError(fmt::format("archive client: {}", what));
    };
    require(!control_request_channel.empty(), "control_request_channel must be given");
    require(!control_response_channel.empty(), "control_response_channel must be given");
    require(message_timeout_ns > 0, "message_timeout_ns must be positive");
    require(message_retry_attempts > 0, "message_retry_attempts must be positive");
    require(client_name.size() <= kMaxClientNameLength, "client_name is longer than 100");
}

AsyncArchiveClient::Impl::Impl(ArchiveClientContext context, client::Aeron& aeron,
                               platform::Platform platform)
    : context_(std::move(context)), aeron_(aeron), clock_(platform.clock) {
    context_.validate();
    deadline_ns_ = clock_.nano_time() + context_.message_timeout_ns;
    const auto response = wire::ChannelUri::parse(context_.control_response_channel);
    if (response.has_control_mode(wire::control_mode::kResponse)) {
        throw ConfigurationError(
            "archive client: control_response_channel with control-mode=response is not "
            "supported");
    }
    if (const auto session_id = response.session_id()) {
        set_channels(*session_id);
        set_state(State::add_response_subscription);
        return;
    }
    session_id_request_ = aeron_.async_next_session_id(context_.control_request_stream_id);
}

AsyncArchiveClient::Impl::~Impl() {
    if (state_ != State::closed) {
        const bool is_skipped = planted(Fault::skip_archive_client_close) ||
                                planted(Fault::skip_snapshot_archive_client_close);
        if (may_send_close_session() && !is_skipped) (void)offer_close_session();
        release();
    }
}

// Connecting.

int AsyncArchiveClient::Impl::do_work() {
    if (aeron_.is_closed()) return on_aeron_closed();
    switch (state_) {
        case State::connected:
            return do_connected_work();
        case State::disconnected:
        case State::connect_failed:
        case State::closed:
            return 0;
        case State::finish_requests:
            return finish_requests();
        case State::send_close_session:
            return send_close_session();
        case State::await_session_closed:
            return await_session_closed();
        default: {
            const int work = do_connect_step();
            if (is_closing_ && state_ == State::connect_failed) release();
            return work;
        }
    }
}

/// Nothing can be asked or told any more.
int AsyncArchiveClient::Impl::on_aeron_closed() {
    if (state_ == State::disconnected || state_ == State::connect_failed ||
        state_ == State::closed) {
        return 0;
    }
    const std::string why = "archive client: the Aeron client is closed";
    if (state_ == State::send_close_session || state_ == State::await_session_closed) {
        release();
    } else if (state_ == State::connected) {
        disconnect(why);
    } else {
        fail(why);
    }
    return 1;
}

int AsyncArchiveClient::Impl::do_connect_step() {
    if (clock_.nano_time() - deadline_ns_ >= 0) {
        fail(fmt::format("archive connect timeout: {}", describe()));
        return 1;
    }
    try {
        switch (state_) {
            case State::await_session_id:
                return await_session_id();
            case State::add_response_subscription:
                return add_response_subscription();
            case State::add_request_publication:
                return add_request_publication();
            case State::await_publication_connected:
                return await_publication_connected();
            case State::send_connect_request:
                return send_connect_request();
            case State::await_subscription_connected:
                return await_subscription_connected();
            case State::send_archive_id_request:
                return send_archive_id_request();
            case State::send_challenge_response:
                return send_challenge_response();
            default:
                return poll_responses();
        }
    } catch (const client::RegistrationException& refused) {
        if (refused.severity() != Severity::warn) {
            fail(fmt::format("archive client: {}", refused.what()), refused.code());
        }
        return 1;  // temporarily unavailable: the state adds again
    } catch (const Error& error) {
        fail(fmt::format("archive client: {}", error.what()), error.code());
        return 1;
    }
}

void AsyncArchiveClient::Impl::set_channels(std::int32_t session_id) {
    const auto prepare = [&](const std::string& channel) {
        auto uri = wire::ChannelUri::parse(channel);
        if (!uri.contains(wire::uri_key::kTermLength)) {
            uri.put_size(wire::uri_key::kTermLength, context_.control_term_buffer_length);
        }
        if (!uri.contains(wire::uri_key::kMtu)) {
            uri.put_int(wire::uri_key::kMtu, context_.control_mtu_length);
        }
        if (!uri.contains(wire::uri_key::kSparse)) {
            uri.put_bool(wire::uri_key::kSparse, context_.control_term_buffer_sparse);
        }
        uri.put_int(wire::uri_key::kSessionId, session_id);
        return uri.to_string();
    };
    request_channel_ = prepare(context_.control_request_channel);
    response_channel_ = prepare(context_.control_response_channel);
}

int AsyncArchiveClient::Impl::await_session_id() {
    const auto session_id = aeron_.find_next_session_id(session_id_request_);
    if (!session_id) return 0;
    session_id_request_ = kNullValue;
    set_channels(*session_id);
    set_state(State::add_response_subscription);
    return 1;
}

int AsyncArchiveClient::Impl::add_response_subscription() {
    if (subscription_id_ == kNullValue) {
        subscription_id_ =
            aeron_.async_add_subscription(response_channel_, context_.control_response_stream_id);
        return 1;
    }
    const std::int64_t id = std::exchange(subscription_id_, kNullValue);  // also when it throws
    subscription_ = aeron_.find_subscription(id);
    if (!subscription_) {
        subscription_id_ = id;
        return 0;
    }
    set_state(State::add_request_publication);
    return 1;
}

int AsyncArchiveClient::Impl::add_request_publication() {
    if (publication_id_ == kNullValue) {
        publication_id_ = aeron_.async_add_exclusive_publication(
            request_channel_, context_.control_request_stream_id);
        return 1;
    }
    const std::int64_t id = std::exchange(publication_id_, kNullValue);
    publication_ = aeron_.find_exclusive_publication(id);
    if (!publication_) {
        publication_id_ = id;
        return 0;
    }
    set_state(State::await_publication_connected);
    return 1;
}

int AsyncArchiveClient::Impl::await_publication_connected() {
    if (!publication_->is_connected()) return 0;
    set_state(State::send_connect_request);
    return 1;
}

int AsyncArchiveClient::Impl::send_connect_request() {
    const auto response_channel = subscription_->try_resolve_channel_endpoint_port();
    if (!response_channel) return 0;
    const std::vector<std::byte> credentials = context_.credentials.encoded_credentials
                                                   ? context_.credentials.encoded_credentials()
                                                   : std::vector<std::byte>{};
    const std::string client_info = fmt::format("name={} version={} commit={}",
                                                context_.client_name, kCompatibleVersion, kCommit);
    correlation_id_ = aeron_.next_correlation_id();
    const SendResult sent =
        send(message::AuthConnectRequest{.correlation_id = correlation_id_,
                                         .response_stream_id = context_.control_response_stream_id,
                                         .version = kProtocolVersion,
                                         .response_channel = *response_channel,
                                         .encoded_credentials = credentials,
                                         .client_info = client_info});
    if (sent == SendResult::lost) fail("archive client: the connection was lost while connecting");
    if (sent != SendResult::accepted) return 0;
    set_state(State::await_subscription_connected);
    return 1;
}

int AsyncArchiveClient::Impl::await_subscription_connected() {
    if (!subscription_->is_connected()) return 0;
    set_state(State::await_connect_response);
    return 1;
}

int AsyncArchiveClient::Impl::send_archive_id_request() {
    correlation_id_ = aeron_.next_correlation_id();
    const SendResult sent = send(message::ArchiveIdRequest{
        .control_session_id = control_session_id_, .correlation_id = correlation_id_});
    if (sent == SendResult::lost) fail("archive client: the connection was lost while connecting");
    if (sent != SendResult::accepted) return 0;
    set_state(State::await_archive_id_response);
    return 1;
}

int AsyncArchiveClient::Impl::send_challenge_response() {
    correlation_id_ = aeron_.next_correlation_id();
    const SendResult sent =
        send(message::ChallengeResponse{.control_session_id = control_session_id_,
                                        .correlation_id = correlation_id_,
                                        .encoded_credentials = ConstBytes(challenge_answer_)});
    if (sent == SendResult::lost) fail("archive client: the connection was lost while connecting");
    if (sent != SendResult::accepted) return 0;
    set_state(State::await_challenge_response);
    return 1;
}

void AsyncArchiveClient::Impl::on_connect_response(const message::ControlResponse& response) {
    if (response.correlation_id != correlation_id_) return;
    control_session_id_ = response.control_session_id;
    if (response.code != message::ControlResponseCode::ok) {
        fail(std::string(response.error_message), static_cast<std::int32_t>(response.relevant_id));
        return;
    }
    if (is_closing_) {
        set_state(State::send_close_session);
    } else if (state_ == State::await_archive_id_response) {
        archive_id_ = response.relevant_id;
        set_state(State::connected);
    } else if (response.version < kVersionWithArchiveId) {
        set_state(State::connected);
    } else {
        set_state(State::send_archive_id_request);
    }
}

void AsyncArchiveClient::Impl::on_challenge(const message::Challenge& challenge) {
    if (challenge.correlation_id != correlation_id_ || state_ == State::connected) return;
    control_session_id_ = challenge.control_session_id;
    if (is_closing_) return set_state(State::send_close_session);
    challenge_answer_ = context_.credentials.on_challenge
                            ? context_.credentials.on_challenge(challenge.encoded_challenge)
                            : std::vector<std::byte>{};
    set_state(State::send_challenge_response);
}

std::string AsyncArchiveClient::Impl::describe() const {
    static constexpr std::array kNames{"AWAIT_SESSION_ID",          "AWAIT_SUBSCRIPTION",
                                       "ADD_PUBLICATION",           "AWAIT_PUBLICATION_CONNECTED",
                                       "SEND_CONNECT_REQUEST",      "AWAIT_SUBSCRIPTION_CONNECTED",
                                       "AWAIT_CONNECT_RESPONSE",    "SEND_ARCHIVE_ID_REQUEST",
                                       "AWAIT_ARCHIVE_ID_RESPONSE", "SEND_CHALLENGE_RESPONSE",
                                       "AWAIT_CHALLENGE_RESPONSE"};
    const auto index = static_cast<std::size_t>(state_);
    return fmt::format("step={} requestChannel={} requestStreamId={} responseChannel={}",
                       index < kNames.size() ? kNames[index] : "DONE",
                       context_.control_request_channel, context_.control_request_stream_id,
                       context_.control_response_channel);
}

// The life of a session.

int AsyncArchiveClient::Impl::do_connected_work() {
    int work = send_requests();
    work += poll_responses();
    work += requests_.expire(clock_.nano_time(), context_.message_timeout_ns);
    if (state_ == State::connected && !subscription_->is_connected()) {
        disconnect(
            fmt::format("response channel from archive is not connected, channel={}, streamId={}",
                        response_channel_, context_.control_response_stream_id));
    }
    return work;
}

int AsyncArchiveClient::Impl::send_requests() {
    int sent = 0;
    while (PendingRequest* request = requests_.next_to_send()) {
        const SendResult result = classify(publication_->offer(ConstBytes(request->message)));
        if (result == SendResult::again) break;
        if (result == SendResult::lost) {
            disconnect("connection to the archive is no longer available");
            break;
        }
        request->is_sent = true;
        request->message = {};
        ++sent;
    }
    return sent;
}

template <typename Message>
SendResult AsyncArchiveClient::Impl::send(const Message& message) {
    buffer_.resize(wire::encoded_length(message));
    (void)wire::encode(Bytes(buffer_), message);
    return classify(publication_->offer(ConstBytes(buffer_)));
}

SendResult AsyncArchiveClient::Impl::classify(std::int64_t result) {
    if (result > 0) return SendResult::accepted;
    const bool again = result == client::kBackPressured || result == client::kAdminAction;
    return again ? SendResult::again : SendResult::lost;
}

void AsyncArchiveClient::Impl::fail(const std::string& why, std::int32_t code) {
    error_ = why;
    error_code_ = code;
    set_state(State::connect_failed);
}

void AsyncArchiveClient::Impl::disconnect(const std::string& why) {
    error_ = why;
    set_state(State::disconnected);
    requests_.disconnect(why);
}

// Messages from the archive.

int AsyncArchiveClient::Impl::poll_responses() {
    return subscription_->poll(assembler_, kFragmentLimit);
}

void AsyncArchiveClient::Impl::on_message(ConstBytes message) {
    const auto header = wire::MessageHeader::read(message);
    if (!header || header->schema_id != message::kSchema.id) {
        report(Error("archive client: a message of a foreign schema on the response stream"));
        return;
    }
    const auto deliver = [&]<typename Message>(void (Impl::*handler)(const Message&)) {
        const auto decoded = wire::decode<Message>(message);
        if (!decoded) {
            report(Error(
                fmt::format("archive client: malformed response: {}", to_string(decoded.error()))));
        } else {
            (this->*handler)(*decoded);
        }
    };
    switch (header->template_id) {
        case message::ControlResponse::kId:
            return deliver(&Impl::on_control_response);
        case message::Challenge::kId:
            return deliver(&Impl::on_challenge);
        case message::RecordingDescriptor::kId:
            return deliver(&Impl::on_descriptor);
        case message::RecordingSubscriptionDescriptor::kId:
            return deliver(&Impl::on_subscription_descriptor);
        case message::RecordingSignalEvent::kId:
            return deliver(&Impl::on_signal);
        default:
            return;  // pings, and what later archives may say
    }
}

void AsyncArchiveClient::Impl::on_control_response(const message::ControlResponse& response) {
    if (state_ != State::connected && state_ != State::finish_requests) {
        return on_connect_response(response);
    }
    if (response.control_session_id != control_session_id_) return;
    PendingRequest* request = requests_.find_awaiting(response.correlation_id);
    if (request == nullptr) {
        if (response.code == message::ControlResponseCode::error) {
            report(Error(fmt::format("response for correlationId={}, error: {}",
                                     response.correlation_id, response.error_message),
                         static_cast<std::int32_t>(response.relevant_id)));
        }
        return;
    }
    Outcome outcome{Outcome::Status::ok, response.relevant_id, std::string(response.error_message)};
    switch (response.code) {
        case message::ControlResponseCode::ok:
            break;
        case message::ControlResponseCode::recording_unknown:
        case message::ControlResponseCode::subscription_unknown:
            if (request->is_listing()) {
                outcome.relevant_id = request->delivered_count;  // the normal end of a listing
            } else {
                outcome.status = Outcome::Status::unknown;
            }
            break;
        default:
            outcome.status = Outcome::Status::error;
    }
    const bool is_unwanted = request->is_replay_unwanted && outcome.ok();
    const std::int64_t replay_session_id = outcome.relevant_id;
    requests_.complete(*request, std::move(outcome));
    if (is_unwanted) stop_unwanted_replay(replay_session_id);
}

void AsyncArchiveClient::Impl::stop_unwanted_replay(std::int64_t replay_session_id) {
    PendingRequest pending;
    pending.is_abandoned = true;
    (void)queue("stop replay", message::StopReplayRequest{.replay_session_id = replay_session_id},
                std::move(pending));
}

void AsyncArchiveClient::Impl::abandon_replay(std::int64_t correlation_id) {
    PendingRequest* request = requests_.find(correlation_id);
    if (request == nullptr) return;
    request->is_replay_unwanted = true;
    const bool has_begun = request->outcome && request->outcome->ok();
    const std::int64_t replay_session_id = has_begun ? request->outcome->relevant_id : kNullValue;
    requests_.abandon(correlation_id);
    if (has_begun && state_ == State::connected) stop_unwanted_replay(replay_session_id);
}

void AsyncArchiveClient::Impl::on_descriptor(const message::RecordingDescriptor& message) {
    if (message.control_session_id != control_session_id_) return;
    PendingRequest* listing = requests_.find_awaiting(message.correlation_id);
    if (listing == nullptr || !listing->on_descriptor) return;
    // Whoever abandoned the listing may be gone, and with it what the consumer refers to.
    if (!listing->is_abandoned) listing->on_descriptor(to_descriptor(message));
    on_delivered(*listing);
}

void AsyncArchiveClient::Impl::on_subscription_descriptor(
    const message::RecordingSubscriptionDescriptor& message) {
    if (message.control_session_id != control_session_id_) return;
    PendingRequest* listing = requests_.find_awaiting(message.correlation_id);
    if (listing == nullptr || !listing->on_subscription) return;
    if (!listing->is_abandoned) {
        listing->on_subscription({.subscription_id = message.subscription_id,
                                  .stream_id = message.stream_id,
                                  .stripped_channel = std::string(message.stripped_channel)});
    }
    on_delivered(*listing);
}

void AsyncArchiveClient::Impl::on_delivered(PendingRequest& listing) {
    listing.deadline_ns = clock_.nano_time() + context_.message_timeout_ns;
    if (++listing.delivered_count == listing.requested_count) {
        requests_.complete(listing, {Outcome::Status::ok, listing.delivered_count, {}});
    }
}

void AsyncArchiveClient::Impl::on_signal(const message::RecordingSignalEvent& event) {
    if (event.control_session_id != control_session_id_ || !context_.on_signal) return;
    context_.on_signal({.correlation_id = event.correlation_id,
                        .recording_id = event.recording_id,
                        .subscription_id = event.subscription_id,
                        .position = event.position,
                        .signal = static_cast<std::int32_t>(event.signal)});
}

// Closing.

void AsyncArchiveClient::Impl::begin_close() {
    if (state_ == State::closed || is_closing_) return;
    is_closing_ = true;
    requests_.disconnect_wanted("the archive client is closing");
    if (state_ == State::connected && requests_.has_unanswered()) {
        set_state(State::finish_requests);
    } else {
        close_session();
    }
}

/// Each has its own deadline.
int AsyncArchiveClient::Impl::finish_requests() {
    int work = send_requests();
    if (state_ == State::finish_requests) work += poll_responses();
    work += requests_.expire(clock_.nano_time(), context_.message_timeout_ns);
    const bool is_lost = state_ != State::finish_requests || !subscription_->is_connected();
    if (is_lost || !requests_.has_unanswered()) close_session();
    return work;
}

void AsyncArchiveClient::Impl::close_session() {
    requests_.disconnect("the archive client is closing");
    deadline_ns_ = clock_.nano_time() + context_.message_timeout_ns;
    if (may_send_close_session()) {
        set_state(State::send_close_session);
        (void)send_close_session();
    } else if (!may_have_unknown_session()) {
        release();
    }
}

/// The archive may have made a session that its answer will tell of: it is awaited, and closed.
bool AsyncArchiveClient::Impl::may_have_unknown_session() const noexcept {
    if (planted(Fault::abandon_session_being_made)) return false;
    return (state_ == State::await_subscription_connected ||
            state_ == State::await_connect_response) &&
           publication_->is_connected();
}

bool AsyncArchiveClient::Impl::may_send_close_session() const noexcept {
    return control_session_id_ != kNullValue && publication_ && publication_->is_connected() &&
           state_ != State::await_session_closed;
}

SendResult AsyncArchiveClient::Impl::offer_close_session() {
    return send(message::CloseSessionRequest{.control_session_id = control_session_id_});
}

int AsyncArchiveClient::Impl::send_close_session() {
    const SendResult sent = offer_close_session();
    if (sent == SendResult::accepted) {
        deadline_ns_ = clock_.nano_time() + context_.message_timeout_ns;
        set_state(State::await_session_closed);
        return 1;
    }
    if (sent == SendResult::again && clock_.nano_time() - deadline_ns_ < 0) return 0;
    report(TimeoutError("archive client: the archive did not take CloseSession"));
    release();
    return 1;
}

/// The archive takes its response image away (ARC-2.11 no. 4).
int AsyncArchiveClient::Impl::await_session_closed() {
    // Nothing is read any more; polling lets the image drain, so that its end is seen, which comes
    // before the driver takes the image away.
    (void)subscription_->poll([](ConstBytes, const client::Header&) {}, kFragmentLimit);
    const bool has_ended = std::ranges::all_of(subscription_->images(), [](const auto& image) {
        return image->is_closed() || image->is_end_of_stream() || image->is_publication_revoked();
    });
    if (!has_ended && clock_.nano_time() - deadline_ns_ < 0) return 0;
    if (planted(Fault::request_after_close_session)) {
        (void)send(message::ArchiveIdRequest{.control_session_id = control_session_id_,
                                             .correlation_id = correlation_id_});
    }
    release();
    return 1;
}

void AsyncArchiveClient::Impl::release() noexcept {
    requests_.disconnect("the archive client is closed");
    if (session_id_request_ != kNullValue) aeron_.abandon(session_id_request_);
    if (publication_id_ != kNullValue) aeron_.abandon(publication_id_);
    publication_.reset();
    if (subscription_id_ != kNullValue) aeron_.abandon(subscription_id_);
    subscription_.reset();
    set_state(State::closed);
}

// The public face.

AsyncArchiveClient::AsyncArchiveClient(ArchiveClientContext context, client::Aeron& aeron,
                                       platform::Platform platform)
    : impl_(std::make_unique<Impl>(std::move(context), aeron, platform)) {}
AsyncArchiveClient::~AsyncArchiveClient() = default;

int AsyncArchiveClient::do_work() { return impl_->do_work(); }
AsyncArchiveClient::State AsyncArchiveClient::state() const noexcept { return impl_->state(); }
bool AsyncArchiveClient::is_failed() const noexcept {
    return state() == State::disconnected || state() == State::connect_failed;
}
const std::string& AsyncArchiveClient::error() const noexcept { return impl_->error(); }
std::int32_t AsyncArchiveClient::error_code() const noexcept { return impl_->error_code(); }
std::int64_t AsyncArchiveClient::control_session_id() const noexcept {
    return impl_->control_session_id();
}
std::int64_t AsyncArchiveClient::archive_id() const noexcept { return impl_->archive_id(); }
void AsyncArchiveClient::begin_close() { impl_->begin_close(); }

std::optional<Outcome> AsyncArchiveClient::take_outcome(std::int64_t correlation_id) {
    return impl_->requests().take(correlation_id);
}

void AsyncArchiveClient::abandon(std::int64_t correlation_id) {
    impl_->requests().abandon(correlation_id);
}
void AsyncArchiveClient::abandon_replay(std::int64_t correlation_id) {
    impl_->abandon_replay(correlation_id);
}

}  // namespace tern::archive
