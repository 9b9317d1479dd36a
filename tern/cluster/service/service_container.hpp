#pragma once
// The service container: hosts one clustered service, feeds it the committed log, takes and loads
// its snapshots, and closes cleanly (chapter 52).
//
// It is an agent. The constructor opens the mark file and connects the Aeron client unless one was
// given; everything else is a state machine advanced by do_work(), which never waits, so module,
// driver, archive and container may all share one thread. Only the service's own callbacks may
// wait, through Cluster::idle(), which runs context.idle.
//
// Its life: streams and counters -> commit position and recovery state of the module found ->
// snapshot loaded -> service started, acknowledged -> log joined and read, as the module says ->
// terminated at the module's position, or closed.
//
// Closing (CST-8.3, CST-14): on_close() is one sequence in which every step is tried: handlers,
// the service's on_terminate, snapshot under way (its archive session), log subscription, response
// publications, control streams, counters, mark file, own Aeron client. Repeating is harmless.
//
// Errors: the constructor throws and leaves nothing open. A running container counts errors
// (counter 215) and records them in the error log of its mark file; an exception out of a log
// callback is recorded and the service goes on with the next message (CST-5.3). An expected end
// leaves do_work() as AgentTermination(expected), after the termination hook, and is no error.
//
// Thread safety: one thread at a time; status() from that thread.

#include <cstdint>
#include <memory>
#include <string>

#include "tern/base/agent.hpp"
#include "tern/cluster/service/service_container_context.hpp"
#include "tern/platform/platform.hpp"

namespace tern::cluster {

/// What a test or a tool in the same process may want to know.
struct ServiceContainerStatus {
    bool is_active = false;  ///< started and not yet ended
    bool is_joined = false;  ///< reading a log
    bool is_taking_snapshot = false;
    bool is_closed = false;
    Role role = Role::follower;
    std::int64_t log_position = -1;
    std::int64_t error_count = 0;
    std::size_t session_count = 0;
};

class ServiceContainer final : public Agent {
  public:
    ServiceContainer(ServiceContainerContext context, platform::Platform platform);
    ~ServiceContainer() override;  ///< closes
    ServiceContainer(const ServiceContainer&) = delete;
    ServiceContainer& operator=(const ServiceContainer&) = delete;

    int do_work() override;
    void on_close() override;
    [[nodiscard]] std::string_view role_name() const override;

    [[nodiscard]] ServiceContainerStatus status() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tern::cluster
