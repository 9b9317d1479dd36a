#pragma once
// One stream between processes of this machine: clients append to its log, clients read from it
// (DRV-11.1, 11.2, 11.7, 11.9). The conductor moves the publisher limit, cleans behind the
// slowest subscriber and drives the state machine.
//
// Thread safety: the conductor's thread only.

#include <cstdint>

#include "tern/driver/context.hpp"
#include "tern/driver/log_store.hpp"
#include "tern/driver/working_positions.hpp"
#include "tern/memory/system_counters.hpp"

namespace tern::driver {

struct IpcPublicationParams {
    std::int64_t registration_id = -1;
    std::int32_t session_id = 0;
    std::int32_t stream_id = 0;
    bool is_exclusive = false;
    std::int64_t response_correlation_id = -1;
    std::int32_t window_length = 0;
    std::int32_t start_term_id = 0;
    std::int32_t start_term_offset = 0;
    std::int64_t unblock_timeout_ns = 0;
    std::int64_t cool_down_ns = 0;  ///< how long a rejected stream has no subscribers
};

class IpcPublication {
  public:
    enum class State : std::uint8_t { active, draining, linger };

    /// What the conductor has to do after on_time_event().
    enum class Action : std::uint8_t {
        none,
        announce_end,  ///< entered LINGER: ON_UNAVAILABLE_IMAGE to every subscriber
        relink,        ///< a reject has cooled down: subscriptions may be linked again
        free,          ///< nobody uses it any more
    };

    IpcPublication(const IpcPublicationParams& params, LogFile file,
                   memory::Position publisher_position, memory::Position publisher_limit,
                   const memory::SystemCounters& system_counters, std::int64_t now_ns);

    /// Once per duty cycle. `subscribers` as Stream::working(lowest_position(),
    /// producer_position()).
    int update_publisher_limit(const WorkingPositions& subscribers);
    /// Once per timer tick.
    [[nodiscard]] Action on_time_event(std::int64_t now_ns, const WorkingPositions& subscribers);

    /// Publication links of clients. The last release starts the drain.
    void add_reference() noexcept { ++references_; }
    void release_reference();
    void revoke();
    /// Refuses subscribers for the cool-down time; the caller unlinks those that are there.
    void reject(std::int64_t now_ns);

    [[nodiscard]] bool accepts_subscribers(const WorkingPositions& subscribers) const;
    [[nodiscard]] std::int64_t join_position(const WorkingPositions& subscribers) const;
    /// After a subscriber was linked or unlinked.
    void on_subscribers_changed(const WorkingPositions& subscribers);
    /// What untethered subscribers must not fall behind.
    [[nodiscard]] std::int64_t untethered_limit() const noexcept;

    [[nodiscard]] State state() const noexcept { return state_; }
    [[nodiscard]] bool is_cooling_down() const noexcept { return is_cooling_down_; }
    [[nodiscard]] const IpcPublicationParams& params() const noexcept { return params_; }
    [[nodiscard]] const logbuffer::LogBuffers& log() const noexcept { return file_.log; }
    [[nodiscard]] memory::Position publisher_limit() const noexcept { return publisher_limit_; }
    [[nodiscard]] std::int64_t producer_position() const noexcept {
        return file_.log.producer_position();
    }
    /// Everything before it has been cleaned.
    [[nodiscard]] std::int64_t lowest_position() const noexcept { return clean_position_; }

    // For the conductor's freeing.
    memory::Position& publisher_position_counter() noexcept { return publisher_position_; }
    memory::Position& publisher_limit_counter() noexcept { return publisher_limit_; }
    [[nodiscard]] std::unique_ptr<platform::Mapping> take_mapping() noexcept {
        return std::move(file_.mapping);
    }

  private:
    [[nodiscard]] Action on_active(std::int64_t now_ns, const WorkingPositions& subscribers);
    [[nodiscard]] Action on_draining(const WorkingPositions& subscribers);
    void check_for_blocked_publisher(std::int64_t now_ns, std::int64_t producer);
    void try_unblock(std::int64_t position);
    void end_at(std::int64_t position);
    void clean_towards(std::int64_t position);

    IpcPublicationParams params_;
    LogFile file_;
    memory::Position publisher_position_;
    memory::Position publisher_limit_;
    memory::Counter unblocked_publications_;
    memory::Counter publications_revoked_;

    State state_ = State::active;
    std::int32_t references_ = 0;
    std::int64_t trip_gain_;
    std::int64_t trip_limit_;
    std::int64_t consumer_position_;  // furthest that any subscriber has been
    std::int64_t clean_position_;
    std::int64_t last_checked_position_;
    std::int64_t time_of_last_progress_ns_;
    std::int64_t cool_down_deadline_ns_ = 0;
    bool is_cooling_down_ = false;
};

}  // namespace tern::driver
