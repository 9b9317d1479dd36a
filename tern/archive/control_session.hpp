#pragma once
// One client's control session (ARC-2 of chapter 41): from its connect request to its end, with
// the response publication, authentication, liveness and the responses in flight.
//
// Every write to the client goes through here. What cannot be written now is queued, in order; the
// queue is bounded, and a client that does not read for the connect timeout, or overflows it, is
// ended as `timed_out`. How a session ended is recorded once, in end(): the first cause wins, but
// for a close request, which makes any end a clean one.
//
// Thread safety: none; the conductor's.

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tern/archive/archive_services.hpp"
#include "tern/archive/authentication.hpp"
#include "tern/archive/listing.hpp"
#include "tern/client/exclusive_publication.hpp"
#include "tern/client/image.hpp"
#include "tern/wire/archive_messages.hpp"

namespace tern::archive {

using Signal = wire::archive::RecordingSignal;

class ControlSession final : public SessionProxy {
  public:
    enum class State : std::uint8_t {
        init,           ///< response publication and counter are being added
        connecting,     ///< until the client has subscribed to its responses
        connected,      ///< until the authenticator has decided
        challenged,     ///< until the client has answered
        authenticated,  ///< until the first request
        active,
        rejected,
        done,
    };

    static constexpr std::size_t kMaxQueuedResponses = 1024;
    static constexpr std::int64_t kResendIntervalNs = 200'000'000;
    /// How long requests are awaited, at most, of a client that has left (see has_left()).
    static constexpr std::int64_t kLastRequestsTimeoutNs = 1'000'000'000;

    struct Spec {
        std::int64_t session_id = 0;
        std::int64_t correlation_id = 0;  ///< of the connect request, later of the challenge answer
        std::string response_channel;     ///< as the client gave it
        std::string publication_channel;  ///< as it is published on
        std::int32_t response_stream_id = 0;
        std::string client_info;
        std::string version_error;  ///< not empty: the client speaks another protocol
        std::shared_ptr<client::Image> request_image;
        std::string request_channel;
    };

    /// Throws what Aeron::async_add_* throws.
    ControlSession(Spec spec, ArchiveServices& services, Authenticator& authenticator);
    ~ControlSession() override;  ///< closes
    ControlSession(const ControlSession&) = delete;
    ControlSession& operator=(const ControlSession&) = delete;

    int do_work();
    [[nodiscard]] State state() const noexcept { return state_; }
    [[nodiscard]] bool is_done() const noexcept { return state_ == State::done; }
    [[nodiscard]] const Spec& spec() const noexcept { return spec_; }
    [[nodiscard]] ConstBytes principal() const noexcept { return principal_; }

    /// A request has come: the first one makes an authenticated session active. False when the
    /// session is not in a state to be served.
    bool activate();
    void on_challenge_response(std::int64_t correlation_id, ConstBytes credentials);

    /// Ends the session; close() follows in the same duty cycle.
    void end(SessionEndCause cause, std::string reason);
    /// Response publication revoked, counter closed, request image rejected when the end was
    /// abnormal, end recorded. Idempotent.
    void close();

    // Responses. Queued when they cannot be written now.
    void send_ok(std::int64_t correlation_id, std::int64_t relevant_id = 0);
    void send_error(std::int64_t correlation_id, std::int64_t code, std::string_view text);
    void send_recording_unknown(std::int64_t correlation_id, std::int64_t recording_id);
    void send_subscription_unknown(std::int64_t correlation_id);
    void send_signal(Signal signal, std::int64_t correlation_id, std::int64_t recording_id,
                     std::int64_t subscription_id, std::int64_t position);

    // Descriptors are not queued: false means again later.
    [[nodiscard]] bool try_send_descriptor(std::int64_t correlation_id, ConstBytes descriptor);
    [[nodiscard]] bool try_send_subscription(std::int64_t correlation_id,
                                             std::int64_t subscription_id, std::int32_t stream_id,
                                             std::string_view channel);
    [[nodiscard]] std::int32_t max_message_length() const;

    /// Starts a listing; answers with an error when one is under way.
    void start_listing(std::int64_t correlation_id, std::unique_ptr<Listing> listing);
    [[nodiscard]] bool is_listing() const noexcept { return listing_ != nullptr; }

    // SessionProxy, for the authenticator.
    [[nodiscard]] std::int64_t session_id() const override { return spec_.session_id; }
    bool challenge(ConstBytes encoded_challenge) override;
    bool authenticate(ConstBytes encoded_principal) override;
    void reject() override;

  private:
    static constexpr std::int64_t kStays = INT64_MAX;

    int work_in_state();
    /// The client does not listen any more: nothing is sent to it. What it sent before, such as its
    /// close request, may not have been read yet, and still counts.
    [[nodiscard]] bool has_left() const noexcept { return leave_deadline_ns_ != kStays; }
    void on_left();
    int await_last_requests();
    int add_resources();
    int await_connected();
    int authenticate_client();
    int resend_connected();
    int resend_rejected();
    int serve();
    bool resend_is_due();
    void check_deadline();
    void start_deadline();
    enum class Written : std::uint8_t { yes, later, never };
    Written write(ConstBytes message);
    template <typename Message>
    ConstBytes encode(const Message& message);
    ConstBytes encode_response(wire::archive::ControlResponseCode code, std::int64_t correlation_id,
                               std::int64_t relevant_id, std::string_view text);
    void write_or_queue(ConstBytes message);
    [[nodiscard]] std::string counter_info() const;

    Spec spec_;
    ArchiveServices& services_;
    Authenticator& authenticator_;
    State state_ = State::init;
    std::int64_t publication_id_ = -1;  // registration, until found
    std::int64_t counter_id_ = -1;
    std::unique_ptr<client::ExclusivePublication> publication_;
    std::unique_ptr<client::Counter> counter_;
    std::unique_ptr<Listing> listing_;
    std::vector<std::byte> principal_;
    std::vector<std::byte> buffer_;  // for encoding
    std::deque<std::vector<std::byte>> queue_;
    std::int64_t deadline_ns_;                 // kNoDeadline: none
    std::int64_t leave_deadline_ns_ = kStays;  // when a client that has left is given up
    std::int64_t now_ns_;
    std::int64_t resend_at_ns_ = 0;
    std::int64_t ping_at_ns_ = 0;
    SessionEndCause cause_ = SessionEndCause::close_request;
    std::string reason_;
    bool closed_ = false;
};

}  // namespace tern::archive
