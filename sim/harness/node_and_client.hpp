#pragma once
// The smallest world with everything in it: a host with a node, a host with a client and a media
// driver of its own, and a network between them.

#include <memory>
#include <string>

#include "sim/harness/counting_client.hpp"
#include "sim/harness/node_operator.hpp"
#include "sim/harness/run.hpp"
#include "sim/harness/sim_node.hpp"

namespace tern::sim {

class NodeAndClient {
  public:
    /// Makes the run's world, with those of the faults that it draws. How the node gets its turns
    /// is drawn as well.
    NodeAndClient(Run& run, FaultSet possible);
    ~NodeAndClient();

    [[nodiscard]] virtual_world::World& world() noexcept { return world_; }
    [[nodiscard]] virtual_world::Host& node_host() noexcept { return node_host_; }
    [[nodiscard]] SimStage& stage() noexcept { return stage_; }
    [[nodiscard]] SimNode& node() noexcept { return node_; }
    [[nodiscard]] NodeOperator& node_operator() noexcept { return operator_; }
    /// Of the client's host, in both directions.
    void cut_client_off(bool is_cut);
    [[nodiscard]] CountingClient& client() noexcept { return *client_; }

  private:
    virtual_world::World& world_;
    virtual_world::Host& node_host_;
    virtual_world::Host& client_host_;
    SimStage stage_;
    SimNode node_;
    NodeOperator operator_;
    virtual_world::Process& client_process_;
    std::unique_ptr<CountingClient> client_;
};

}  // namespace tern::sim
