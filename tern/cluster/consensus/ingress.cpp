#include "tern/cluster/consensus/ingress.hpp"

#include <fmt/format.h>

#include "tern/base/planted_fault.hpp"
#include "tern/cluster/consensus/log_channels.hpp"
#include "tern/wire/channel_uri.hpp"

namespace tern::cluster {

namespace msg = wire::cluster;
using client::ControlledAction;

namespace {

constexpr std::size_t kSessionHeaderLength = 32;

}  // namespace

Ingress::Ingress(ModuleCore& core)
    : core_(core),
      network_assembler_([this](ConstBytes message, const client::Header& header) {
          return on_message(message, header);
      }),
      ipc_assembler_([this](ConstBytes message, const client::Header& header) {
          return on_message(message, header);
      }) {}

void Ingress::connect() {
    const auto handlers = [this] {
        return client::ImageHandlers{.available = {}, .unavailable = [this](const auto& image) {
                                         on_image_unavailable(*image);
                                     }};
    };
    const auto& ctx = core_.ctx;
    const auto channel =
        ingress_subscription_channel(ctx.ingress_channel, core_.own_member().endpoints.ingress);
    auto& aeron = *core_.aeron;
    network_.begin(aeron, aeron.async_add_subscription(channel, ctx.ingress_stream_id, handlers()));
    if (is_leader() && ctx.is_ipc_ingress_allowed && !channel.starts_with(wire::kIpcChannel)) {
        ipc_.begin(aeron, aeron.async_add_subscription(wire::kIpcChannel, ctx.ingress_stream_id,
                                                       handlers()));
    }
}

void Ingress::disconnect() noexcept {
    network_.close();
    ipc_.close();
    network_assembler_.clear();
    ipc_assembler_.clear();
}

void Ingress::poll_connect() {
    network_.poll();
    ipc_.poll();
}

int Ingress::poll() {
    int fragments = 0;
    const auto limit = core_.ctx.ingress_fragment_limit;
    if (auto* network = network_.get()) {
        fragments += network->controlled_poll(network_assembler_, limit);
    }
    if (auto* ipc = ipc_.get()) fragments += ipc->controlled_poll(ipc_assembler_, limit);
    return fragments;
}

void Ingress::on_image_unavailable(const client::Image& image) {
    network_assembler_.free_session(image.session_id());
    ipc_assembler_.free_session(image.session_id());
    if (is_leader() && core_.state == ModuleState::active) {
        core_.sessions.on_ingress_image_unavailable(image.correlation_id(), core_.now());
    }
}

ControlledAction Ingress::on_message(ConstBytes message, const client::Header& header) {
    const auto sbe = wire::MessageHeader::read(message);
    if (!sbe || sbe->schema_id != msg::kSchema.id) {
        // Without the number, which the sender chooses: one entry in the error log, not 65535.
        core_.errors.event(
            fmt::format("ingress of another schema: expected schemaId={}", msg::kSchema.id));
        return ControlledAction::continue_;
    }
    switch (sbe->template_id) {
        case msg::SessionMessageHeader::kId:
            return on_session_message(message, header);
        case msg::SessionConnectRequest::kId:
            on_connect(message, header);
            break;
        case msg::SessionKeepAlive::kId:
            on_keep_alive(message, header);
            break;
        case msg::SessionCloseRequest::kId:
            on_close(message);
            break;
        case msg::ChallengeResponse::kId:
            on_challenge_response(message);
            break;
        case msg::AdminRequest::kId:
            on_admin_request(message);
            break;
        default:
            break;
    }
    return ControlledAction::continue_;
}

ClusterSession* Ingress::open_session(std::int64_t term_id, std::int64_t session_id) {
    if (!is_leader() || term_id != core_.leadership_term_id) return nullptr;
    return core_.sessions.find_open(session_id);
}

ControlledAction Ingress::on_session_message(ConstBytes message, const client::Header&) {
    const auto request = wire::decode<msg::SessionMessageHeader>(message);
    if (!request || message.size() < kSessionHeaderLength) return ControlledAction::continue_;
    auto* session = open_session(request->leadership_term_id, request->cluster_session_id);
    const bool is_taken_anyway = planted(Fault::closed_session_accepted) && is_leader();
    if (session == nullptr && !is_taken_anyway) return ControlledAction::continue_;
    const auto appended = core_.log_publisher.append_message(
        request->cluster_session_id, core_.leadership_term_id, core_.cluster_time(),
        message.subspan(kSessionHeaderLength));
    if (!appended) return ControlledAction::abort;
    if (session != nullptr) session->time_of_last_activity_ns = core_.now_ns();
    return ControlledAction::continue_;
}

void Ingress::on_connect(ConstBytes message, const client::Header& header) {
    const auto request = wire::decode<msg::SessionConnectRequest>(message);
    if (!request) {
        core_.errors.event(
            fmt::format("connect request is malformed: {}", wire::to_string(request.error())));
        return;
    }
    const auto* image = header.context();
    core_.sessions.on_connect(
        {.correlation_id = request->correlation_id,
         .response_stream_id = request->response_stream_id,
         .version = request->version,
         .response_channel = request->response_channel,
         .encoded_credentials = request->encoded_credentials,
         .client_info = request->client_info,
         .image_correlation_id = image == nullptr ? -1 : image->correlation_id(),
         .image_session_id = header.session_id(),
         .source_identity = image == nullptr ? "" : std::string_view(image->source_identity())},
        is_leader(), core_.now());
}

void Ingress::on_keep_alive(ConstBytes message, const client::Header& header) {
    const auto request = wire::decode<msg::SessionKeepAlive>(message);
    if (!request) return;
    auto* session = open_session(request->leadership_term_id, request->cluster_session_id);
    if (session == nullptr) return;
    if (planted(Fault::keep_alive_ignored)) return;
    session->time_of_last_activity_ns = core_.now_ns();
    if (session->ingress_image_correlation_id == -1 && header.context() != nullptr) {
        session->ingress_image_correlation_id = header.context()->correlation_id();
    }
}

void Ingress::on_close(ConstBytes message) {
    const auto request = wire::decode<msg::SessionCloseRequest>(message);
    if (!request) return;
    auto* session = open_session(request->leadership_term_id, request->cluster_session_id);
    if (session != nullptr) core_.sessions.on_close_request(*session, core_.now());
}

void Ingress::on_challenge_response(ConstBytes message) {
    const auto response = wire::decode<msg::ChallengeResponse>(message);
    if (!response || !is_leader()) return;
    core_.sessions.on_challenge_response(response->cluster_session_id, response->correlation_id,
                                         response->encoded_credentials, core_.now());
}

void Ingress::on_admin_request(ConstBytes message) {
    const auto request = wire::decode<msg::AdminRequest>(message);
    if (!request) return;
    auto* session = open_session(request->leadership_term_id, request->cluster_session_id);
    if (session == nullptr || session->connected_response() == nullptr) return;
    auto& response = *session->connected_response();
    const auto type = request->request_type;
    using Code = msg::AdminResponseCode;
    if (!core_.ctx.authorisation_service(msg::AdminRequest::kId.id, static_cast<std::int32_t>(type),
                                         session->encoded_principal)) {
        egress_.admin_response(
            response, *request, Code::unauthorised_access,
            fmt::format("Execution of the {} request was not authorised", msg::to_string(type)));
    } else if (type != msg::AdminRequestType::snapshot) {
        egress_.admin_response(response, *request, Code::error,
                               fmt::format("Unknown request type: {}", msg::to_string(type)));
    } else if (core_.counters.at(ModuleCounter::control_toggle)
                   .compare_and_set(static_cast<std::int64_t>(ControlToggle::neutral),
                                    static_cast<std::int64_t>(ControlToggle::snapshot))) {
        egress_.admin_response(response, *request, Code::ok, "");
    } else {
        egress_.admin_response(response, *request, Code::error,
                               "Failed to switch ClusterControl to the ToggleState.SNAPSHOT state");
    }
}

}  // namespace tern::cluster
