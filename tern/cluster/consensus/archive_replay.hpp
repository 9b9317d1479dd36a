#pragma once
// A recording being replayed to this node: the request, the subscription to exactly that replay,
// its image (CON-2.6, CON-7.4). A state machine; nothing waits.
//
//     start replay -> add subscription -> await image -> ready
//
// Refusals are thrown as Error out of poll(). stop(), at the latest in the destructor, asks the
// archive to end the replay, whatever state it is in: one that nobody subscribes to any more would
// be an error there.
//
// Thread safety: the module's thread.

#include <cstdint>
#include <memory>
#include <string>

#include "tern/archive/client/async_archive_client.hpp"
#include "tern/cluster/async_resource.hpp"

namespace tern::cluster {

class ArchiveReplay {
  public:
    struct Spec {
        std::int64_t recording_id = -1;
        std::int64_t position = 0;
        std::int64_t length = -1;  ///< -1: to the end
        std::string channel;
        std::int32_t stream_id = 0;
    };
    ArchiveReplay(client::Aeron& aeron, archive::AsyncArchiveClient& archive, Spec spec);
    ~ArchiveReplay();
    ArchiveReplay(const ArchiveReplay&) = delete;
    ArchiveReplay& operator=(const ArchiveReplay&) = delete;

    /// True when the image is there.
    [[nodiscard]] bool poll();
    /// Once poll() was true.
    [[nodiscard]] client::Image& image() const { return *image_; }
    /// What others subscribe to for the same replay.
    [[nodiscard]] const std::string& channel() const noexcept { return channel_; }
    [[nodiscard]] std::int32_t session_id() const noexcept { return session_id_; }

    /// Asks for the end of the replay and closes the subscription; the answer does not matter.
    void stop();

  private:
    enum class State : std::uint8_t { await_replay, await_subscription, await_image, ready };

    client::Aeron& aeron_;
    archive::AsyncArchiveClient& archive_;
    Spec spec_;
    State state_ = State::await_replay;
    std::int64_t request_id_;
    std::int64_t replay_session_id_ = -1;
    std::int32_t session_id_ = 0;
    std::string channel_;
    AsyncResource<client::Subscription> subscription_;
    std::shared_ptr<client::Image> image_;
};

}  // namespace tern::cluster
