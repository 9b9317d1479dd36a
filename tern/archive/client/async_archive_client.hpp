#pragma once
// The archive client as a state machine: nothing blocks, everything is advanced by do_work().
//
// This is what components of the stack use (consensus module, service container, tools in the
// simulator); `archive_client.hpp` wraps it for applications that prefer to wait.
//
// A request returns at once with its correlation id; it is sent as soon as the request publication
// accepts it and completes, in do_work(), with an Outcome that the caller takes:
//
//     const auto id = archive.start_recording(channel, stream_id, SourceLocation::local, true);
//     ...
//     archive.do_work();
//     if (auto outcome = archive.take_outcome(id)) { if (!outcome->ok()) ...; outcome->relevant_id
//     }
//
// Closing (ARC-2.11, CST-14): whoever connects closes, on every path. begin_close() offers
// CloseSession (retried until accepted or the close deadline), then waits until the archive has
// taken its response image away, then closes the request publication and the response
// subscription. While the answer to a connect request is due it is awaited first: the archive may
// have made a session that nobody could close otherwise. The Aeron client is never owned and must
// outlive this object. Destroying an open client closes what is left without waiting, after one
// attempt to offer CloseSession.
//
// Thread safety: none; one thread, the one that drives the Aeron client in invoker mode or any
// single one with its own conductor thread. Spec: chapter 41 ARC-8, ARC-2.11.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tern/archive/recording_descriptor.hpp"
#include "tern/base/bytes.hpp"
#include "tern/base/error.hpp"
#include "tern/platform/platform.hpp"

namespace tern::client {
class Aeron;
class ExclusivePublication;
class Subscription;
}  // namespace tern::client

namespace tern::archive {

enum class SourceLocation : std::int32_t { local = 0, remote = 1 };

/// What the archive said, or why it could not be asked.
struct Outcome {
    enum class Status : std::uint8_t {
        ok,            ///< relevant_id holds the answer
        error,         ///< the archive refused: relevant_id is its error code, message its text
        unknown,       ///< RECORDING_UNKNOWN or SUBSCRIPTION_UNKNOWN; relevant_id as sent
        timed_out,     ///< no answer within the message timeout; message names what was awaited
        disconnected,  ///< the session ended before the answer came
    };
    Status status = Status::ok;
    std::int64_t relevant_id = 0;
    std::string message;
    [[nodiscard]] bool ok() const noexcept { return status == Status::ok; }
};

using DescriptorConsumer = std::function<void(const RecordingDescriptor&)>;

struct SubscriptionDescriptor {
    std::int64_t subscription_id = -1;
    std::int32_t stream_id = 0;
    std::string stripped_channel;
};
using SubscriptionDescriptorConsumer = std::function<void(const SubscriptionDescriptor&)>;

/// RecordingSignal codes (chapter 40): 0 START, 1 STOP, 2 EXTEND, 3 REPLICATE, 4 MERGE, 5 SYNC,
/// 6 DELETE, 7 REPLICATE_END.
struct RecordingSignal {
    std::int64_t correlation_id = -1;
    std::int64_t recording_id = -1;
    std::int64_t subscription_id = -1;
    std::int64_t position = -1;
    std::int32_t signal = 0;
};
using SignalConsumer = std::function<void(const RecordingSignal&)>;

/// Answers for authentication; both return the bytes to send (at most 64 KiB).
struct CredentialsSupplier {
    std::function<std::vector<std::byte>()> encoded_credentials;
    std::function<std::vector<std::byte>(ConstBytes challenge)> on_challenge;
};

struct ReplayParams {
    std::int64_t position = -1;             ///< -1: from the start of the recording
    std::int64_t length = -1;               ///< -1: follow to the end, INT64_MAX: for ever
    std::int32_t bounding_counter_id = -1;  ///< not -1: a bounded replay
    std::int32_t file_io_max_length = -1;
};

struct ArchiveClientContext {
    std::string control_request_channel = "aeron:ipc";
    std::int32_t control_request_stream_id = 10;
    std::string control_response_channel = "aeron:ipc";
    std::int32_t control_response_stream_id = 20;
    std::int32_t control_term_buffer_length = 64 * 1024;
    std::int32_t control_mtu_length = 1408;
    bool control_term_buffer_sparse = true;
    std::int64_t message_timeout_ns = 10'000'000'000;
    std::int32_t message_retry_attempts = 3;
    std::string client_name = "archive-client";  ///< at most 100 characters
    CredentialsSupplier credentials;             ///< empty: none are sent
    SignalConsumer on_signal;                    ///< may be empty
    ErrorHandler error_handler;                  ///< for errors that no outcome carries

    /// Throws ConfigurationError naming the field that cannot be used.
    void validate() const;
};

class AsyncArchiveClient {
  public:
    enum class State : std::uint8_t {
        await_session_id,
        add_response_subscription,
        add_request_publication,
        await_publication_connected,
        send_connect_request,
        await_subscription_connected,
        await_connect_response,
        send_archive_id_request,
        await_archive_id_response,
        send_challenge_response,
        await_challenge_response,
        connected,
        disconnected,     ///< the archive or driver went away: requests fail, close is still due
        connect_failed,   ///< error() says why; close is still due
        finish_requests,  ///< closing: what was asked for without waiting is awaited now
        send_close_session,
        await_session_closed,
        closed,
    };

    /// Requests that may await their outcome at once; one more throws.
    static constexpr std::size_t kMaxPendingRequests = 256;

    /// Starts connecting. `aeron` and `platform`'s referents must outlive this object.
    AsyncArchiveClient(ArchiveClientContext context, client::Aeron& aeron,
                       platform::Platform platform);
    ~AsyncArchiveClient();
    AsyncArchiveClient(const AsyncArchiveClient&) = delete;
    AsyncArchiveClient& operator=(const AsyncArchiveClient&) = delete;

    /// Advances connect, requests, responses, signals and close. Returns work done. Does not drive
    /// the Aeron client's conductor: that is its owner's duty.
    int do_work();

    [[nodiscard]] State state() const noexcept;
    [[nodiscard]] bool is_connected() const noexcept { return state() == State::connected; }
    /// Connect has ended badly or the session is gone.
    [[nodiscard]] bool is_failed() const noexcept;
    [[nodiscard]] bool is_closed() const noexcept { return state() == State::closed; }
    /// Why connect failed or the session was lost; empty otherwise.
    [[nodiscard]] const std::string& error() const noexcept;
    /// Error code of the archive for a refused connect; 0 otherwise.
    [[nodiscard]] std::int32_t error_code() const noexcept;
    [[nodiscard]] std::int64_t control_session_id() const noexcept;  ///< -1 before connected
    [[nodiscard]] std::int64_t archive_id() const noexcept;          ///< -1 before connected

    /// Starts an orderly close; do_work() until is_closed(). Harmless when repeated.
    void begin_close();

    // Requests. Each returns its correlation id. The meaning of a good outcome's relevant_id is
    // given. All throw Error when the client is not connected or kMaxPendingRequests are pending.

    /// relevant_id: subscription id.
    std::int64_t start_recording(std::string_view channel, std::int32_t stream_id,
                                 SourceLocation source, bool auto_stop);
    /// relevant_id: subscription id.
    std::int64_t extend_recording(std::int64_t recording_id, std::string_view channel,
                                  std::int32_t stream_id, SourceLocation source, bool auto_stop);
    std::int64_t stop_recording(std::string_view channel, std::int32_t stream_id);
    std::int64_t stop_recording(std::int64_t subscription_id);
    /// relevant_id: 1 when it was being recorded, else 0.
    std::int64_t stop_recording_by_identity(std::int64_t recording_id);

    /// relevant_id: replay session id; its low 32 bits are the session id of the replay's stream.
    std::int64_t start_replay(std::int64_t recording_id, std::string_view channel,
                              std::int32_t stream_id, const ReplayParams& params);
    std::int64_t stop_replay(std::int64_t replay_session_id);
    std::int64_t stop_all_replays(std::int64_t recording_id);

    // Positions: relevant_id is the position, or -1 where there is none (not live, not stopped).
    std::int64_t get_recording_position(std::int64_t recording_id);
    std::int64_t get_start_position(std::int64_t recording_id);
    std::int64_t get_stop_position(std::int64_t recording_id);
    std::int64_t get_max_recorded_position(std::int64_t recording_id);

    /// relevant_id: the recording id, or -1. Matches `channel_fragment` in the channel.
    std::int64_t find_last_matching_recording(std::int64_t min_recording_id,
                                              std::string_view channel_fragment,
                                              std::int32_t stream_id, std::int32_t session_id);

    // Listings: the consumer is called from do_work(); relevant_id is the number delivered. It must
    // not send requests on this client. At most one listing is under way at a time: more wait.
    std::int64_t list_recordings(std::int64_t from_recording_id, std::int32_t count,
                                 DescriptorConsumer consumer);
    std::int64_t list_recordings_for_uri(std::int64_t from_recording_id, std::int32_t count,
                                         std::string_view channel_fragment, std::int32_t stream_id,
                                         DescriptorConsumer consumer);
    std::int64_t list_recording(std::int64_t recording_id, DescriptorConsumer consumer);
    std::int64_t list_recording_subscriptions(std::int32_t pseudo_index, std::int32_t count,
                                              std::string_view channel_fragment,
                                              std::int32_t stream_id, bool apply_stream_id,
                                              SubscriptionDescriptorConsumer consumer);

    /// relevant_id: bytes removed (0 for archives that do not tell).
    std::int64_t truncate_recording(std::int64_t recording_id, std::int64_t position);
    /// relevant_id: number of segment files deleted, where the archive tells.
    std::int64_t purge_recording(std::int64_t recording_id);
    std::int64_t detach_segments(std::int64_t recording_id, std::int64_t new_start_position);
    std::int64_t delete_detached_segments(std::int64_t recording_id);
    std::int64_t purge_segments(std::int64_t recording_id, std::int64_t new_start_position);
    std::int64_t attach_segments(std::int64_t recording_id);
    std::int64_t migrate_segments(std::int64_t source_recording_id,
                                  std::int64_t destination_recording_id);

    /// The outcome of a request, once; nullopt while it is under way (or if it was taken).
    [[nodiscard]] std::optional<Outcome> take_outcome(std::int64_t correlation_id);
    /// Forgets a request: its outcome is dropped when it comes, and a listing's consumer is not
    /// called any more.
    void abandon(std::int64_t correlation_id);
    /// Forgets a replay that was asked for, and whose outcome was not taken: it is stopped as soon
    /// as the archive says that it has begun. begin_close() awaits that, before CloseSession.
    void abandon_replay(std::int64_t correlation_id);

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tern::archive
