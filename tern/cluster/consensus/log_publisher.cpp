#include "tern/cluster/consensus/log_publisher.hpp"

#include <fmt/format.h>

#include <array>

#include "tern/base/assert.hpp"
#include "tern/base/error.hpp"
#include "tern/base/math.hpp"
#include "tern/cluster/consensus/cluster_session.hpp"
#include "tern/wire/cluster_client_messages.hpp"

namespace tern::cluster {

namespace msg = wire::cluster;

namespace {

constexpr std::int64_t kFrameAlignment = 32;
constexpr std::int64_t kDataHeaderLength = 32;

/// Throws for results that no retry can help.
void check(std::int64_t result, const client::ExclusivePublication& publication) {
    if (result == client::kPublicationClosed) throw Error("log publication is closed");
    if (result == client::kMaxPositionExceeded) {
        throw Error(fmt::format("log publication at max position: term-length={}",
                                publication.term_buffer_length()));
    }
}

}  // namespace

std::int64_t LogPublisher::position() const {
    TERN_ASSERT(publication_ != nullptr, "the log has a position while it is connected");
    return publication_->position();
}

std::optional<std::int64_t> LogPublisher::append_message(std::int64_t session_id,
                                                         std::int64_t leadership_term_id,
                                                         std::int64_t timestamp,
                                                         ConstBytes payload) {
    if (publication_ == nullptr) return std::nullopt;
    std::array<std::byte, wire::kBlockEnd<msg::SessionMessageHeader>> header;
    (void)wire::encode(header, msg::SessionMessageHeader{.leadership_term_id = leadership_term_id,
                                                         .cluster_session_id = session_id,
                                                         .timestamp = timestamp});
    const std::array<ConstBytes, 2> parts{ConstBytes(header), payload};
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        const auto result = publication_->offer(parts);
        if (result > 0) return result;
        check(result, *publication_);
    }
    return std::nullopt;
}

template <typename Message>
std::optional<std::int64_t> LogPublisher::append(Message message) {
    if (publication_ == nullptr) return std::nullopt;
    scratch_.resize(wire::encoded_length(message));
    (void)wire::encode(scratch_, message);
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        const auto result = publication_->offer(ConstBytes(scratch_));
        if (result > 0) return result;
        check(result, *publication_);
    }
    return std::nullopt;
}

template <typename Message>
std::optional<std::int64_t> LogPublisher::append_with_position(Message message) {
    if (publication_ == nullptr) return std::nullopt;
    std::array<std::byte, wire::kBlockEnd<Message>> bytes;
    constexpr auto kFrameLength = align_up<std::int64_t>(
        kDataHeaderLength + static_cast<std::int64_t>(wire::kBlockEnd<Message>), kFrameAlignment);
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        message.log_position = publication_->position() + kFrameLength;
        (void)wire::encode(bytes, message);
        const auto result = publication_->offer(ConstBytes(bytes));
        if (result > 0) return result;
        check(result, *publication_);
    }
    return std::nullopt;
}

std::optional<std::int64_t> LogPublisher::append_session_open(const ClusterSession& session,
                                                              std::int64_t leadership_term_id,
                                                              std::int64_t timestamp) {
    return append(msg::SessionOpenEvent{.leadership_term_id = leadership_term_id,
                                        .correlation_id = session.correlation_id,
                                        .cluster_session_id = session.id,
                                        .timestamp = timestamp,
                                        .response_stream_id = session.response_stream_id,
                                        .response_channel = session.response_channel,
                                        .encoded_principal = session.encoded_principal});
}

std::optional<std::int64_t> LogPublisher::append_session_close(std::int64_t session_id,
                                                               CloseReason reason,
                                                               std::int64_t leadership_term_id,
                                                               std::int64_t timestamp) {
    return append(msg::SessionCloseEvent{.leadership_term_id = leadership_term_id,
                                         .cluster_session_id = session_id,
                                         .timestamp = timestamp,
                                         .close_reason = to_wire(reason)});
}

std::optional<std::int64_t> LogPublisher::append_timer(std::int64_t correlation_id,
                                                       std::int64_t leadership_term_id,
                                                       std::int64_t timestamp) {
    return append(msg::TimerEvent{.leadership_term_id = leadership_term_id,
                                  .correlation_id = correlation_id,
                                  .timestamp = timestamp});
}

std::optional<std::int64_t> LogPublisher::append_cluster_action(msg::ClusterAction action,
                                                                std::int32_t flags,
                                                                std::int64_t leadership_term_id,
                                                                std::int64_t timestamp) {
    return append_with_position(msg::ClusterActionRequest{.leadership_term_id = leadership_term_id,
                                                          .timestamp = timestamp,
                                                          .action = action,
                                                          .flags = flags});
}

std::optional<std::int64_t> LogPublisher::append_new_leadership_term(
    msg::NewLeadershipTermEvent event) {
    return append_with_position(event);
}

}  // namespace tern::cluster
