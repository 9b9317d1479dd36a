#pragma once
// The log of this node while it leads: the exclusive publication, and its recording by the local
// archive (CON-7.1, CON-7.2). Two state machines, one after the other:
//
//   begin_publication -> poll_publication .. true -> begin_recording -> poll_recording .. true
//
// Nothing waits. A refusal by the driver or the archive is thrown as Error, fatal when the archive
// is out of storage space. Thread safety: none.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "tern/archive/client/async_archive_client.hpp"
#include "tern/client/aeron.hpp"
#include "tern/cluster/async_resource.hpp"
#include "tern/cluster/consensus/log_channels.hpp"
#include "tern/cluster/recording_counter.hpp"

namespace tern::cluster {

class LeaderLog {
  public:
    LeaderLog(client::Aeron& aeron, archive::AsyncArchiveClient& archive, std::int32_t stream_id);

    /// `spec` without tags, which are drawn here.
    void begin_publication(LeaderLogChannel spec);
    /// Throws Error when the driver placed it elsewhere than at spec.position.
    [[nodiscard]] bool poll_publication();

    /// Extends `recording_id`, or starts a recording when it is -1.
    void begin_recording(std::int64_t recording_id);
    /// Throws Error when the recording has ended before its counter was seen.
    [[nodiscard]] bool poll_recording();
    /// The archive's signal; whose it is may not be known yet.
    void on_recording_stopped(std::int64_t subscription_id) noexcept {
        stopped_subscription_id_ = subscription_id;
    }

    /// Of the connected log; null before and after.
    [[nodiscard]] client::ExclusivePublication* publication() const noexcept {
        return publication_.get();
    }
    [[nodiscard]] const std::string& recording_channel() const noexcept {
        return recording_channel_;
    }
    [[nodiscard]] std::int64_t recording_id() const noexcept;  ///< -1 before poll_recording
    [[nodiscard]] std::int64_t counter_registration_id() const noexcept;
    /// What the archive has recorded; nullopt before, and after the recording has ended.
    [[nodiscard]] std::optional<std::int64_t> append_position() const;
    /// -1 when no recording was asked for.
    [[nodiscard]] std::int64_t recording_subscription_id() const noexcept {
        return recording_subscription_id_;
    }

    void close_publication() noexcept { publication_.close(); }
    /// After the recording was stopped.
    void forget_recording() noexcept;

  private:
    client::Aeron& aeron_;
    archive::AsyncArchiveClient& archive_;
    std::int32_t stream_id_;
    LeaderLogChannel spec_;
    std::string log_channel_;
    std::string own_log_endpoint_;
    AsyncResource<client::ExclusivePublication> publication_;
    std::string recording_channel_;
    std::int64_t request_id_ = -1;
    std::int64_t recording_subscription_id_ = -1;
    std::int64_t stopped_subscription_id_ = -1;
    std::optional<RecordingCounter> counter_;
};

}  // namespace tern::cluster
