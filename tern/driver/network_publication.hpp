#pragma once
// One stream that is sent over UDP: its log, its window, and its life (DSR-3, DRV-11.5).
//
// Clients append to the log. The sender transmits from `snd-pos` up to `snd-lmt` (set by flow
// control), heartbeats when idle, and repairs what receivers miss. The conductor moves the
// publisher limit, cleans terms behind the consumers and drives the state machine.
//
// Ownership: the conductor owns the object, its counters and its log. The sender uses them between
// Sender::on_add_publication and Sender::on_remove_publication.
//
// Thread safety: per section; fields of different writers lie on different cache lines.

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "tern/driver/flow_control.hpp"
#include "tern/driver/retransmit_handler.hpp"
#include "tern/driver/term_trains.hpp"
#include "tern/driver/timestamps.hpp"
#include "tern/driver/working_positions.hpp"
#include "tern/logbuffer/log_buffers.hpp"
#include "tern/memory/system_counters.hpp"
#include "tern/platform/clock.hpp"
#include "tern/platform/network.hpp"
#include "tern/wire/udp_frames.hpp"

namespace tern::driver {

class ConductorRequests;
class SendChannelEndpoint;

inline constexpr std::int64_t kPublicationSetupIntervalNs = 100'000'000;
inline constexpr std::int64_t kPublicationHeartbeatIntervalNs = 100'000'000;
/// Receivers of one publication whose liveness is tracked; further ones do not keep it connected.
inline constexpr std::size_t kMaxLiveReceivers = 1024;

struct NetworkPublicationParams {
    std::int64_t registration_id = 0;
    std::int32_t session_id = 0;
    std::int32_t stream_id = 0;
    std::int32_t mtu_length = 1408;
    std::int32_t window_length = 0;  ///< of publishers; logbuffer::producer_window_length()
    std::int64_t start_position = 0;
    bool is_exclusive = false;
    bool signal_end_of_stream = true;  ///< URI `eos`
    bool spies_simulate_connection = false;
    bool is_response = false;
    std::int64_t response_correlation_id = -1;
    std::int32_t max_resend = 16;
    std::int64_t linger_timeout_ns = 5'000'000'000;
    std::int64_t connection_timeout_ns = 5'000'000'000;
    std::int64_t unblock_timeout_ns = 15'000'000'000;
    std::int64_t retransmit_delay_ns = 0;
    std::int64_t retransmit_linger_ns = 10'000'000;
    std::int32_t max_datagrams_per_send = kMaxDatagramsPerBatch;
    TimestampOffset send_timestamp = kNoTimestamp;
    const platform::Clock* clock = nullptr;  ///< for send timestamps; else not needed
};

/// All positions start at start_position: the publication sets them.
struct NetworkPublicationCounters {
    memory::Position publisher_position;
    memory::Position publisher_limit;
    memory::Position sender_position;
    memory::Position sender_limit;
    memory::Counter back_pressure_events;
    memory::Counter naks_received;
};

enum class PublicationState : std::uint8_t { active, draining, linger, done };

/// What the conductor has to do after on_time_event().
enum class PublicationAction : std::uint8_t {
    none,
    detach_spies,        ///< entered LINGER: ON_UNAVAILABLE_IMAGE to linked spies, unlink them
    remove_from_sender,  ///< entered DONE: Sender::on_remove_publication, then destroy
};

class NetworkPublication final : private RetransmitSender {
  public:
    // --- Called by the conductor ---------------------------------------------------------------

    /// `log` is initialised (LogBuffers::initialise); its mapping, the endpoint and the counters
    /// outlive the publication.
    NetworkPublication(const NetworkPublicationParams& params,
                       const NetworkPublicationCounters& counters, const logbuffer::LogBuffers& log,
                       SendChannelEndpoint& endpoint, std::unique_ptr<FlowControl> flow_control,
                       const memory::SystemCounters& system_counters, std::int64_t now_ns);
    NetworkPublication(const NetworkPublication&) = delete;
    NetworkPublication& operator=(const NetworkPublication&) = delete;

    /// Once per duty cycle: publishes pub-pos, pub-lmt and the fastest spy's position; cleans.
    int update_publisher_limit(const WorkingPositions& spies);
    /// Once per timer interval: advances the state machine (DRV-11.5). At most one action per call.
    [[nodiscard]] PublicationAction on_time_event(std::int64_t now_ns,
                                                  const WorkingPositions& spies);

    /// Publication links of clients. The last release starts the drain.
    void add_reference() noexcept { ++references_; }
    void release_reference(std::int64_t now_ns);
    [[nodiscard]] std::int32_t references() const noexcept { return references_; }
    /// Marks the log; the state machine acts on it at the next time event.
    void revoke();

    /// Whether a spy may join now, and where.
    [[nodiscard]] bool accepts_spies(const WorkingPositions& spies) const;
    [[nodiscard]] std::int64_t spy_join_position() const { return counters_.sender_position.get(); }
    /// After a spy was linked, unlinked, or changed between working and resting.
    void on_spies_changed(const WorkingPositions& spies);

    [[nodiscard]] PublicationState state() const noexcept { return state_; }
    [[nodiscard]] const NetworkPublicationParams& params() const noexcept { return params_; }
    [[nodiscard]] const NetworkPublicationCounters& counters() const noexcept { return counters_; }
    [[nodiscard]] SendChannelEndpoint& endpoint() const noexcept { return endpoint_; }
    [[nodiscard]] const logbuffer::LogBuffers& log() const noexcept { return log_; }
    [[nodiscard]] std::int64_t producer_position() const { return log_.producer_position(); }
    /// Untethered spies: what they must not fall behind (DRV-11.8).
    [[nodiscard]] std::int64_t untethered_limit() const;

    // --- Any thread ----------------------------------------------------------------------------

    [[nodiscard]] std::int64_t registration_id() const noexcept { return params_.registration_id; }
    [[nodiscard]] std::int32_t session_id() const noexcept { return params_.session_id; }
    [[nodiscard]] std::int32_t stream_id() const noexcept { return params_.stream_id; }

    // --- Called by the sender ------------------------------------------------------------------

    /// One duty cycle: data, or SETUP, heartbeat, liveness; retransmit timers. Returns bytes sent.
    std::int64_t send(std::int64_t now_ns);

    /// Nothing can be sent before a receiver acknowledges more, or says that it is there.
    [[nodiscard]] bool is_waiting_for_window() const noexcept { return !track_sender_limits_; }

    /// Whether an SM's position can be one of this stream (DSR-3.7).
    [[nodiscard]] bool is_plausible(const wire::StatusMessage& message) const;
    void on_status_message(const wire::StatusMessage& message, std::int64_t now_ns,
                           ConductorRequests& requests);
    /// An SM with SEND_SETUP.
    void on_elicit_setup(const wire::StatusMessage& message, const platform::SocketAddress& source);
    void on_nak(const wire::NakFrame& nak, std::int64_t now_ns);
    void on_rttm(const wire::RttmFrame& rttm, std::int64_t now_ns);
    void on_error(const wire::ErrorFrame& error, const platform::SocketAddress& source,
                  std::int64_t destination_registration_id, ConductorRequests& requests);
    void on_response_setup(const wire::ResponseSetupFrame& frame, ConductorRequests& requests);

  private:
    void resend(std::int32_t term_id, std::int32_t term_offset, std::int32_t length,
                std::int64_t now_ns) override;

    // Sender.
    std::int64_t send_data(std::int64_t now_ns, std::int64_t position);
    /// Trains that lie in `term`, stamped where the channel wants that. Returns bytes sent.
    std::int64_t send_batch(Bytes term, TrainBatch& batch, std::int64_t now_ns);
    void note_back_pressure();
    void send_setup_if_due(std::int64_t now_ns, std::int64_t position);
    std::int64_t send_heartbeat_if_due(std::int64_t now_ns, std::int64_t position);
    void on_idle(std::int64_t now_ns, std::int64_t position);
    void remove_silent_receivers(std::int64_t now_ns);
    bool send_frame(ConstBytes frame, std::int64_t now_ns);

    // Both.
    [[nodiscard]] bool has_network_subscribers() const;
    void set_connected(bool connected);

    // Conductor.
    [[nodiscard]] bool has_subscribers(const WorkingPositions& spies) const;
    void clean_towards(std::int64_t position);
    [[nodiscard]] PublicationAction on_active(std::int64_t now_ns, const WorkingPositions& spies);
    [[nodiscard]] PublicationAction on_draining(std::int64_t now_ns, const WorkingPositions& spies);
    [[nodiscard]] PublicationAction on_linger(std::int64_t now_ns);
    void check_for_blocked_publisher(std::int64_t now_ns, std::int64_t producer);
    void enter(PublicationState state, std::int64_t now_ns);

    // Written once.
    const NetworkPublicationParams params_;
    const NetworkPublicationCounters counters_;
    const logbuffer::LogBuffers log_;
    SendChannelEndpoint& endpoint_;
    std::unique_ptr<FlowControl> flow_control_;
    const memory::SystemCounters& system_counters_;
    const bool has_group_semantics_;

    // Conductor's.
    alignas(64) PublicationState state_ = PublicationState::active;
    std::int32_t references_ = 0;
    std::int64_t clean_position_;
    std::int64_t time_of_last_activity_ns_;  // of the state, or of the last unblock progress
    std::int64_t last_checked_position_;

    // Conductor writes, sender reads.
    alignas(64) std::atomic<bool> is_end_of_stream_{false};
    std::atomic<bool> has_spies_{false};
    std::atomic<std::int64_t> max_spy_position_{0};

    // Sender writes, conductor reads.
    alignas(64) std::atomic<bool> has_receivers_{false};
    std::atomic<bool> has_received_unicast_eos_{false};

    // Sender's.
    alignas(64) bool has_initial_connection_ = false;
    bool is_setup_elicited_ = false;
    bool track_sender_limits_ = false;
    bool is_connection_reported_ = false;
    std::int64_t time_of_last_setup_ns_;
    std::int64_t time_of_last_data_or_heartbeat_ns_;
    platform::SocketAddress response_address_;  // response publications: the last that elicited
    struct LiveReceiver {
        std::int64_t receiver_id;
        std::int64_t time_of_last_status_ns;
    };
    std::vector<LiveReceiver> live_receivers_;
    RetransmitHandler retransmit_handler_;
};

}  // namespace tern::driver
