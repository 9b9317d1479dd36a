#pragma once
// `tern node` on a simulated host: driver, archive, consensus module and service container get
// turns of their own, as if each had a thread; the main program launches and closes them.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/harness/actor.hpp"
#include "sim/harness/node_layout.hpp"
#include "tern/node/clustered_node.hpp"

namespace tern::sim {

struct NodeActorOptions {
    NodeLayout layout;
    NodeSettings settings{};  ///< on top of the layout's
    std::function<std::shared_ptr<cluster::ClusteredService>(const virtual_world::Process&)>
        make_service{};
    /// It begins to lead this term.
    std::function<void(std::int64_t leadership_term_id)> on_led{};
    /// Whether errors that end it are to be expected: its disk fails, its clock jumps.
    bool may_fail = false;
};

class NodeActor final : public Actor {
  public:
    NodeActor(Run& run, virtual_world::Host& host, NodeActorOptions options)
        : Actor(run, host, "node"), options_(std::move(options)) {}
    ~NodeActor() override { kill(); }

    /// Of the present life while it is running, else nullptr.
    [[nodiscard]] node::ClusteredNode* node() const noexcept { return node_; }
    [[nodiscard]] const NodeLayout& layout() const noexcept { return options_.layout; }
    /// Of the log, in this or an earlier life; -1 before the first.
    [[nodiscard]] std::int64_t log_recording_id() const noexcept { return log_recording_id_; }
    /// It leads, and its service reads the log.
    [[nodiscard]] bool is_serving() const;
    /// What a clean life would not have shown, since its start.
    [[nodiscard]] const std::vector<std::string>& findings() const noexcept { return findings_; }
    void set_may_fail(bool may_fail) noexcept { options_.may_fail = may_fail; }
    /// Between two steps of its closing it waits until this says so. Empty: it does not wait.
    std::function<bool(node::CloseStep done)> may_close_on;

  private:
    class Turn;

    void live(platform::Platform platform) override;
    void on_error(const std::exception& error) override;
    [[nodiscard]] node::NodeContext make_context(platform::Platform platform);
    void serve(node::ClusteredNode& node);
    void after_turn_of_module(node::ClusteredNode& node);
    void find(std::string what);
    void fail(const std::string& what);

    NodeActorOptions options_;
    node::ClusteredNode* node_ = nullptr;
    std::int64_t log_recording_id_ = -1;
    std::vector<std::string> findings_;
};

}  // namespace tern::sim
