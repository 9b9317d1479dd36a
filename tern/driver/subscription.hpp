#pragma once
// A subscription as the conductor knows it (DRV-8), and the streams that subscriptions are linked
// to: IPC publications, network publications (by spies) and images.
//
// A link is an entry in the stream's list of subscribers: the subscription and the counter that
// holds its position in the stream. Streams know their subscribers, subscriptions do not know
// their streams, so there is one list to keep right. The conductor owns all of this.
//
// Thread safety: the conductor's thread only.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tern/driver/context.hpp"
#include "tern/driver/udp_channel.hpp"
#include "tern/driver/working_positions.hpp"
#include "tern/memory/counter.hpp"

namespace tern::driver {

struct ReceiveEndpoint;

enum class SubscriptionKind : std::uint8_t { ipc, spy, network };

/// What the URI of a subscription says (DRV-8.1).
struct SubscriptionParams {
    std::optional<std::int32_t> session_id;  ///< absent: every session
    bool reliable = true;
    bool sparse = true;
    bool tether = true;
    bool rejoin = true;
    bool is_response = false;  ///< matches nothing until its session id is known
    GroupConsideration group = GroupConsideration::infer;
};

struct Subscription {
    std::int64_t registration_id = -1;
    std::int64_t client_id = -1;
    std::int32_t stream_id = 0;
    std::string channel;  ///< as the client gave it; of a destination, the destination's
    SubscriptionKind kind = SubscriptionKind::ipc;
    SubscriptionParams params;
    std::optional<UdpChannel> udp_channel;  ///< spies and network subscriptions
    ReceiveEndpoint* endpoint = nullptr;    ///< network subscriptions

    /// A response subscription whose session is not known yet.
    [[nodiscard]] bool awaits_session() const noexcept {
        return params.is_response && !params.session_id;
    }
    [[nodiscard]] bool matches_session(std::int32_t session_id) const noexcept {
        if (params.session_id) return *params.session_id == session_id;
        return !params.is_response;
    }
};

/// Whether a subscriber is waited for (DRV-11.8). Tethered ones are always active.
enum class TetherState : std::uint8_t { active, linger, resting, closed };

struct Subscriber {
    Subscription* subscription;
    memory::Position position;  ///< null when closed
    std::int64_t time_of_last_update_ns;
    TetherState state = TetherState::active;

    [[nodiscard]] bool is_working() const noexcept {
        return state == TetherState::active || state == TetherState::linger;
    }
};

struct UntetheredTimeouts {
    std::int64_t window_limit_ns = 0;
    std::int64_t linger_ns = 0;
    std::int64_t resting_ns = 0;
};

/// What becomes of an untethered subscriber.
enum class TetherEvent : std::uint8_t {
    none,
    unavailable,  ///< too slow: its image ends
    closed,       ///< it will not come back: its counter is to be freed
    available,    ///< it may join again
};

struct Stream {
    std::int64_t correlation_id = -1;  ///< of the image, or the publication's registration id
    std::int32_t session_id = 0;
    std::int32_t stream_id = 0;
    std::string log_path;
    std::string source_identity;
    UntetheredTimeouts untethered_timeouts;
    std::vector<Subscriber> subscribers;

    [[nodiscard]] bool has(const Subscription& subscription) const noexcept;
    /// Positions are written by other processes: each counts as within [lowest, highest].
    [[nodiscard]] WorkingPositions working(std::int64_t lowest, std::int64_t highest) const;
    /// As they are, for streams that look at them once a tick.
    [[nodiscard]] WorkingPositions working() const;
    /// Where an untethered subscriber that comes back joins: with the slowest that is waited for
    /// anyway, else at `highest`. Upstream takes the slowest of all: two that stand still, and come
    /// back in turn, hold up the others for ever.
    [[nodiscard]] std::int64_t rejoin_position(std::int64_t lowest, std::int64_t highest) const;
};

/// What untethered subscribers of a stream are measured by.
struct TetherRules {
    std::int64_t limit = 0;  ///< what they must not fall behind
    /// Where those join that come back. An ending stream has no place for them: it takes leave of
    /// the slow all the same, or one that is gone would keep it for ever (upstream's does).
    struct Rejoin {
        std::int64_t lowest = 0, highest = 0;
    };
    std::optional<Rejoin> rejoin = {};
};

/// One step of one subscriber's tether state machine.
[[nodiscard]] TetherEvent check_tether(Subscriber& subscriber, std::int64_t now_ns,
                                       const TetherRules& rules,
                                       const UntetheredTimeouts& timeouts);

}  // namespace tern::driver
