#include "sim/harness/node_and_client.hpp"

#include <fmt/format.h>

namespace tern::sim {
namespace {

NodeLayout layout_of(const virtual_world::Host& host) {
    const std::string address = host.address().with_port(0).to_string();
    const std::string ip = address.substr(0, address.rfind(':'));
    return {.directory = "/tern",
            .aeron_directory = "/dev/shm/aeron-tern",
            .host = ip,
            .ingress_endpoint = ip + ":9002"};
}

}  // namespace

NodeAndClientOptions NodeAndClientOptions::draw(std::uint64_t seed) {
    virtual_world::Prng prng(seed ^ 0x6f7074696f6e73ULL);  // apart from the world's own draws
    NodeAndClientOptions options;
    options.node.turns = prng.chance(200'000) ? TurnsOf::node : TurnsOf::parts;
    if (prng.chance(750'000)) {
        options.world.schedule.preempt_ppm =
            static_cast<std::uint32_t>(prng.between({100, 10'000}));
    }
    options.node.is_module_client_given = prng.chance(400'000);
    options.is_network_faulty = prng.chance(700'000);
    options.world.schedule.max_idle_ns = prng.between({1'000'000, 5'000'000});
    if (options.is_network_faulty) {
        auto& link = options.world.network.link;
        link.delay_ns = {20'000, prng.between({200'000, 20'000'000})};
        const auto ppm = [&](std::int64_t most) {
            return static_cast<std::uint32_t>(prng.between({0, most}));
        };
        link.loss_ppm = ppm(100'000);
        link.duplicate_ppm = ppm(50'000);
        link.reorder_ppm = ppm(100'000);
    }
    return options;
}

std::string NodeAndClientOptions::to_string() const {
    const auto& link = world.network.link;
    return fmt::format(
        "turns of {}, preempted {} ppm, module's client {}, network: delay to {} us, loss {} "
        "duplicates {} "
        "reordered {} ppm",
        node.turns == TurnsOf::parts ? "parts" : "the node", world.schedule.preempt_ppm,
        node.is_module_client_given ? "given" : "its own", link.delay_ns.max / 1000, link.loss_ppm,
        link.duplicate_ppm, link.reorder_ppm);
}

NodeAndClient::NodeAndClient(std::uint64_t seed, const NodeAndClientOptions& options)
    : world_(seed, options.world),
      node_host_(world_.add_host("node")),
      client_host_(world_.add_host("client")),
      stage_(world_, client_host_.start("clock").platform().clock),
      node_(node_host_, layout_of(node_host_), options.node),
      operator_(node_host_.start("operator").platform(), node_.layout()),
      client_process_(client_host_.start("client")),
      client_(std::make_unique<CountingClient>(
          client_process_.platform(),
          CountingClientOptions{
              .aeron_directory = "/dev/shm/aeron-client",
              .ingress_endpoint = node_.layout().ingress_endpoint,
              .egress_endpoint = client_host_.address().with_port(0).to_string()})) {
    world_.scheduler().add(
        client_process_, *client_, [](const std::exception&) {}, virtual_world::Preemption::never);
}

NodeAndClient::~NodeAndClient() { world_.scheduler().remove(*client_); }

void NodeAndClient::cut_client_off(bool is_cut) {
    if (is_cut) {
        world_.network().isolate(client_host_.index());
    } else {
        world_.network().heal();
    }
}

}  // namespace tern::sim
