#pragma once
// A node inside of the test's process. How it gets its turns, and on which platform, is left to
// those who derive from it.
//
// Thread safety: as NodeProcess, one thread; what the node's own threads report is locked.

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "sim/harness/node_layout.hpp"
#include "sim/harness/node_process.hpp"
#include "tern/node/clustered_node.hpp"

namespace tern::sim {

struct EmbeddedNodeOptions {
    NodeLayout layout;
    node::NodeThreading threading = node::NodeThreading::single;
    bool is_module_client_given = false;
};

class EmbeddedNode : public NodeProcess {
  public:
    explicit EmbeddedNode(EmbeddedNodeOptions options) : options_(std::move(options)) {}

    void start() override;
    [[nodiscard]] bool has_ended() override { return node_->ended(); }
    void close(const std::function<void()>& between) override;
    void stall(platform::sim::Prng& /*prng*/, std::int64_t /*duration_ns*/) override {}
    [[nodiscard]] std::vector<std::string> findings() override;

    /// Null while it is not started.
    [[nodiscard]] node::ClusteredNode* node() noexcept { return node_.get(); }
    [[nodiscard]] const NodeLayout& layout() const noexcept { return options_.layout; }
    [[nodiscard]] node::NodeThreading threading() const noexcept { return options_.threading; }

  protected:
    [[nodiscard]] virtual platform::Platform begin_process() = 0;
    /// Runs a part of the node's main program; throws what that throws.
    virtual void run_main(const std::function<void()>& part) { part(); }
    virtual void configure(node::NodeContext& /*context*/) {}
    virtual void on_started() {}
    /// The node is still there, but has closed.
    virtual void on_closed() {}
    void find(std::string what);
    /// Destroys a node that may not have closed. While it goes it calls what configure() gave it:
    /// for destructors of those who derive.
    void drop() { node_.reset(); }

  private:
    void on_archive_event(std::string_view line);

    EmbeddedNodeOptions options_;
    std::mutex mutex_;
    std::vector<std::string> findings_;
    std::unique_ptr<node::ClusteredNode> node_;
};

}  // namespace tern::sim
