#include "tern/client/image.hpp"

#include <fmt/format.h>

#include <utility>

#include "tern/client/client_conductor.hpp"

namespace tern::client {

Image::Image(Spec spec)
    : spec_(std::move(spec)),
      log_(spec_.log->buffers()),
      join_position_(spec_.subscriber_position.get()) {
    if (join_position_ < 0 ||
        !is_aligned<std::int64_t>(join_position_, logbuffer::kFrameAlignment)) {
        throw Error(fmt::format("subscriber position counter {} has no position of a frame: {}",
                                subscriber_position_id(), join_position_));
    }
}

std::int64_t Image::end_of_stream_position() const noexcept {
    return is_closed() ? final_end_of_stream_position_ : log_.metadata().end_of_stream_position();
}

std::int32_t Image::active_transport_count() const noexcept {
    return is_closed() ? 0 : log_.metadata().active_transport_count();
}

bool Image::is_publication_revoked() const noexcept {
    return is_closed() ? final_is_revoked_ : log_.metadata().is_publication_revoked();
}

void Image::set_position(std::int64_t new_position) {
    if (is_closed()) return;
    check_position(new_position);
    spec_.subscriber_position.set(new_position);
}

void Image::check_position(std::int64_t new_position) const {
    const std::int64_t current = spec_.subscriber_position.get_plain();
    const std::int64_t limit = current - offset_of(current) + log_.term_length();
    if (new_position < current || new_position > limit) {
        throw InvalidArgument(
            fmt::format("{} position out of range: {}-{}", new_position, current, limit));
    }
    if (!is_aligned<std::int64_t>(new_position, logbuffer::kFrameAlignment)) {
        throw InvalidArgument(
            fmt::format("{} position not aligned to FRAME_ALIGNMENT", new_position));
    }
}

std::int64_t Image::reject(std::string_view reason) {
    const auto conductor = spec_.conductor.lock();
    if (conductor == nullptr || is_closed()) {
        throw ClientClosedException(
            fmt::format("image {} of {} is closed", spec_.session_id, spec_.source_identity));
    }
    if (spec_.is_spy) throw InvalidArgument("spies can not reject images");
    if (reason.size() > wire::kMaxRejectReasonLength) {
        throw InvalidArgument(fmt::format("reject reason must be {} bytes or less, length={}",
                                          wire::kMaxRejectReasonLength, reason.size()));
    }
    wire::RejectImage command;
    command.image_correlation_id = spec_.correlation_id;
    command.position = position();
    command.reason = reason;
    return conductor->start_operation(
        wire::CommandId::reject_image, command,
        fmt::format("reject image {} of {}", spec_.session_id, spec_.source_identity));
}

void Image::close() noexcept {
    if (is_closed()) return;
    final_position_ = spec_.subscriber_position.get();
    final_end_of_stream_position_ = log_.metadata().end_of_stream_position();
    final_is_revoked_ = log_.metadata().is_publication_revoked();
    is_closed_.store(true, std::memory_order_release);  // publishes the values above
}

}  // namespace tern::client
