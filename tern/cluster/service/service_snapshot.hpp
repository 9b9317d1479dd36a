#pragma once
// Taking and loading a service's snapshot: two state machines, each with an archive session of its
// own that it closes on every path (CST-7, CST-14.2 numbers 6 and 7).
//
//   ServiceSnapshotTaker   archive session -> publication -> recording -> sessions and state
//   written ->
//                   recorded -> publication closed -> archive session closed
//   ServiceSnapshotLoader  archive session -> replay -> image -> sessions read -> (the service
//   reads its
//                   state) -> subscription closed -> archive session closed
//
// Failures do not leave do_work(): the machine closes what it opened and is then finished with
// error() set. Thread safety: none; the container's thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "tern/archive/client/async_archive_client.hpp"
#include "tern/client/aeron.hpp"
#include "tern/cluster/service/container_session.hpp"
#include "tern/cluster/service/service_container_context.hpp"

namespace tern::cluster {

/// What both are given; referents outlive them.
struct SnapshotEnvironment {
    const ServiceContainerContext& context;
    client::Aeron& aeron;
    platform::Platform platform;
    ErrorHandler error_handler;
};

class ServiceSnapshotTaker {
  public:
    struct Spec {
        std::int64_t log_position;
        std::int64_t leadership_term_id;
        TimeUnit time_unit;
        const SessionMap& sessions;
        /// Writes the service's state; may idle, may throw.
        std::function<void(client::ExclusivePublication&)> write_state;
    };
    ServiceSnapshotTaker(SnapshotEnvironment environment, Spec spec);
    ~ServiceSnapshotTaker();

    int do_work();
    [[nodiscard]] bool is_finished() const noexcept { return state_ == State::finished; }
    /// The recording, or -1 when it failed.
    [[nodiscard]] std::int64_t recording_id() const noexcept;
    [[nodiscard]] const std::string& error() const noexcept { return error_; }
    /// Gives up: closes what is open, as an error does.
    void abort(const std::string& why);

  private:
    enum class State : std::uint8_t {
        connect,
        await_publication,
        await_recording_started,
        await_recording_counter,
        write_sessions,
        await_recorded,
        close_archive,
        finished,
    };
    void step();
    void start_recording();
    bool find_recording();
    bool write_sessions();
    bool write(ConstBytes message);
    bool write_marker(std::int32_t mark);
    [[nodiscard]] bool is_recorded() const;
    void begin_close();

    SnapshotEnvironment environment_;
    Spec spec_;
    State state_ = State::connect;
    archive::AsyncArchiveClient archive_;
    std::int64_t publication_id_ = kNullValue;
    std::unique_ptr<client::ExclusivePublication> publication_;
    std::int64_t request_id_ = kNullValue;
    std::int64_t deadline_ns_ = 0;
    std::int32_t recording_counter_id_ = -1;
    std::int64_t recording_id_ = kNullValue;
    std::int64_t next_session_id_ = INT64_MIN;
    bool is_begin_written_ = false;
    std::vector<std::byte> buffer_;
    std::string error_;
};

class ServiceSnapshotLoader {
  public:
    /// `on_session` is called for each session of the snapshot.
    struct Spec {
        std::int64_t recording_id;
        std::function<void(std::unique_ptr<ContainerSession>)> on_session;
        SessionHost& host;
    };
    ServiceSnapshotLoader(SnapshotEnvironment environment, Spec spec);
    ~ServiceSnapshotLoader();

    int do_work();
    /// The sessions have been read; image() stands at the service's own state.
    [[nodiscard]] bool is_ready() const noexcept { return state_ == State::ready; }
    [[nodiscard]] client::Image* image() noexcept { return image_.get(); }
    [[nodiscard]] TimeUnit time_unit() const noexcept { return time_unit_; }
    [[nodiscard]] std::int32_t app_version() const noexcept { return app_version_; }
    /// After ready: the service has read its state. Also gives up, at any time.
    void begin_close();
    [[nodiscard]] bool is_finished() const noexcept { return state_ == State::finished; }
    [[nodiscard]] const std::string& error() const noexcept { return error_; }

  private:
    enum class State : std::uint8_t {
        connect,
        await_replay,
        await_subscription,
        await_image,
        read_sessions,
        ready,
        close_archive,
        finished,
    };
    void step();
    void stop_replay();
    void read_sessions();
    client::ControlledAction on_message(ConstBytes message);
    client::ControlledAction on_marker(ConstBytes message);

    SnapshotEnvironment environment_;
    Spec spec_;
    State state_ = State::connect;
    archive::AsyncArchiveClient archive_;
    std::int64_t request_id_ = kNullValue;
    std::int64_t replay_id_ = kNullValue;
    std::int32_t replay_session_id_ = 0;  // its low 32 bits
    std::int64_t subscription_id_ = kNullValue;
    std::unique_ptr<client::Subscription> subscription_;
    std::shared_ptr<client::Image> image_;
    client::ImageControlledFragmentAssembler<> assembler_{
        [this](ConstBytes message, const client::Header&) { return on_message(message); }};
    bool in_snapshot_ = false;
    bool is_complete_ = false;
    TimeUnit time_unit_ = TimeUnit::milliseconds;
    std::int32_t app_version_ = 0;
    std::string error_;
};

}  // namespace tern::cluster
