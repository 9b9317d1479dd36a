#pragma once
// What the parameters of a channel say about a publication or subscription, with the driver's
// defaults for what they do not say (DRV-7.1, DRV-8.1).
//
// Functions throw Error with a code of TRN-8, in upstream's words.
//
// Thread safety: none needed; values.

#include <cstdint>
#include <optional>
#include <string_view>

#include "tern/driver/context.hpp"
#include "tern/driver/subscription.hpp"
#include "tern/wire/channel_uri.hpp"

namespace tern::driver {

inline constexpr std::int64_t kPrototypeCorrelationId = -2;  ///< response-correlation-id=prototype
inline constexpr std::int32_t kPrototypeTermLength = 64 * 1024;

struct PublicationParams {
    std::optional<std::int32_t> session_id;
    std::optional<std::int64_t> entity_tag;
    std::int64_t linger_timeout_ns = 0;
    std::int32_t term_length = 0;
    std::int32_t mtu_length = 0;
    std::int32_t window_length = 0;
    std::int32_t max_resend = 0;
    std::int64_t response_correlation_id = -1;
    UntetheredTimeouts untethered;
    bool sparse = true;
    bool signal_eos = true;
    bool spies_simulate_connection = false;

    // Where the stream starts; meaningful with has_position.
    std::int32_t initial_term_id = 0;
    std::int32_t term_id = 0;
    std::int32_t term_offset = 0;

    // Given explicitly, so that an existing publication has to agree.
    bool has_position = false;
    bool has_term_length = false;
    bool has_mtu_length = false;

    [[nodiscard]] std::int64_t start_position() const noexcept;
};

/// The publication that `session-id=tag:N` refers to.
struct TaggedPublication {
    std::int32_t session_id;
    std::int32_t mtu_length;
    std::int32_t term_length;
};

/// `tagged` is set when the URI has `session-id=tag:N` and such a publication exists.
[[nodiscard]] PublicationParams publication_params(const wire::ChannelUri& uri,
                                                   const DriverContext& context,
                                                   const std::optional<TaggedPublication>& tagged);

[[nodiscard]] SubscriptionParams subscription_params(const wire::ChannelUri& uri,
                                                     const DriverContext& context);

[[nodiscard]] UntetheredTimeouts untethered_timeouts(const wire::ChannelUri& uri,
                                                     const DriverContext& context);

/// The existing publication as its reuse has to compare it (DRV-7.5).
struct ExistingPublication {
    std::int32_t session_id = 0;
    std::int32_t mtu_length = 0;
    std::int32_t term_length = 0;
    std::int32_t initial_term_id = 0;
    std::int32_t start_term_id = 0;
    std::int32_t start_term_offset = 0;
};

/// Throws unless everything that was explicitly requested agrees with what exists.
void check_reusable(const ExistingPublication& existing, const PublicationParams& requested);

}  // namespace tern::driver
