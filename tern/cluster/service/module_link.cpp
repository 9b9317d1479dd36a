#include "tern/cluster/service/module_link.hpp"

#include <fmt/format.h>

#include <array>

#include "tern/wire/sbe.hpp"

namespace tern::cluster {

namespace message = wire::cluster;

namespace {

Role to_role(std::int32_t code) {
    if (code < 0 || code > static_cast<std::int32_t>(Role::leader)) {
        throw Error(fmt::format("Invalid role counter code: {}", code));
    }
    return static_cast<Role>(code);
}

template <typename Message>
Message decode_or_throw(ConstBytes bytes) {
    const auto decoded = wire::decode<Message>(bytes);
    if (!decoded) {
        throw Error(fmt::format("malformed message from the consensus module: {}",
                                to_string(decoded.error())));
    }
    return *decoded;
}

}  // namespace

ModuleLink::ModuleLink(const ServiceContainerContext& context, client::Aeron& aeron)
    : context_(context),
      aeron_(aeron),
      publication_id_(
          aeron.async_add_publication(context.control_channel, context.consensus_module_stream_id)),
      subscription_id_(
          aeron.async_add_subscription(context.control_channel, context.service_stream_id)) {}

bool ModuleLink::open() {
    if (!publication_) publication_ = aeron_.find_publication(publication_id_);
    if (!subscription_) subscription_ = aeron_.find_subscription(subscription_id_);
    return publication_ && subscription_;
}

void ModuleLink::close() noexcept {
    if (!subscription_) aeron_.abandon(subscription_id_);
    if (!publication_) aeron_.abandon(publication_id_);
    if (subscription_) subscription_->close();
    if (publication_) publication_->close();
}

int ModuleLink::poll(ModuleRequests& requests) {
    polled_ = &requests;
    return subscription_->poll(assembler_, 1);
}

void ModuleLink::on_message(ConstBytes bytes, ModuleRequests& requests) {
    const auto header = wire::MessageHeader::read(bytes);
    if (!header || header->schema_id != message::kSchema.id) {
        throw Error(fmt::format("expected schemaId={}, actual={}", message::kSchema.id,
                                header ? header->schema_id : 0));
    }
    switch (header->template_id) {
        case message::JoinLog::kId: {
            const auto join = decode_or_throw<message::JoinLog>(bytes);
            requests.join = JoinRequest{.log_position = join.log_position,
                                        .max_log_position = join.max_log_position,
                                        .member_id = join.member_id,
                                        .log_session_id = join.log_session_id,
                                        .log_stream_id = join.log_stream_id,
                                        .is_startup = wire::is_true(join.is_startup),
                                        .is_standby = wire::is_true(join.is_standby),
                                        .role = to_role(join.role),
                                        .log_channel = std::string(join.log_channel)};
            break;
        }
        case message::ServiceTerminationPosition::kId:
            requests.termination_position =
                decode_or_throw<message::ServiceTerminationPosition>(bytes).log_position;
            break;
        case message::RequestServiceAck::kId:
            requests.requested_ack_position =
                decode_or_throw<message::RequestServiceAck>(bytes).log_position;
            break;
        default:
            break;  // answers to tools, on the same stream
    }
}

void ModuleLink::queue_ack(std::int64_t log_position, std::int64_t timestamp,
                           std::int64_t relevant_id) {
    TERN_ASSERT(acks_.size() < kMaxQueuedAcks, "the module waits for every ack before the next");
    acks_.push_back({.log_position = log_position,
                     .timestamp = timestamp,
                     .ack_id = next_ack_id_++,
                     .relevant_id = relevant_id,
                     .service_id = context_.service_id});
}

bool ModuleLink::flush_acks() {
    while (!acks_.empty()) {
        if (!send(acks_.front())) return false;
        acks_.pop_front();
    }
    return true;
}

bool ModuleLink::schedule_timer(std::int64_t id, std::int64_t deadline) {
    return send(message::ScheduleTimer{.correlation_id = id, .deadline = deadline});
}

bool ModuleLink::cancel_timer(std::int64_t id) {
    return send(message::CancelTimer{.correlation_id = id});
}

bool ModuleLink::close_session(std::int64_t cluster_session_id) {
    return send(message::CloseSession{.cluster_session_id = cluster_session_id});
}

std::int64_t ModuleLink::offer(std::int64_t leadership_term_id, ConstBytes payload) {
    std::array<std::byte, wire::kBlockEnd<message::SessionMessageHeader>> header;
    (void)wire::encode(Bytes(header),
                       message::SessionMessageHeader{.leadership_term_id = leadership_term_id,
                                                     .cluster_session_id = context_.service_id,
                                                     .timestamp = 0});
    const std::array<ConstBytes, 2> parts{ConstBytes(header), payload};
    return require_connected(publication_->offer(parts));
}

template <typename Message>
bool ModuleLink::send(const Message& message) {
    std::array<std::byte, wire::kBlockEnd<Message>> bytes;
    (void)wire::encode(Bytes(bytes), message);
    return require_connected(publication_->offer(ConstBytes(bytes))) > 0;
}

std::int64_t ModuleLink::require_connected(std::int64_t result) const {
    if (result == client::kNotConnected) throw Error("publication is not connected");
    if (result == client::kPublicationClosed) throw Error("publication is closed");
    if (result == client::kMaxPositionExceeded) {
        throw Error(fmt::format("publication at max position: term-length={}",
                                publication_->term_buffer_length()));
    }
    return result;
}

}  // namespace tern::cluster
