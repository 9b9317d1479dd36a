// Connecting (CST-9.2, CST-9.3): from nothing to a session with the leader.

#include <utility>

#include "tern/base/duration.hpp"
#include "tern/base/version.hpp"
#include "tern/cluster/client/async_cluster_client_impl.hpp"
#include "tern/wire/channel_uri.hpp"

namespace tern::cluster {

namespace msg = wire::cluster;

namespace {

constexpr int kFragmentLimit = 10;
/// When the cluster does not tell its own.
constexpr std::int64_t kDefaultLeaderHeartbeatTimeoutNs = 10 * kNanosPerSecond;

std::string egress_channel(const std::string& channel) {
    auto uri = wire::ChannelUri::parse(channel);
    if (uri.is_udp()) uri.put_bool(wire::uri_key::kRejoin, false);
    return uri.to_string();
}

}  // namespace

int AsyncClusterClient::Impl::do_connect_step() {
    if (clock_.nano_time() - deadline_ns_ >= 0) {
        end(EndReason::connect_timeout, describe_connect());
        return 1;
    }
    try {
        switch (state_) {
            case State::create_egress_subscription:
                return create_egress_subscription();
            case State::create_ingress_publications:
                return create_ingress_publications();
            case State::await_publication_connected:
                return await_publication_connected();
            case State::send_message:
                return send_message();
            default:
                return egress_.get()->controlled_poll(assembler_, kFragmentLimit);
        }
    } catch (const client::RegistrationException& refused) {
        // Temporarily unavailable: the state adds again.
        if (refused.severity() != Severity::warn) end(EndReason::connect_failed, refused.what());
    } catch (const std::exception& error) {
        end(EndReason::connect_failed, error.what());
    }
    return 1;
}

int AsyncClusterClient::Impl::create_egress_subscription() {
    if (egress_.is_idle()) {
        egress_.begin(aeron_, aeron_.async_add_subscription(egress_channel(context_.egress_channel),
                                                            context_.egress_stream_id));
        return 1;
    }
    if (egress_.poll() == nullptr) return 0;
    set_state(State::create_ingress_publications);
    return 1;
}

int AsyncClusterClient::Impl::create_ingress_publications() {
    if (!context_.ingress_endpoints.empty()) {
        members_.set(parse_ingress_endpoints(context_.ingress_endpoints));
        set_state(State::await_publication_connected);
        return 1;
    }
    if (!ingress_) ingress_ = std::make_unique<IngressPublication>(context_.is_ingress_exclusive);
    if (ingress_->is_idle()) {
        ingress_->begin(aeron_, context_.ingress_channel, context_.ingress_stream_id);
        return 1;
    }
    if (!ingress_->poll()) return 0;
    set_state(State::await_publication_connected);
    return 1;
}

int AsyncClusterClient::Impl::await_publication_connected() {
    if (response_channel_.empty()) {
        const auto resolved = egress_.get()->try_resolve_channel_endpoint_port();
        if (!resolved) return 0;
        response_channel_ = *resolved;
    }
    if (members_.empty()) {
        if (!ingress_->is_connected()) return 0;
    } else {
        if (!members_.poll(aeron_)) return 0;
        ingress_ = members_.take(ingress_member_id_);
    }
    prepare_connect_request();
    set_state(State::send_message);
    return 1;
}

void AsyncClusterClient::Impl::prepare_connect_request() {
    const std::vector<std::byte> credentials = context_.credentials.encoded_credentials
                                                   ? context_.credentials.encoded_credentials()
                                                   : std::vector<std::byte>{};
    const std::string client_info = fmt::format("name={} version={} commit={}",
                                                context_.client_name, kCompatibleVersion, kCommit);
    correlation_id_ = aeron_.next_correlation_id();
    encode(msg::SessionConnectRequest{.correlation_id = correlation_id_,
                                      .response_stream_id = context_.egress_stream_id,
                                      .version = kClientProtocolVersion,
                                      .response_channel = response_channel_,
                                      .encoded_credentials = credentials,
                                      .client_info = client_info});
}

int AsyncClusterClient::Impl::send_message() {
    const ConstBytes message(buffer_);
    const std::int64_t result = ingress_->offer({&message, 1});
    if (result == client::kPublicationClosed || result == client::kNotConnected) {
        end(EndReason::connect_failed, "unexpected loss of connection to cluster");
        return 1;
    }
    if (result <= 0) return 0;
    set_state(State::poll_response);
    return 1;
}

AsyncClusterClient::Impl::Action AsyncClusterClient::Impl::on_connect_response(
    ConstBytes message, const client::Header& header) {
    // One answer at a time: what follows it is for the state that it leads to.
    if (state_ != State::poll_response) return Action::abort;
    const auto id = wire::MessageHeader::read(message);
    if (!id || id->schema_id != msg::kSchema.id) return Action::continue_;
    if (id->template_id == msg::SessionEvent::kId) {
        const auto event = wire::decode<msg::SessionEvent>(message);
        if (event && event->correlation_id == correlation_id_) on_connect_event(*event, header);
    } else if (id->template_id == msg::Challenge::kId) {
        const auto challenge = wire::decode<msg::Challenge>(message);
        if (challenge && challenge->correlation_id == correlation_id_) on_challenge(*challenge);
    }
    return state_ == State::poll_response ? Action::continue_ : Action::break_;
}

void AsyncClusterClient::Impl::on_connect_event(const msg::SessionEvent& event,
                                                const client::Header& header) {
    switch (event.code) {
        case msg::EventCode::ok:
            break;
        case msg::EventCode::redirect:
            return on_redirect(event);
        case msg::EventCode::error:
            return end(EndReason::connect_failed, std::string(event.detail));
        case msg::EventCode::authentication_rejected:
            return end(EndReason::authentication_rejected, std::string(event.detail));
        case msg::EventCode::closed:
        case msg::EventCode::null:
            return;
    }
    cluster_session_id_ = event.cluster_session_id;
    leadership_term_id_ = event.leadership_term_id;
    leader_member_id_ = event.leader_member_id;
    egress_image_ = image_of(header);
    if (!egress_image_) {
        return end(EndReason::connect_failed, "unexpected loss of connection to cluster");
    }
    const std::int64_t heartbeat_timeout_ns = event.leader_heartbeat_timeout_ns > 0
                                                  ? event.leader_heartbeat_timeout_ns
                                                  : kDefaultLeaderHeartbeatTimeoutNs;
    new_leader_timeout_ns_ = context_.new_leader_timeout_ns > 0 ? context_.new_leader_timeout_ns
                                                                : 2 * heartbeat_timeout_ns;
    keep_alive_deadline_ns_ = clock_.nano_time() + context_.keep_alive_interval_ns;
    encode_session_header();
    members_.close();
    set_state(State::connected);
}

void AsyncClusterClient::Impl::on_challenge(const msg::Challenge& challenge) {
    const std::vector<std::byte> answer =
        context_.credentials.on_challenge
            ? context_.credentials.on_challenge(challenge.encoded_challenge)
            : std::vector<std::byte>{};
    correlation_id_ = aeron_.next_correlation_id();
    encode(msg::ChallengeResponse{.correlation_id = correlation_id_,
                                  .cluster_session_id = challenge.cluster_session_id,
                                  .encoded_credentials = answer});
    set_state(State::send_message);
}

void AsyncClusterClient::Impl::on_redirect(const msg::SessionEvent& event) {
    members_.redirect(event.leader_member_id, parse_ingress_endpoints(event.detail),
                      ingress_member_id_, std::move(ingress_));
    leader_member_id_ = event.leader_member_id;
    set_state(State::await_publication_connected);
}

std::string AsyncClusterClient::Impl::describe_connect() const {
    const client::Subscription* const egress = egress_.get();
    const bool has_ingress = ingress_ && ingress_->is_present();
    std::string text = fmt::format(
        "cluster connect timeout: state={} messageTimeout={} ingressChannel={} "
        "ingressEndpoints={} ingressPublication={} egress.isConnected={} responseChannel={}",
        to_string(state_), format_duration_ns(context_.message_timeout_ns),
        context_.ingress_channel,
        context_.ingress_endpoints.empty() ? "null" : context_.ingress_endpoints,
        !has_ingress ? "null" : (ingress_->is_connected() ? "connected" : "not connected"),
        egress != nullptr && egress->is_connected(),
        egress == nullptr ? "<unknown>" : (response_channel_.empty() ? "null" : response_channel_));
    const std::string errors = members_.errors();
    if (!errors.empty()) text += fmt::format(" refused: {}", errors);
    return text;
}

}  // namespace tern::cluster
