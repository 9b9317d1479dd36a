#include "tern/cluster/service/container_session.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "tern/wire/cluster_client_messages.hpp"
#include "tern/wire/sbe.hpp"

namespace tern::cluster {

ContainerSession::ContainerSession(SessionHost& host, std::int64_t id,
                                   std::int32_t response_stream_id,
                                   std::string_view response_channel, ConstBytes encoded_principal)
    : host_(host),
      id_(id),
      response_stream_id_(response_stream_id),
      response_channel_(response_channel),
      principal_(encoded_principal.begin(), encoded_principal.end()) {}

std::int64_t ContainerSession::offer(ConstBytes message) { return offer({&message, 1}); }

std::int64_t ContainerSession::offer(std::span<const ConstBytes> parts) {
    host_.check_may_send();
    if (!host_.is_leader()) return kMockedOffer;
    if (!publication_) return client::kNotConnected;
    std::array<std::byte, wire::kBlockEnd<wire::cluster::SessionMessageHeader>> header;
    (void)wire::encode(Bytes(header), wire::cluster::SessionMessageHeader{
                                          .leadership_term_id = host_.leadership_term_id(),
                                          .cluster_session_id = id_,
                                          .timestamp = host_.cluster_time()});
    parts_.assign(1, ConstBytes(header));
    parts_.insert(parts_.end(), parts.begin(), parts.end());
    return publication_->offer(std::span<const ConstBytes>(parts_));
}

bool ContainerSession::close() {
    host_.check_may_send();
    if (!is_closing_) is_closing_ = host_.request_close(id_);
    return is_closing_;
}

void ContainerSession::begin_connect(client::Aeron& aeron) {
    if (publication_ || publication_id_ != kNullValue) return;
    publication_id_ = aeron.async_add_publication(response_channel_, response_stream_id_);
}

bool ContainerSession::is_connect_complete(client::Aeron& aeron) {
    if (publication_id_ == kNullValue) return true;
    try {
        publication_ = aeron.find_publication(publication_id_);
    } catch (const Error& error) {
        publication_id_ = kNullValue;
        host_.report(
            Error(fmt::format("failed to connect session response publication: {}", error.what()),
                  error.code(), Severity::warn));
        return true;
    }
    if (!publication_) return false;
    publication_id_ = kNullValue;
    return true;
}

void ContainerSession::disconnect(client::Aeron& aeron) noexcept {
    if (publication_id_ != kNullValue) aeron.abandon(std::exchange(publication_id_, kNullValue));
    publication_.reset();
}

}  // namespace tern::cluster
