#include "tern/client/subscription.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tern/client/client_conductor.hpp"
#include "tern/wire/channel_uri.hpp"

namespace tern::client {

Subscription::Subscription(Spec spec)
    : spec_(std::move(spec)),
      current_(std::make_unique<const ImageList>()),
      images_(current_.get()) {}

Subscription::~Subscription() { close(); }

void Subscription::close() noexcept { spec_.conductor->close(*this); }

// ---- Images.

ImageList Subscription::images() const {
    const PollScope scope(*this);
    return images_now();
}

std::shared_ptr<Image> Subscription::image_by_session_id(std::int32_t session_id) const {
    const PollScope scope(*this);
    const ImageList& images = images_now();
    const auto found = std::ranges::find_if(
        images, [&](const auto& image) { return image->session_id() == session_id; });
    return found == images.end() ? nullptr : *found;
}

std::shared_ptr<Image> Subscription::image_at(std::size_t index) const {
    const PollScope scope(*this);
    const ImageList& images = images_now();
    return index < images.size() ? images[index] : nullptr;
}

// ---- Channel.

memory::ChannelStatus Subscription::channel_status() const {
    return is_closed() ? memory::ChannelStatus::errored
                       : spec_.cnc->channel_status(spec_.channel_status_id);
}

std::vector<std::string> Subscription::local_socket_addresses() const {
    if (is_closed()) return {};
    return spec_.cnc->local_socket_addresses(spec_.channel_status_id);
}

std::string Subscription::resolved_endpoint() const {
    const auto addresses = local_socket_addresses();
    return addresses.empty() ? std::string() : addresses.front();
}

std::optional<std::string> Subscription::try_resolve_channel_endpoint_port() const {
    wire::ChannelUri uri = wire::ChannelUri::parse(spec_.channel);
    const auto endpoint = uri.get(wire::uri_key::kEndpoint);
    if (!endpoint || !endpoint->ends_with(":0") ||
        uri.has_control_mode(wire::control_mode::kManual)) {
        return spec_.channel;
    }
    const std::string resolved = resolved_endpoint();
    if (resolved.empty()) return std::nullopt;
    return uri.replace_endpoint_wildcard_port(resolved).to_string();
}

// ---- Destinations.

std::int64_t Subscription::send_destination(wire::CommandId id, std::string_view channel) {
    if (is_closed()) {
        throw ClientClosedException(
            fmt::format("subscription {} stream {} is closed", spec_.channel, spec_.stream_id));
    }
    wire::DestinationCommand command;
    command.registration_id = spec_.registration_id;
    command.channel = channel;
    return spec_.conductor->start_operation(
        id, command,
        fmt::format("{} {} of subscription {}", wire::to_string(id), channel, spec_.channel));
}

std::int64_t Subscription::async_add_destination(std::string_view channel) {
    return send_destination(wire::CommandId::add_rcv_destination, channel);
}

std::int64_t Subscription::async_remove_destination(std::string_view channel) {
    return send_destination(wire::CommandId::remove_rcv_destination, channel);
}

void Subscription::add_destination(std::string_view channel) {
    spec_.conductor->check_not_in_handler();
    spec_.conductor->await_operation(async_add_destination(channel));
}

void Subscription::remove_destination(std::string_view channel) {
    spec_.conductor->check_not_in_handler();
    spec_.conductor->await_operation(async_remove_destination(channel));
}

// ---- The list of images, for the conductor.

void Subscription::add_image(std::shared_ptr<Image> image, std::int64_t retire_deadline_ns) {
    ImageList images = *current_;
    images.push_back(std::move(image));
    replace_images(std::move(images), retire_deadline_ns);
}

std::shared_ptr<Image> Subscription::remove_image(std::int64_t correlation_id,
                                                  std::int64_t retire_deadline_ns) {
    const auto found = std::ranges::find_if(
        *current_, [&](const auto& image) { return image->correlation_id() == correlation_id; });
    if (found == current_->end()) return nullptr;
    std::shared_ptr<Image> image = *found;
    ImageList images = *current_;
    std::erase(images, image);
    image->close();
    replace_images(std::move(images), retire_deadline_ns);
    return image;
}

ImageList Subscription::remove_all_images(std::int64_t retire_deadline_ns) {
    ImageList images = *current_;
    if (!images.empty()) replace_images({}, retire_deadline_ns);
    return images;
}

void Subscription::replace_images(ImageList images, std::int64_t retire_deadline_ns) {
    auto next = std::make_unique<const ImageList>(std::move(images));
    images_.store(next.get(), std::memory_order_release);  // pairs with images_now
    image_count_.store(next->size(), std::memory_order_release);
    retired_.push_back({.list = std::exchange(current_, std::move(next)),
                        .sequence = sequence_.load(std::memory_order_acquire),
                        .deadline_ns = retire_deadline_ns});
}

// A list may be freed when the polling thread cannot be walking it any more. Its sequence is odd
// within a poll. That store and its load of the list are not ordered by a fence, which would cost
// every poll; instead the linger time gives the store ample time to become visible. So after it,
// an even sequence means that no poll that could have loaded the list is under way. Within a poll
// that is so when the sequence is more than one ahead: one ahead may be the poll whose beginning
// was not visible yet when the list was replaced.
void Subscription::free_retired_lists(std::int64_t now_ns) {
    const std::uint64_t sequence = sequence_.load(std::memory_order_acquire);
    const bool is_polling = (sequence & 1) != 0;
    std::erase_if(retired_, [&](const RetiredList& retired) {
        return now_ns > retired.deadline_ns && (!is_polling || sequence > retired.sequence + 1);
    });
}

}  // namespace tern::client
