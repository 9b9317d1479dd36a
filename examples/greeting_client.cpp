// A cluster client: sends the names it is given to the greeting service, prints the answers.
//
//   example_greeting_client AERON_DIR 0=localhost:9002,1=localhost:9102 Ada Grace
//
// The client finds the leader by itself, and goes over to the next one when the leader changes.

#include <fmt/format.h>

#include "tern/client/aeron.hpp"
#include "tern/cluster/client/cluster_client.hpp"
#include "tern/platform/posix/platform.hpp"

namespace {

void run(const std::string& aeron_directory, const std::string& ingress_endpoints,
         const std::vector<std::string>& names) {
    const tern::platform::Platform platform = tern::platform::posix::make_platform();
    std::size_t answers = 0;

    tern::cluster::ClusterClientContext context;
    context.ingress_channel = "aeron:udp";
    context.ingress_endpoints = ingress_endpoints;
    context.egress_channel = "aeron:udp?endpoint=localhost:0";
    context.listener.on_message = [&](const tern::cluster::EgressMessage& message) {
        fmt::print("{}\n", tern::as_text(message.payload));
        ++answers;
    };
    tern::client::Context aeron;
    aeron.aeron_directory = aeron_directory;

    const auto cluster = tern::cluster::ClusterClient::connect(context, aeron, platform);
    for (const std::string& name : names) cluster->send(tern::as_bytes(name));
    cluster->poll_until([&] { return answers == names.size(); }, "all greetings");
    cluster->close();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) {
        fmt::print(stderr, "usage: {} AERON_DIR INGRESS_ENDPOINTS NAME...\n", argv[0]);
        return 2;
    }
    try {
        run(argv[1], argv[2], {argv + 3, argv + argc});
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
        return 1;
    }
}
