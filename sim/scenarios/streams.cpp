#include "sim/scenarios/streams.hpp"

#include <fmt/format.h>

#include "sim/scenarios/stream_stage.hpp"

namespace tern::sim {
namespace {

StreamPlan unicast(std::size_t from, std::size_t to, int port) {
    const std::string channel = fmt::format("aeron:udp?endpoint={}:{}", address_of_host(to), port);
    return {.name = fmt::format("unicast {}-{}", from, to),
            .from = from,
            .to = {to},
            .channel = [channel](std::size_t) { return channel; }};
}

StreamPlan multicast() {
    return {.name = "multicast",
            .from = 0,
            .to = {1, 2},
            .is_group = true,
            .channel = [](std::size_t host) {
                return fmt::format("aeron:udp?endpoint=224.20.30.39:21000|interface={}|fc=min",
                                   address_of_host(host));
            }};
}

StreamPlan multi_destination() {
    return {.name = "multi-destination",
            .from = 1,
            .to = {0, 2},
            .is_group = true,
            .channel = [](std::size_t host) {
                const std::string control =
                    fmt::format("control={}:22000|control-mode=dynamic", address_of_host(1));
                return host == 1 ? fmt::format("aeron:udp?{}|fc=min", control)
                                 : fmt::format("aeron:udp?endpoint={}:22001|{}",
                                               address_of_host(host), control);
            }};
}

StreamPlan ipc(std::size_t host) {
    return {.name = fmt::format("ipc {}", host),
            .from = host,
            .to = {host},
            .is_ipc = true,
            .channel = [](std::size_t) { return std::string("aeron:ipc"); }};
}

}  // namespace

void play_streams(Run& run) {
    StreamStage stage(run);
    const auto add = [&](const StreamPlan& plan) {
        if (run.prng().chance(650'000)) {
            stage.add(plan);
        } else {
            stage.leave_out();
        }
    };
    add(unicast(0, 1, 20'001));
    add(unicast(0, 1, 20'001));  // two streams on one endpoint
    add(unicast(1, 0, 20'002));
    add(unicast(1, 2, 20'003));
    add(unicast(2, 0, 20'004));
    add(multicast());
    add(multi_destination());
    for (std::size_t host = 0; host < kStreamHosts; ++host) add(ipc(host));
    stage.play();
}

}  // namespace tern::sim
