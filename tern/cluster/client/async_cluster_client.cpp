// The life of a session: egress, sending, change of leader, closing. Connecting is in
// cluster_client_connect.cpp.

#include "tern/cluster/client/async_cluster_client.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "tern/base/duration.hpp"
#include "tern/cluster/client/async_cluster_client_impl.hpp"

namespace tern::cluster {

namespace msg = wire::cluster;

namespace {

constexpr int kFragmentLimit = 10;
constexpr int kSendAttempts = 3;
static_assert(wire::kBlockEnd<msg::SessionMessageHeader> == kSessionHeaderLength);

}  // namespace

AsyncClusterClient::Impl::Impl(ClusterClientContext context, client::Aeron& aeron,
                               platform::Platform platform)
    : context_(std::move(context)),
      aeron_(aeron),
      clock_(platform.clock),
      members_(context_.ingress_channel, context_.ingress_stream_id,
               context_.is_ingress_exclusive) {
    context_.validate();
    deadline_ns_ = clock_.nano_time() + context_.message_timeout_ns;
}

AsyncClusterClient::Impl::~Impl() {
    if (may_send() || state_ == State::closing) {
        (void)send_once(msg::SessionCloseRequest{.leadership_term_id = leadership_term_id_,
                                                 .cluster_session_id = cluster_session_id_});
    }
    release();
}

int AsyncClusterClient::Impl::do_work() {
    if (state_ == State::closed || is_polling_) return 0;
    struct Polling {
        bool& flag;
        explicit Polling(bool& polling) : flag(polling) { flag = true; }
        ~Polling() { flag = false; }
    };
    int work = 0;
    {
        const Polling polling(is_polling_);
        work = advance();
    }
    if (state_ == State::pending_close) {
        release();
        ++work;
    }
    return work;
}

int AsyncClusterClient::Impl::advance() {
    if (state_ == State::pending_close) return 0;
    if (aeron_.is_closed()) {
        end(EndReason::aeron_closed, "cluster client: the Aeron client is closed");
        return 1;
    }
    if (is_connecting()) return do_connect_step();
    return state_ == State::closing ? send_close_request() : do_session_work();
}

int AsyncClusterClient::Impl::do_session_work() {
    int work = poll_egress();
    work += add_new_leader_ingress();
    const std::int64_t now_ns = clock_.nano_time();
    work += keep_alive_when_due(now_ns);
    check_deadline(now_ns);
    return work;
}

void AsyncClusterClient::Impl::end(EndReason reason, std::string why) {
    end_reason_ = reason;
    error_ = std::move(why);
    set_state(State::pending_close);
}

// Egress.

int AsyncClusterClient::Impl::poll_egress() {
    int work = egress_.get()->controlled_poll(assembler_, kFragmentLimit);
    if (may_send() && egress_image_->is_closed()) {
        on_disconnected();
        ++work;
    }
    return work;
}

AsyncClusterClient::Impl::Action AsyncClusterClient::Impl::on_fragment(
    ConstBytes message, const client::Header& header) {
    if (is_connecting()) return on_connect_response(message, header);
    // What has ended, or is being closed from within a listener, delivers nothing any more.
    if (state_ >= State::pending_close) return Action::break_;
    return on_egress(message, header);
}

AsyncClusterClient::Impl::Action AsyncClusterClient::Impl::on_egress(ConstBytes message,
                                                                     const client::Header& header) {
    const auto id = wire::MessageHeader::read(message);
    if (!id) {
        report(Error("cluster client: egress message without a header"));
        return Action::continue_;
    }
    if (id->schema_id != msg::kSchema.id) {
        if (context_.listener.on_extension_message) {
            return context_.listener.on_extension_message(*id, message, header);
        }
        report(Error(fmt::format("expected cluster egress schemaId={} actual={}", msg::kSchema.id,
                                 id->schema_id)));
        return Action::continue_;
    }
    const auto deliver = [&]<typename Message>(auto&& handler) {
        const auto decoded = wire::decode<Message>(message);
        if (!decoded) {
            report(Error(fmt::format("cluster client: malformed egress message: {}",
                                     to_string(decoded.error()))));
        } else if (decoded->cluster_session_id == cluster_session_id_) {
            handler(*decoded);
        }
    };
    switch (id->template_id) {
        case msg::SessionMessageHeader::kId:
            return on_session_message(message, header);
        case msg::SessionEvent::kId:
            deliver.template operator()<msg::SessionEvent>(
                [this](const auto& event) { on_session_event(event); });
            return Action::continue_;
        case msg::NewLeaderEvent::kId:
            deliver.template operator()<msg::NewLeaderEvent>(
                [&](const auto& event) { on_new_leader(event, header); });
            return Action::commit;
        case msg::AdminResponse::kId:
            deliver.template operator()<msg::AdminResponse>([this](const auto& response) {
                if (context_.listener.on_admin_response) {
                    context_.listener.on_admin_response(response);
                }
            });
            return Action::continue_;
        default:
            return Action::continue_;  // what later clusters may say
    }
}

AsyncClusterClient::Impl::Action AsyncClusterClient::Impl::on_session_message(
    ConstBytes message, const client::Header& header) {
    const auto decoded = wire::decode<msg::SessionMessageHeader>(message);
    if (!decoded) {
        report(Error(fmt::format("cluster client: malformed egress message: {}",
                                 to_string(decoded.error()))));
        return Action::continue_;
    }
    if (decoded->cluster_session_id != cluster_session_id_) return Action::continue_;
    const EgressMessage egress{.cluster_session_id = decoded->cluster_session_id,
                               .leadership_term_id = decoded->leadership_term_id,
                               .timestamp = decoded->timestamp,
                               .payload = message.subspan(kSessionHeaderLength),
                               .header = header};
    if (context_.listener.on_controlled_message) {
        return context_.listener.on_controlled_message(egress);
    }
    context_.listener.on_message(egress);
    return Action::continue_;
}

void AsyncClusterClient::Impl::on_session_event(const msg::SessionEvent& event) {
    if (event.code == msg::EventCode::closed) {
        end(EndReason::session_closed,
            fmt::format("cluster client: session {} was closed by the cluster: {}",
                        cluster_session_id_, event.detail));
    }
    if (context_.listener.on_session_event) context_.listener.on_session_event(event);
}

void AsyncClusterClient::Impl::on_new_leader(const msg::NewLeaderEvent& event,
                                             const client::Header& header) {
    // Of the old leader only parts of messages can be left, which will never be whole.
    if (egress_image_->session_id() != header.session_id()) {
        assembler_.free_session(egress_image_->session_id());
    }
    egress_image_ = image_of(header);
    leadership_term_id_ = event.leadership_term_id;
    leader_member_id_ = event.leader_member_id;
    encode_session_header();
    deadline_ns_ = clock_.nano_time() + context_.message_timeout_ns;
    set_state(State::await_new_leader_connection);

    ingress_ = std::make_unique<IngressPublication>(context_.is_ingress_exclusive);
    ingress_channel_ = context_.ingress_channel;
    if (!context_.ingress_endpoints.empty()) {
        ingress_channel_.clear();
        try {
            for (const auto& [id, endpoint] : parse_ingress_endpoints(event.ingress_endpoints)) {
                if (id != leader_member_id_) continue;
                ingress_channel_ = member_ingress_channel(context_.ingress_channel, endpoint);
            }
        } catch (const Error& error) {
            report(error);
        }
        if (ingress_channel_.empty()) {
            report(
                Error(fmt::format("cluster client: no endpoint for the new leader, member {}: {}",
                                  leader_member_id_, event.ingress_endpoints)));
        }
    }
    if (context_.listener.on_new_leader) context_.listener.on_new_leader(event);
}

std::shared_ptr<client::Image> AsyncClusterClient::Impl::image_of(
    const client::Header& header) const {
    for (const auto& image : egress_.get()->images()) {
        if (image.get() == header.context()) return image;
    }
    // It has become unavailable within this poll.
    return egress_image_;
}

// Change of leader.

void AsyncClusterClient::Impl::on_disconnected() {
    ingress_->close();
    deadline_ns_ = clock_.nano_time() + new_leader_timeout_ns_;
    set_state(State::await_new_leader);
}

int AsyncClusterClient::Impl::add_new_leader_ingress() {
    if (state_ != State::await_new_leader_connection || ingress_->is_present()) return 0;
    if (ingress_channel_.empty()) return 0;
    try {
        if (ingress_->is_idle()) {
            ingress_->begin(aeron_, ingress_channel_, context_.ingress_stream_id);
            return 1;
        }
        return ingress_->poll() ? 1 : 0;
    } catch (const Error& refused) {
        if (refused.severity() == Severity::warn) return 1;  // temporarily unavailable: again
        report(Error(fmt::format("failed to add new leader ingress publication (leaderMemberId={}, "
                                 "leadershipTermId={}, channel={}, streamId={}): {}",
                                 leader_member_id_, leadership_term_id_, ingress_channel_,
                                 context_.ingress_stream_id, refused.what()),
                     refused.code()));
        ingress_channel_.clear();  // the deadline, or another leader, ends the waiting
        return 1;
    }
}

int AsyncClusterClient::Impl::keep_alive_when_due(std::int64_t now_ns) {
    if (context_.keep_alive_interval_ns == 0 || !may_send()) return 0;
    // To a new leader at once: this is what proves the way to it.
    const bool is_due = state_ == State::await_new_leader_connection
                            ? ingress_->is_connected()
                            : now_ns - keep_alive_deadline_ns_ >= 0;
    if (!is_due || !send_keep_alive()) return 0;
    keep_alive_deadline_ns_ = now_ns + context_.keep_alive_interval_ns;
    return 1;
}

void AsyncClusterClient::Impl::check_deadline(std::int64_t now_ns) {
    const bool is_awaiting =
        state_ == State::await_new_leader || state_ == State::await_new_leader_connection;
    if (!is_awaiting || now_ns - deadline_ns_ < 0) return;
    end(EndReason::no_leader,
        state_ == State::await_new_leader
            ? fmt::format("cluster client: no new leader within {}",
                          format_duration_ns(new_leader_timeout_ns_))
            : fmt::format("cluster client: the new leader, member {}, could not be reached "
                          "within {}",
                          leader_member_id_, format_duration_ns(context_.message_timeout_ns)));
}

// Sending.

std::int64_t AsyncClusterClient::Impl::track_ingress_result(std::int64_t result) {
    if (result > 0) {
        if (state_ == State::await_new_leader_connection) set_state(State::connected);
    } else if (state_ == State::connected) {
        if (result == client::kNotConnected || result == client::kPublicationClosed) {
            on_disconnected();
        } else if (result == client::kMaxPositionExceeded) {
            end(EndReason::max_position_exceeded,
                fmt::format("max position exceeded: term-length={}",
                            ingress_->term_buffer_length()));
            ingress_->close();
        }
    }
    return result;
}

std::int64_t AsyncClusterClient::Impl::offer(std::span<const ConstBytes> parts) {
    if (!may_send()) return is_connecting() ? client::kNotConnected : client::kPublicationClosed;
    parts_.assign(1, ConstBytes(session_header_));
    parts_.insert(parts_.end(), parts.begin(), parts.end());
    return track_ingress_result(ingress_->offer(parts_));
}

std::int64_t AsyncClusterClient::Impl::try_claim(std::int32_t length, client::BufferClaim& claim) {
    if (!may_send()) return is_connecting() ? client::kNotConnected : client::kPublicationClosed;
    const std::int64_t result =
        ingress_->try_claim(length + static_cast<std::int32_t>(kSessionHeaderLength), claim);
    if (result > 0) std::ranges::copy(session_header_, claim.payload().begin());
    return track_ingress_result(result);
}

template <typename Message>
std::int64_t AsyncClusterClient::Impl::send_once(const Message& message) {
    encode(message);
    const ConstBytes bytes(buffer_);
    return ingress_ ? ingress_->offer({&bytes, 1}) : client::kPublicationClosed;
}

template <typename Message>
bool AsyncClusterClient::Impl::send_control(const Message& message) {
    for (int attempt = 0; attempt < kSendAttempts && may_send(); ++attempt) {
        if (track_ingress_result(send_once(message)) > 0) return true;
    }
    return false;
}

bool AsyncClusterClient::Impl::send_keep_alive() {
    return send_control(msg::SessionKeepAlive{.leadership_term_id = leadership_term_id_,
                                              .cluster_session_id = cluster_session_id_});
}

bool AsyncClusterClient::Impl::request_snapshot(std::int64_t correlation_id) {
    return send_control(msg::AdminRequest{.leadership_term_id = leadership_term_id_,
                                          .cluster_session_id = cluster_session_id_,
                                          .correlation_id = correlation_id,
                                          .request_type = msg::AdminRequestType::snapshot});
}

void AsyncClusterClient::Impl::encode_session_header() noexcept {
    (void)wire::encode(Bytes(session_header_),
                       msg::SessionMessageHeader{.leadership_term_id = leadership_term_id_,
                                                 .cluster_session_id = cluster_session_id_,
                                                 .timestamp = 0});
}

// Closing.

void AsyncClusterClient::Impl::begin_close() {
    if (state_ == State::closed || state_ == State::closing || state_ == State::pending_close) {
        return;
    }
    const bool has_somebody_to_tell = may_send() && ingress_->is_connected();
    set_state(has_somebody_to_tell ? State::closing : State::pending_close);
    deadline_ns_ = clock_.nano_time() + context_.message_timeout_ns;
    (void)do_work();  // from within a listener: nothing yet
}

int AsyncClusterClient::Impl::send_close_request() {
    const std::int64_t result = send_once(msg::SessionCloseRequest{
        .leadership_term_id = leadership_term_id_, .cluster_session_id = cluster_session_id_});
    const bool again = result == client::kBackPressured || result == client::kAdminAction;
    if (again && clock_.nano_time() - deadline_ns_ < 0) return 0;
    if (again) report(TimeoutError("cluster client: the cluster did not take SessionCloseRequest"));
    set_state(State::pending_close);
    return 1;
}

void AsyncClusterClient::Impl::release() noexcept {
    egress_image_.reset();
    egress_.close();
    members_.close();
    ingress_.reset();
    set_state(State::closed);
}

// The public face.

AsyncClusterClient::AsyncClusterClient(ClusterClientContext context, client::Aeron& aeron,
                                       platform::Platform platform)
    : impl_(std::make_unique<Impl>(std::move(context), aeron, platform)) {}
AsyncClusterClient::~AsyncClusterClient() = default;

int AsyncClusterClient::do_work() { return impl_->do_work(); }
AsyncClusterClient::State AsyncClusterClient::state() const noexcept { return impl_->state(); }
AsyncClusterClient::EndReason AsyncClusterClient::end_reason() const noexcept {
    return impl_->end_reason();
}
const std::string& AsyncClusterClient::error() const noexcept { return impl_->error(); }
std::int64_t AsyncClusterClient::cluster_session_id() const noexcept {
    return impl_->cluster_session_id();
}
std::int64_t AsyncClusterClient::leadership_term_id() const noexcept {
    return impl_->leadership_term_id();
}
std::int32_t AsyncClusterClient::leader_member_id() const noexcept {
    return impl_->leader_member_id();
}
std::int64_t AsyncClusterClient::offer(ConstBytes message) { return impl_->offer({&message, 1}); }
std::int64_t AsyncClusterClient::offer(std::span<const ConstBytes> parts) {
    return impl_->offer(parts);
}
std::int64_t AsyncClusterClient::try_claim(std::int32_t length, client::BufferClaim& claim) {
    return impl_->try_claim(length, claim);
}
bool AsyncClusterClient::send_keep_alive() { return impl_->send_keep_alive(); }
bool AsyncClusterClient::request_snapshot(std::int64_t correlation_id) {
    return impl_->request_snapshot(correlation_id);
}
void AsyncClusterClient::begin_close() { impl_->begin_close(); }

std::string_view to_string(AsyncClusterClient::State state) noexcept {
    static constexpr std::array<std::string_view, 11> kNames{"CREATE_EGRESS_SUBSCRIPTION",
                                                             "CREATE_INGRESS_PUBLICATIONS",
                                                             "AWAIT_PUBLICATION_CONNECTED",
                                                             "SEND_MESSAGE",
                                                             "POLL_RESPONSE",
                                                             "CONNECTED",
                                                             "AWAIT_NEW_LEADER",
                                                             "AWAIT_NEW_LEADER_CONNECTION",
                                                             "PENDING_CLOSE",
                                                             "CLOSING",
                                                             "CLOSED"};
    return kNames[static_cast<std::size_t>(state)];
}

}  // namespace tern::cluster
