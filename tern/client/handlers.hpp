#pragma once
// What a client calls back (CLI-3.2).
//
// All of these are called by the conductor: on its own thread, or in do_work() in invoker mode. No
// two are called at once. Within them nothing may be waited for: asynchronous adds, closing and
// dropping handles are fine, synchronous adds throw. An exception goes to the error handler.

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "tern/memory/counters.hpp"

namespace tern::client {

class Image;

/// The image has just been added to its subscription. Keep the handle to poll it by yourself.
using AvailableImageHandler = std::function<void(const std::shared_ptr<Image>&)>;
/// The image was just taken from its subscription and closed; it still answers questions.
using UnavailableImageHandler = std::function<void(const std::shared_ptr<Image>&)>;

/// Of a subscription; either may be empty.
struct ImageHandlers {
    AvailableImageHandler available;
    UnavailableImageHandler unavailable;
};

/// A publication of this client is there: find_publication() or find_exclusive_publication() gives
/// it now, with the registration id.
using NewPublicationHandler =
    std::function<void(std::string_view channel, std::int32_t stream_id, std::int32_t session_id,
                       std::int64_t registration_id)>;
/// A subscription of this client is there, likewise.
using NewSubscriptionHandler = std::function<void(std::string_view channel, std::int32_t stream_id,
                                                  std::int64_t registration_id)>;

/// A counter of any client of the driver has come or gone.
using CounterHandler = std::function<void(const memory::CountersReader& counters,
                                          std::int64_t registration_id, std::int32_t counter_id)>;

/// The client is closing: all its resources are closed already.
using CloseHandler = std::function<void()>;

/// A publication's subscriber has reported an error, such as having rejected its image (CLI-20).
/// Valid during the call.
struct PublicationErrorFrame {
    std::int64_t registration_id = 0;               ///< of the publication, the original one
    std::int64_t destination_registration_id = -1;  ///< -1: not a destination
    std::int32_t session_id = 0;
    std::int32_t stream_id = 0;
    std::int64_t receiver_id = -1;
    std::int64_t group_tag = -1;
    std::int16_t address_type = 0;  ///< 1 IPv4, 2 IPv6, 0 unknown
    std::uint16_t source_port = 0;
    std::array<std::byte, 16> source_address{};  ///< network order; IPv4 in the first four
    std::int32_t error_code = 0;
    std::string_view message;
};
/// Called once for each handle of this client on the publication.
using PublicationErrorFrameHandler = std::function<void(const PublicationErrorFrame&)>;

}  // namespace tern::client
