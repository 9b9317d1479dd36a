#pragma once
// A subscription: the images of all publications that match its channel and stream (CLI-12).
//
// Ownership: unique; destroying the handle closes it, also when the client has gone before. Images
// may be kept longer than the subscription (image.hpp).
//
// Thread safety: poll variants, and whatever hands out or visits images, by one thread at a time,
// the polling thread; is_connected(), image_count(), destinations, channel status and close() from
// any thread. The conductor changes the list of images at any time: a poll works on the list as it
// was when it began, and what it reads stays mapped until it is through.

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tern/base/math.hpp"
#include "tern/client/handlers.hpp"
#include "tern/client/image.hpp"
#include "tern/memory/counter_keys.hpp"
#include "tern/wire/commands.hpp"

namespace tern::client {

class ClientConductor;
class CncMapping;

using ImageList = std::vector<std::shared_ptr<Image>>;

class Subscription {
  public:
    /// For the conductor.
    struct Spec {
        std::int64_t registration_id = 0;
        std::int32_t stream_id = 0;
        std::int32_t channel_status_id = memory::kNullCounterId;
        std::string channel;
        ImageHandlers image_handlers;
        std::shared_ptr<CncMapping> cnc;
        std::shared_ptr<ClientConductor> conductor;
    };
    explicit Subscription(Spec spec);
    ~Subscription();  ///< closes
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

    [[nodiscard]] const std::string& channel() const noexcept { return spec_.channel; }
    [[nodiscard]] std::int32_t stream_id() const noexcept { return spec_.stream_id; }
    [[nodiscard]] std::int64_t registration_id() const noexcept { return spec_.registration_id; }
    [[nodiscard]] std::int32_t channel_status_id() const noexcept {
        return spec_.channel_status_id;
    }

    /// Polls the images, each time beginning with the next one, until `fragment_limit` fragments
    /// were delivered or every image was asked once. Handlers as in image.hpp. Returns fragments.
    template <typename Handler>
    int poll(Handler&& handler, int fragment_limit) {
        return poll_images(fragment_limit,
                           [&](Image& image, int limit) { return image.poll(handler, limit); });
    }
    /// As poll; abort and break_ end the poll of their image only.
    template <typename Handler>
    int controlled_poll(Handler&& handler, int fragment_limit) {
        return poll_images(fragment_limit, [&](Image& image, int limit) {
            return image.controlled_poll(handler, limit);
        });
    }
    /// One block of at most `block_length_limit` bytes from each image. Returns bytes.
    template <typename Handler>
    std::int64_t block_poll(Handler&& handler, std::int32_t block_length_limit) {
        std::int64_t bytes = 0;
        for_each_image([&](const std::shared_ptr<Image>& image) {
            bytes += image->block_poll(handler, block_length_limit);
        });
        return bytes;
    }
    /// As block_poll, with the place of each block in the file of its log.
    template <typename Handler>
    std::int64_t raw_poll(Handler&& handler, std::int32_t block_length_limit) {
        std::int64_t bytes = 0;
        for_each_image([&](const std::shared_ptr<Image>& image) {
            bytes += image->raw_poll(handler, block_length_limit);
        });
        return bytes;
    }

    /// Calls visit(const std::shared_ptr<Image>&) for each image there is now; returns how many.
    template <typename Visit>
    std::size_t for_each_image(Visit&& visit) const {
        const PollScope scope(*this);
        const ImageList& images = images_now();
        for (const auto& image : images) visit(image);
        return images.size();
    }

    /// Whether any image is there. Images leave the list when they are closed.
    [[nodiscard]] bool is_connected() const noexcept { return image_count() > 0; }
    [[nodiscard]] std::size_t image_count() const noexcept {
        return image_count_.load(std::memory_order_acquire);
    }
    [[nodiscard]] bool has_no_images() const noexcept { return image_count() == 0; }
    /// In the order in which they became available.
    [[nodiscard]] ImageList images() const;
    /// The first image of that session; null when there is none.
    [[nodiscard]] std::shared_ptr<Image> image_by_session_id(std::int32_t session_id) const;
    /// Null when there are not that many.
    [[nodiscard]] std::shared_ptr<Image> image_at(std::size_t index) const;

    /// Of the channel's endpoint; active for IPC and spies, errored when closed.
    [[nodiscard]] memory::ChannelStatus channel_status() const;
    /// "host:port" that the channel's sockets are bound to; empty until active.
    [[nodiscard]] std::vector<std::string> local_socket_addresses() const;
    /// The first of them, or empty.
    [[nodiscard]] std::string resolved_endpoint() const;
    /// The channel with a wildcard port (":0") of its endpoint replaced by the port bound to;
    /// nullopt until there is one. A channel without such a port is returned as it is.
    [[nodiscard]] std::optional<std::string> try_resolve_channel_endpoint_port() const;

    // Destinations, of channels with control-mode=manual (CLI-17).
    /// Returns the command's correlation id for Aeron::is_operation_complete. Throws
    /// ClientClosedException when closed.
    std::int64_t async_add_destination(std::string_view channel);
    std::int64_t async_remove_destination(std::string_view channel);
    /// As above, waiting for the driver's answer. Throws RegistrationException when refused.
    void add_destination(std::string_view channel);
    void remove_destination(std::string_view channel);

    /// Closes the images, calls their unavailable handler, tells the driver. Idempotent; never
    /// waits.
    void close() noexcept;
    [[nodiscard]] bool is_closed() const noexcept {
        return is_closed_.load(std::memory_order_acquire);
    }

  private:
    friend class ClientConductor;

    /// Marks the time that the polling thread spends on a list of images: sequence_ is odd.
    class PollScope {
      public:
        explicit PollScope(const Subscription& subscription) noexcept
            : subscription_(subscription) {
            if (subscription_.poll_depth_++ == 0) subscription_.advance_sequence();
        }
        ~PollScope() {
            if (--subscription_.poll_depth_ == 0) subscription_.advance_sequence();
        }
        PollScope(const PollScope&) = delete;
        PollScope& operator=(const PollScope&) = delete;

      private:
        const Subscription& subscription_;
    };

    /// A list that was replaced; a poll that began before may still walk it.
    struct RetiredList {
        std::unique_ptr<const ImageList> list;
        std::uint64_t sequence;    ///< of the polling thread, when it was replaced
        std::int64_t deadline_ns;  ///< not freed earlier
    };

    void advance_sequence() const noexcept {
        sequence_.store(sequence_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }
    /// Only within a PollScope.
    [[nodiscard]] const ImageList& images_now() const noexcept {
        return *images_.load(std::memory_order_acquire);  // pairs with replace_images
    }
    template <typename PollImage>
    int poll_images(int fragment_limit, PollImage&& poll_image);

    std::int64_t send_destination(wire::CommandId id, std::string_view channel);

    // For the conductor, under its lock.
    void add_image(std::shared_ptr<Image> image, std::int64_t retire_deadline_ns);
    /// Null when there is no such image.
    std::shared_ptr<Image> remove_image(std::int64_t correlation_id,
                                        std::int64_t retire_deadline_ns);
    ImageList remove_all_images(std::int64_t retire_deadline_ns);
    void free_retired_lists(std::int64_t now_ns);
    void mark_closed() noexcept { is_closed_.store(true, std::memory_order_release); }
    void replace_images(ImageList images, std::int64_t retire_deadline_ns);

    Spec spec_;
    std::unique_ptr<const ImageList> current_;  // what images_ points to; the conductor's
    std::deque<RetiredList> retired_;           // the conductor's
    std::atomic<const ImageList*> images_;
    std::atomic<std::size_t> image_count_{0};
    std::atomic<bool> is_closed_{false};

    // The polling thread's own; the conductor reads sequence_.
    alignas(kCacheLineLength) mutable std::atomic<std::uint64_t> sequence_{0};
    mutable std::uint32_t poll_depth_ = 0;
    std::size_t round_robin_index_ = 0;
};

template <typename PollImage>
int Subscription::poll_images(int fragment_limit, PollImage&& poll_image) {
    const PollScope scope(*this);
    const ImageList& images = images_now();
    const std::size_t count = images.size();
    std::size_t start = round_robin_index_++;
    if (start >= count) round_robin_index_ = start = 0;
    int fragments = 0;
    for (std::size_t i = start; i < count && fragments < fragment_limit; ++i) {
        fragments += poll_image(*images[i], fragment_limit - fragments);
    }
    for (std::size_t i = 0; i < start && fragments < fragment_limit; ++i) {
        fragments += poll_image(*images[i], fragment_limit - fragments);
    }
    return fragments;
}

}  // namespace tern::client
