#pragma once
// One stream as it is received: a log rebuilt from datagrams, its window, and its life (DSR-7,
// DRV-11.4).
//
// The receiver cleans the log around what arrives, inserts that, moves `rcv-hwm`, and sends status
// messages and NAKs. The conductor finds out what is complete (`rcv-pos`) and what is
// missing, decides what to acknowledge, and drives the state machine.
//
// Ownership: the conductor owns the object, its counters and its log. The receiver uses them
// between Receiver::on_add_image and Receiver::on_remove_image.
//
// Thread safety: per section; fields of different writers lie on different cache lines.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tern/driver/congestion_control.hpp"
#include "tern/driver/latest_value.hpp"
#include "tern/driver/loss_detector.hpp"
#include "tern/driver/receive_channel_endpoint.hpp"
#include "tern/driver/working_positions.hpp"
#include "tern/logbuffer/log_buffers.hpp"
#include "tern/memory/counter.hpp"
#include "tern/memory/system_counters.hpp"
#include "tern/wire/udp_frames.hpp"

namespace tern::driver {

/// A draining image keeps telling the sender that it leaves, for this many SM timeouts.
inline constexpr std::int64_t kEndOfStreamStatusMultiple = 5;

struct PublicationImageParams {
    std::int64_t correlation_id = 0;
    std::int32_t session_id = 0;
    std::int32_t stream_id = 0;
    std::int64_t join_position = 0;  ///< of the SETUP
    std::int32_t mtu_length = 1408;  ///< of the SETUP
    bool is_reliable = true;
    bool is_response_requested = false;  ///< SETUP had SEND_RESPONSE
    std::int64_t status_message_timeout_ns = 200'000'000;
    std::int64_t liveness_timeout_ns = 10'000'000'000;
    platform::SocketAddress source;   ///< of the SETUP; the image's source identity
    std::int64_t destination_id = 0;  ///< that the SETUP came in on; may be gone meanwhile
    /// Called on the conductor for each newly lost range, with its length in bytes (loss report);
    /// may be empty.
    std::function<void(std::int64_t bytes)> on_loss = {};
};

/// All positions start at join_position: the image sets them.
struct PublicationImageCounters {
    memory::Position receiver_high_water_mark;
    memory::Position receiver_position;
    memory::Counter naks_sent;
};

enum class ImageState : std::uint8_t { active, draining, linger, done };

/// What the conductor has to do after on_time_event().
enum class ImageAction : std::uint8_t {
    none,
    /// Entered LINGER: Receiver::on_remove_image; ON_UNAVAILABLE_IMAGE to linked subscriptions; if
    /// rejoin, then Receiver::on_remove_cool_down; drop the endpoint's image reference.
    make_unavailable,
    /// Entered DONE: destroy, with counters, links and log, as soon as the receiver has given it
    /// back.
    free,
};

class PublicationImage {
  public:
    // --- Called by the conductor ---------------------------------------------------------------

    /// `log` is initialised (LogBuffers::initialise); its mapping, the endpoint and the counters
    /// outlive the image.
    PublicationImage(const PublicationImageParams& params, const PublicationImageCounters& counters,
                     const logbuffer::LogBuffers& log, ReceiveChannelEndpoint& endpoint,
                     std::unique_ptr<CongestionControl> congestion_control, FeedbackDelay delay,
                     const memory::SystemCounters& system_counters, std::int64_t now_ns);
    PublicationImage(const PublicationImage&) = delete;
    PublicationImage& operator=(const PublicationImage&) = delete;

    /// Once per duty cycle: publishes rcv-pos, looks for loss, decides about acknowledging.
    int track_rebuild(std::int64_t now_ns, const WorkingPositions& subscribers);
    /// Once per timer interval: advances the state machine (DRV-11.4). At most one action per call.
    /// `has_subscribers`: any link at all, working or not.
    [[nodiscard]] ImageAction on_time_event(std::int64_t now_ns,
                                            const WorkingPositions& subscribers,
                                            bool has_subscribers);

    /// Whether a subscriber may join now, and where.
    [[nodiscard]] bool accepts_subscribers(const WorkingPositions& subscribers) const;
    [[nodiscard]] std::int64_t join_position(const WorkingPositions& subscribers) const;
    /// Response channels: announced to the requester on each SM timeout until cleared.
    void set_response_session_id(std::optional<std::int32_t> session_id) noexcept;

    [[nodiscard]] const PublicationImageParams& params() const noexcept { return params_; }
    [[nodiscard]] const PublicationImageCounters& counters() const noexcept { return counters_; }
    [[nodiscard]] ReceiveChannelEndpoint& endpoint() const noexcept { return endpoint_; }
    [[nodiscard]] const logbuffer::LogBuffers& log() const noexcept { return log_; }
    /// Untethered subscribers: what they must not fall behind (DRV-11.8).
    [[nodiscard]] std::int64_t untethered_limit(const WorkingPositions& subscribers) const;

    // --- Any thread ----------------------------------------------------------------------------

    [[nodiscard]] ImageState state() const noexcept {
        return state_.load(std::memory_order_acquire);
    }
    [[nodiscard]] std::int64_t correlation_id() const noexcept { return params_.correlation_id; }
    [[nodiscard]] std::int32_t session_id() const noexcept { return params_.session_id; }
    [[nodiscard]] std::int32_t stream_id() const noexcept { return params_.stream_id; }
    [[nodiscard]] bool is_end_of_stream() const noexcept {
        return is_end_of_stream_.load(std::memory_order_acquire);
    }

    // --- Called by the receiver ----------------------------------------------------------------

    /// First of all: connects it with the destination that the SETUP came in on.
    void start(std::int64_t now_ns);
    /// One datagram, at least a header long, whose first frame is a DATA or PAD `header` of this
    /// stream: a heartbeat, or frames to insert.
    void on_data(const wire::DataHeaderView& header, ConstBytes datagram,
                 ReceiveDestination& destination, const platform::SocketAddress& source,
                 std::int64_t now_ns);
    /// A SETUP or other frame of the running stream: keeps the connection alive.
    void track_connection(ReceiveDestination& destination, const platform::SocketAddress& source,
                          std::int64_t now_ns);
    void on_rttm(const wire::RttmFrame& rttm, ReceiveDestination& destination,
                 const platform::SocketAddress& source, std::int64_t now_ns);

    /// Each duty cycle: status message, NAK or gap fill, RTT request. Returns work done.
    int send_pending(std::int64_t now_ns);

    void add_destination(ReceiveDestination& destination, std::int64_t now_ns);
    void remove_destination(const ReceiveDestination& destination, std::int64_t now_ns);
    /// A successor took over: no more status messages by timeout.
    void disable_status_messages() noexcept { status_messages_enabled_ = false; }
    /// From now on nothing is accepted, and the sender is told so by ERR frames.
    void reject(std::string reason);

  private:
    static constexpr std::int64_t kNoResponseSession = INT64_MIN;
    static constexpr std::int32_t kImageRejectedCode = 13;  // TRN-8

    struct Acknowledgement {
        std::int64_t position = 0;
        std::int32_t window_length = 0;
    };
    /// A path on which the stream arrives.
    struct Connection {
        ReceiveDestination* destination;
        platform::SocketAddress source;  // of the first packet; empty: none yet
        std::int64_t time_of_last_activity_ns;
        std::int64_t time_of_last_frame_ns;  // INT64_MIN: none yet
        bool is_end_of_stream = false;
        std::int64_t end_of_stream_position = 0;
    };

    // Receiver.
    void on_heartbeat(std::int64_t position, std::uint8_t flags, ReceiveDestination& destination,
                      const platform::SocketAddress& source, std::int64_t now_ns);
    void on_end_of_stream(Connection& connection, std::int64_t position, bool is_revoked);
    Connection& connection_of(ReceiveDestination& destination,
                              const platform::SocketAddress& source, std::int64_t now_ns);
    int send_pending_status_message(std::int64_t now_ns);
    int send_pending_loss(std::int64_t now_ns);
    void send_response_setup(std::int64_t now_ns);
    void send_rejection(std::int64_t now_ns);
    void update_transport_count(std::int64_t now_ns);
    void insert(std::int64_t position, ConstBytes datagram, std::int64_t end) noexcept;
    void expect_from(std::int64_t position) noexcept;
    void clean_up_to(std::int64_t position) noexcept;
    void clean(std::int64_t begin, std::int64_t end) noexcept;
    void clean_word(std::int64_t position) noexcept;
    /// Returns on how many it was sent.
    int send_to_connections(ConstBytes frame, std::int64_t now_ns);

    // Conductor.
    void schedule_status_message(std::int64_t position, std::int32_t window_length);
    void report_loss(const Gap& gap);
    [[nodiscard]] bool is_over(std::int64_t now_ns, const WorkingPositions& subscribers);
    [[nodiscard]] bool is_drained(std::int64_t now_ns, const WorkingPositions& subscribers);
    void enter(ImageState state, std::int64_t now_ns);

    // Written once.
    const PublicationImageParams params_;
    const PublicationImageCounters counters_;
    const logbuffer::LogBuffers log_;
    ReceiveChannelEndpoint& endpoint_;
    std::unique_ptr<CongestionControl> congestion_control_;
    const memory::SystemCounters& system_counters_;
    const std::int32_t max_window_length_;

    // Conductor's.
    alignas(64) LossDetector loss_detector_;
    std::int64_t next_status_position_;
    std::int32_t next_window_length_;
    std::int64_t time_of_next_status_ns_;  // when next_status_position_ was set
    std::int64_t time_of_last_state_change_ns_;
    std::optional<Gap> last_reported_loss_;

    // Conductor writes, receiver reads.
    alignas(64) LatestValue<Acknowledgement> acknowledgement_;
    LatestValue<Gap> loss_;
    std::atomic<ImageState> state_{ImageState::active};
    std::atomic<bool> is_sending_end_of_stream_{false};
    std::atomic<std::int64_t> response_session_id_;  // kNoResponseSession, or an int32

    // Receiver writes, conductor reads.
    alignas(64) std::atomic<std::int64_t> time_of_last_packet_ns_;
    std::atomic<bool> is_end_of_stream_{false};
    std::atomic<std::int64_t> whole_limit_;  // what came in order need not be looked for

    // Receiver's.
    alignas(64) std::int64_t last_status_position_;
    std::int64_t overrun_threshold_;
    /// Before it the log has frames of this pass, or zeroes; at it, a length word of zero.
    std::int64_t clean_limit_;
    std::int64_t gap_end_;  // behind it, up to clean_limit_, nothing is missing
    std::int64_t last_acknowledgement_change_ = 0;
    std::int64_t last_loss_change_ = 0;
    std::int64_t status_deadline_ns_;
    bool status_messages_enabled_ = true;
    bool was_leaving_ = false;
    std::optional<std::string> rejection_reason_;
    std::vector<Connection> connections_;
};

}  // namespace tern::driver
