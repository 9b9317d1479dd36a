#pragma once
// A clustered node in one process: media driver, archive, consensus module and, if wanted, a
// service container (upstream's ClusteredMediaDriver, with the container inside). Composition
// only: who runs on which thread, who starts after whom, who closes before whom.
//
// Threading (`tern.node.threading`):
//   single     all agents on one thread; or on the owner's, with invoke()
//   shared     driver, archive, module and container on a thread each
//   dedicated  as shared, and driver and archive use a thread for each of their agents
//
// Starting: driver, archive, module, container. A failure closes what was started, in the reverse
// order, and is rethrown.
//
// Ending: the module ends itself on SHUTDOWN and ABORT, after the services did; ended() is then
// true, context.on_end has been called, and close() is left to do. Whoever else ends first makes
// the node end too, and failure() says why.
//
// Closing (CST-13.5, docs/shutdown.md), every step tried whatever became of the one before:
//   1. module and container stop at the end of their duty cycles: neither can see the other go;
//      module: log publication, replays and log recording stopped by request (quiesce)
//   2. container: on_terminate, its streams, its Aeron client
//   3. module: archive session closed by request, its Aeron client (also one that it was given)
//   4. archive: recordings, replays, sessions, catalog, its Aeron client
//   5. driver; after SHUTDOWN and ABORT it first gives services in other processes time to leave it
// A component that has ended itself has closed itself. Closing twice is harmless.
//
// Thread safety: launch, invoke and close from one thread; ended() and failure() from any.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tern/archive/archive.hpp"
#include "tern/base/properties.hpp"
#include "tern/cluster/consensus/consensus_module.hpp"
#include "tern/cluster/service/service_container.hpp"
#include "tern/driver/media_driver.hpp"
#include "tern/platform/agent_runner.hpp"
#include "tern/platform/platform.hpp"

namespace tern::node {

enum class NodeThreading : std::uint8_t { single, shared, dedicated };

struct NodeContext {
    driver::DriverContext driver;
    archive::ArchiveContext archive;
    cluster::ConsensusModuleContext module;
    std::optional<cluster::ServiceContainerContext> container{};

    NodeThreading threading = NodeThreading::shared;
    /// With `single`: no thread is started, the owner calls invoke(), or runs agents().
    bool is_owner_driven = false;
    /// With `single`: what a part does while it waits for the others, in its close or in a callback
    /// of the service, once launch() has returned. Empty: the others get a duty cycle.
    std::function<void()> idle{};
    /// Owner-driven, where the turn of a part can be interrupted and others go on meanwhile:
    /// returns when no turn is under way. Called before a part is held or closed.
    std::function<void()> finish_turns{};
    /// The module is given an Aeron client, which the node closes after it, instead of making its
    /// own.
    bool is_module_client_given = false;
    std::string idle_strategy = "backoff";  ///< of the node's own threads

    /// Sees every error of every part, besides their own logs; called on any thread.
    ErrorHandler error_handler{};
    /// A part has ended by itself; called on its thread, not from close().
    std::function<void()> on_end{};

    /// Everything that upstream's ClusteredMediaDriver reads, and tern.node.threading. The
    /// container is left out. Throws ConfigurationError.
    [[nodiscard]] static NodeContext from_properties(const Properties& properties,
                                                     platform::Platform platform);
};

/// How long the driver waits at most, after a termination, for services in other processes to
/// leave.
inline constexpr std::int64_t kServicesLeaveTimeoutNs = 2'000'000'000;

/// In the order of close().
enum class CloseStep : std::uint8_t { stop_cluster, container, module, archive, driver };
[[nodiscard]] std::string_view to_string(CloseStep step) noexcept;

class ClusteredNode {
  public:
    [[nodiscard]] static std::unique_ptr<ClusteredNode> launch(NodeContext context,
                                                               platform::Platform platform);
    ~ClusteredNode();  ///< closes
    ClusteredNode(const ClusteredNode&) = delete;
    ClusteredNode& operator=(const ClusteredNode&) = delete;

    /// Owner-driven: one duty cycle of every part; returns work done.
    int invoke();
    /// Owner-driven: the parts, for an owner that gives them turns of its own choosing instead of
    /// calling invoke(). They stay until the node is destroyed, and do nothing once closed.
    [[nodiscard]] std::vector<Agent*> agents();

    void close();
    /// One step of close(), for owners that put time between them: which it was, or nullopt when
    /// all are done.
    std::optional<CloseStep> close_next();

    /// A part has ended by itself: close() is due.
    [[nodiscard]] bool ended() const noexcept { return ended_.load(std::memory_order_acquire); }
    /// Why, if it was not expected; else empty.
    [[nodiscard]] std::string failure() const;

    /// As in use: with directories shared and filled in.
    [[nodiscard]] const NodeContext& context() const noexcept { return context_; }

    /// Owner-driven only: what the parts are doing. Null after their close.
    [[nodiscard]] cluster::ConsensusModule* module() noexcept { return module_.get(); }
    [[nodiscard]] cluster::ServiceContainer* container() noexcept { return container_.get(); }
    [[nodiscard]] archive::Archive* archive() noexcept { return archive_.get(); }
    [[nodiscard]] driver::MediaDriver* driver() noexcept { return driver_.get(); }

  private:
    class Part;
    class SingleAgent;
    class Turn;

    ClusteredNode(NodeContext context, platform::Platform platform);
    void start();
    void share_directories();
    void prepare_threads();
    void give_module_client();
    void start_cluster();
    void stop_cluster();
    void await_services();
    void close_container();
    void close_module();
    void end_turns(CloseStep step);
    void finish_turns();
    void idle_beside(const Part* waiting);
    /// What a part that waits in its own callback lets run: all others.
    int invoke_others(const Part* waiting);
    void on_part_ended(const AgentTermination& termination);

    NodeContext context_;
    platform::Platform platform_;
    std::unique_ptr<driver::MediaDriver> driver_;
    std::unique_ptr<archive::Archive> archive_;
    std::shared_ptr<client::Aeron> module_client_;  // given to the module, or null
    std::unique_ptr<cluster::ConsensusModule> module_;
    std::unique_ptr<cluster::ServiceContainer> container_;
    std::unique_ptr<Part> module_part_;
    std::unique_ptr<Part> container_part_;
    std::vector<std::unique_ptr<Turn>> turns_;
    std::unique_ptr<SingleAgent> single_agent_;
    std::unique_ptr<platform::AgentRunner> single_runner_;

    bool is_started_ = false;
    std::size_t close_steps_done_ = 0;
    std::atomic<bool> ended_{false};
    mutable std::mutex failure_mutex_;
    std::string failure_;
};

}  // namespace tern::node
