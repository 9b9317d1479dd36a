#pragma once
// The archive client for applications: each call waits for the archive's answer.
//
//     auto archive = ArchiveClient::connect(context, *aeron, platform);
//     archive->start_recording("aeron:ipc", 1001, SourceLocation::local, true);
//
// A thin layer over AsyncArchiveClient, which async() gives access to. While a call waits it runs
// the Aeron client's conductor, when that is in invoker mode, and idles through `idle`.
//
// Errors: ArchiveError with the archive's code and text (chapter 41 ARC-4.2), TimeoutError naming
// what was awaited. Closing: close(), or the destructor, tells the archive and waits until it has
// taken notice (ARC-2.11); both are harmless when the archive or the driver is gone.
//
// Thread safety: none; one thread. Not to be used inside agents: they must not wait.

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "tern/archive/client/async_archive_client.hpp"

namespace tern::archive {

/// The archive refused; code() is its error code.
class ArchiveError : public Error {
    using Error::Error;
};

class ArchiveClient {
  public:
    /// Called between looks with the work done since the last; empty: backs off up to 1 ms.
    using Idle = std::function<void(int work_count)>;

    [[nodiscard]] static std::unique_ptr<ArchiveClient> connect(ArchiveClientContext context,
                                                                client::Aeron& aeron,
                                                                platform::Platform platform,
                                                                Idle idle = {});
    ~ArchiveClient();  ///< closes
    ArchiveClient(const ArchiveClient&) = delete;
    ArchiveClient& operator=(const ArchiveClient&) = delete;

    void close();
    [[nodiscard]] AsyncArchiveClient& async() noexcept { return async_; }
    [[nodiscard]] std::int64_t control_session_id() const noexcept {
        return async_.control_session_id();
    }
    [[nodiscard]] std::int64_t archive_id() const noexcept { return async_.archive_id(); }

    /// Returns the subscription id.
    std::int64_t start_recording(std::string_view channel, std::int32_t stream_id,
                                 SourceLocation source, bool auto_stop = false);
    /// Returns the subscription id.
    std::int64_t extend_recording(std::int64_t recording_id, std::string_view channel,
                                  std::int32_t stream_id, SourceLocation source,
                                  bool auto_stop = false);
    void stop_recording(std::string_view channel, std::int32_t stream_id);
    void stop_recording(std::int64_t subscription_id);
    /// False when it was not being recorded.
    bool stop_recording_by_identity(std::int64_t recording_id);

    /// Returns the replay session id; its low 32 bits are the session id of the replay's stream.
    std::int64_t start_replay(std::int64_t recording_id, std::string_view channel,
                              std::int32_t stream_id, const ReplayParams& params = {});
    void stop_replay(std::int64_t replay_session_id);
    void stop_all_replays(std::int64_t recording_id);

    /// -1 when it is not being recorded.
    std::int64_t get_recording_position(std::int64_t recording_id);
    std::int64_t get_start_position(std::int64_t recording_id);
    /// -1 while it is being recorded.
    std::int64_t get_stop_position(std::int64_t recording_id);
    std::int64_t get_max_recorded_position(std::int64_t recording_id);

    /// -1 when there is none.
    std::int64_t find_last_matching_recording(std::int64_t min_recording_id,
                                              std::string_view channel_fragment,
                                              std::int32_t stream_id, std::int32_t session_id);
    /// Return the number of descriptors delivered.
    std::int64_t list_recordings(std::int64_t from_recording_id, std::int32_t count,
                                 DescriptorConsumer consumer);
    std::int64_t list_recordings_for_uri(std::int64_t from_recording_id, std::int32_t count,
                                         std::string_view channel_fragment, std::int32_t stream_id,
                                         DescriptorConsumer consumer);
    /// nullopt when there is no such recording.
    std::optional<RecordingDescriptor> list_recording(std::int64_t recording_id);

    void truncate_recording(std::int64_t recording_id, std::int64_t position);
    std::int64_t purge_recording(std::int64_t recording_id);
    std::int64_t purge_segments(std::int64_t recording_id, std::int64_t new_start_position);

    /// Waits for a request made on async() and returns its relevant id; throws as the calls here.
    std::int64_t await(std::int64_t correlation_id);

  private:
    ArchiveClient(ArchiveClientContext context, client::Aeron& aeron, platform::Platform platform,
                  Idle idle);
    void step();
    void await_connected();

    client::Aeron& aeron_;
    Idle idle_;
    AsyncArchiveClient async_;
};

}  // namespace tern::archive
