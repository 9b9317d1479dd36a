#pragma once
// The archive server: records streams to files, replays them, keeps the catalog (chapter 41).
//
// Composition. Three agents: the conductor (control sessions, catalog, all use of the Aeron
// client), the recorder (writes segment files) and the replayer (reads them). They never wait for
// each other: the conductor hands sessions over through bounded queues and finds them finished by
// a flag, so they work alike on three threads, on one, or in the owner's own loop.
//
// Starting. launch() claims the mark file, opens and recovers the catalog and connects the Aeron
// client (whose driver must be there); counters, control subscriptions and the "ready" mark follow
// in the conductor's duty cycle: is_running() tells.
//
// Closing (ARC-1.5, CST-14). close() does, each step tried whatever became of the one before:
//   1. replayer and recorder agents end: files closed;
//   2. every live recording: stop position and timestamp into the catalog, STOP signal, counter;
//   3. every replay: publication closed;
//   4. every control session: response publication revoked, so that its client knows; end recorded
//      in the event log as `archive_closed`;
//   5. subscriptions, events publication, counters;
//   6. catalog synced and closed; 7. own Aeron client closed;
//   8. mark file: activity timestamp -1, then closed. A new start on the directory succeeds at
//      once.
// Closing twice is harmless; the destructor closes. If the Aeron client was closed or lost its
// driver the recordings' positions are still written from what the recorder knows.
//
// Thread safety: launch, invoke and close from one thread; the queries from any.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tern/archive/archive_context.hpp"
#include "tern/base/agent.hpp"
#include "tern/platform/platform.hpp"

namespace tern::archive {

class Archive {
  public:
    enum class State : std::uint8_t { starting, running, failed, closed };

    /// Throws ConfigurationError, CatalogError, platform::StorageError, or Error when another
    /// archive is active on the directory or no driver is there; nothing is left behind then.
    [[nodiscard]] static std::unique_ptr<Archive> launch(ArchiveContext context,
                                                         platform::Platform platform);
    ~Archive();  ///< closes
    Archive(const Archive&) = delete;
    Archive& operator=(const Archive&) = delete;

    /// Invoker mode: what the owner runs, in this order; each gets on_start() first. The owner
    /// either calls on_close() in reverse order before close(), or leaves that to close().
    [[nodiscard]] std::vector<Agent*> agents();
    /// Invoker mode: one duty cycle of all agents (on_start() included); returns work done.
    int invoke();

    void close();

    [[nodiscard]] State state() const noexcept;
    [[nodiscard]] bool is_running() const noexcept { return state() == State::running; }
    /// Why the state is `failed`; empty otherwise.
    [[nodiscard]] std::string failure() const;
    [[nodiscard]] std::int64_t archive_id() const noexcept;
    [[nodiscard]] const ArchiveContext& context() const noexcept;
    [[nodiscard]] const EventLog& event_log() const noexcept;
    /// The Aeron client that the archive uses, its own or the given one.
    [[nodiscard]] const std::shared_ptr<client::Aeron>& aeron() const noexcept;

  private:
    class Impl;
    explicit Archive(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace tern::archive
