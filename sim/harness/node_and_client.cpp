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

SimNodeOptions draw_node_options(Run& run) {
    SimNodeOptions options;
    options.turns = run.prng().chance(200'000) ? TurnsOf::node : TurnsOf::parts;
    options.is_module_client_given = run.prng().chance(400'000);
    run.note_option(fmt::format("turns of {}, module's client {}",
                                options.turns == TurnsOf::parts ? "parts" : "the node",
                                options.is_module_client_given ? "given" : "its own"));
    return options;
}

}  // namespace

NodeAndClient::NodeAndClient(Run& run, FaultSet possible)
    : world_(run.make_world(possible)),
      node_host_(world_.add_host("node")),
      client_host_(world_.add_host("client")),
      stage_(world_, client_host_.start("clock").platform().clock),
      node_(node_host_, layout_of(node_host_), draw_node_options(run)),
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
