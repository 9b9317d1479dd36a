#pragma once
// One client session as the consensus module keeps it (CON-8.3).
//
//   init -> connecting -> connected -> [challenged ->] authenticated -> open -> closing
//   rejected, invalid: ends of sessions that never opened
//
// Plain state; SessionManager is the one place that changes it. Not movable: it owns what is being
// added at the driver.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tern/cluster/async_resource.hpp"
#include "tern/cluster/cluster_types.hpp"

namespace tern::cluster {

struct ClusterSession {
    enum class State : std::uint8_t {
        init,
        connecting,
        connected,
        challenged,
        authenticated,
        open,
        closing,
        rejected,
        invalid,
    };

    std::int64_t id = -1;  ///< -1: not of this cluster's making (redirected)
    std::int64_t correlation_id = -1;
    State state = State::init;
    std::int32_t response_stream_id = 0;
    std::string response_channel;
    std::vector<std::byte> encoded_principal;

    std::int64_t opened_log_position = INT64_MAX;
    std::optional<CloseReason> close_reason;  ///< while closing
    std::int64_t time_of_last_activity_ns = 0;
    std::int64_t ingress_image_correlation_id = -1;  ///< -1: not linked

    bool is_open_event_pending = false;
    bool is_new_leader_event_pending = false;

    // Why it was turned away.
    wire::cluster::EventCode reject_code = wire::cluster::EventCode::ok;
    std::string reject_detail;

    AsyncResource<client::Publication> response;
    AsyncResource<client::Counter> counter;

    [[nodiscard]] bool is_open() const noexcept { return state == State::open; }
    /// The response publication if it can be sent to now.
    [[nodiscard]] client::Publication* connected_response() const noexcept {
        auto* publication = response.get();
        return publication != nullptr && publication->is_connected() ? publication : nullptr;
    }
    void disconnect() noexcept {
        response.close();
        counter.close();
        ingress_image_correlation_id = -1;
    }
};

}  // namespace tern::cluster
