#pragma once
// The archive conductor: everything of an archive but reading and writing files.
//
// It starts by steps that never wait (State), then in each duty cycle serves requests, drives the
// Aeron client and looks after sessions, recordings, replays and deletions, in that order, so that
// an answer always precedes the signals that follow from it. What goes wrong in one of them is
// reported and does not keep the others from their turn.
//
// Losing the Aeron client ends the agent (AgentTermination). The workers may still be at work on
// sessions that are the conductor's then, so the end of the agent closes nothing: close() does, and
// still writes what the catalog has to know.
//
// Thread safety: the agent's own thread, but for state() and failure().

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "tern/archive/archive.hpp"
#include "tern/archive/archive_counters.hpp"
#include "tern/archive/archive_services.hpp"
#include "tern/archive/control_requests.hpp"
#include "tern/archive/recording_events.hpp"
#include "tern/base/agent.hpp"
#include "tern/memory/archive_mark_file.hpp"
#include "tern/memory/distinct_error_log.hpp"

namespace tern::archive {

/// Errors of the archive: to the error log in the mark file, the error counter, the event log and
/// the context's handler. Any thread.
class ErrorReporter {
  public:
    ErrorReporter(const ArchiveContext& context, platform::Platform platform, Bytes error_log,
                  EventLog& events);
    void report(const std::exception& error);
    /// Conductor: when it is there; null when it is about to go.
    void set_counter(std::shared_ptr<client::Counter> counter);

  private:
    const ArchiveContext& context_;
    platform::Platform platform_;
    memory::DistinctErrorLog log_;
    EventLog& events_;
    std::mutex mutex_;
    std::shared_ptr<client::Counter> counter_;
};

class ArchiveConductor final : public Agent {
  public:
    enum class State : std::uint8_t {
        connecting,            ///< to the driver
        awaiting_predecessor,  ///< until the counters of a dead archive of this id are freed
        adding_counters,
        adding_streams,  ///< control subscriptions, events publication
        running,
        closed,
    };

    /// References outlive this agent. `mark_file` is acquired, `catalog` open.
    struct Dependencies {
        ArchiveContext& context;
        platform::Platform platform;
        Catalog& catalog;
        memory::ArchiveMarkFile& mark_file;
        EventLog& events;
        ErrorReporter& errors;
        Recorder& recorder;
        Replayer& replayer;
    };
    explicit ArchiveConductor(const Dependencies& dependencies);
    ~ArchiveConductor() override;

    int do_work() override;
    /// Steps 2 to 5 of the close sequence in archive.hpp.
    /// After the workers' agents have ended. Idempotent.
    void close();
    [[nodiscard]] std::string_view role_name() const override { return "archive-conductor"; }

    [[nodiscard]] State state() const noexcept { return state_.load(std::memory_order_acquire); }
    [[nodiscard]] std::int64_t archive_id() const noexcept {
        return archive_id_.load(std::memory_order_acquire);
    }
    /// Null before it is connected; the archive closes it, if it is its own, after close().
    [[nodiscard]] const std::shared_ptr<client::Aeron>& aeron() const noexcept { return aeron_; }

  private:
    /// What there is once the archive is connected, in order of need.
    struct Parts {
        Parts(ArchiveConductor& conductor, client::Aeron& aeron);
        ArchiveServices services;
        std::unique_ptr<Authenticator> authenticator;
        std::unique_ptr<AuthorisationService> authorisation;
        ControlSessions sessions;
        SegmentOperations segments;
        std::unique_ptr<RecordingEvents> events;
        Recordings recordings;
        Replays replays;
        ControlRequests requests;
    };
    /// A subscription or publication that is being added.
    struct ControlStream {
        std::string channel;
        std::int32_t stream_id = 0;
        std::int64_t registration_id = -1;
        std::unique_ptr<client::Subscription> subscription;
        std::unique_ptr<client::FragmentAssembler<>> assembler;
    };

    void set_state(State state);
    int connect();
    int await_predecessor();
    int add_counters();
    int add_streams();
    void begin_streams();
    void begin_stream(ControlStream& stream);
    bool poll_stream(ControlStream& stream);
    bool poll_events();
    int run();
    int poll_requests(ControlStream& stream);
    void attempt(const std::function<void()>& step) noexcept;
    void update_mark_file();

    Dependencies d_;
    std::atomic<State> state_{State::connecting};
    std::atomic<std::int64_t> archive_id_{-1};
    std::unique_ptr<client::AsyncConnect> connecting_;
    std::shared_ptr<client::Aeron> aeron_;
    ArchiveCounters counters_;
    std::unique_ptr<Parts> parts_;
    ControlStream network_;
    ControlStream local_;
    std::int64_t events_id_ = -1;  // registration of the events publication, until found
    std::unique_ptr<client::ExclusivePublication> events_publication_;
    DutyCycleTracker duty_cycle_;
    std::int64_t predecessor_deadline_ns_ = 0;
    std::int64_t mark_at_ns_ = 0;
    bool closed_ = false;
};

}  // namespace tern::archive
