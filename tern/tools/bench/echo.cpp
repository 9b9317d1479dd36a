#include "tern/tools/bench/echo.hpp"

#include <algorithm>

#include "tern/base/bytes.hpp"
#include "tern/cluster/client/cluster_client.hpp"
#include "tern/platform/idle_strategy.hpp"

namespace tern::tools::bench {

std::vector<std::int64_t> measure_echo(const std::string& aeron_directory,
                                       const std::string& ingress_endpoints,
                                       const EchoOptions& options, platform::Platform platform) {
    std::int64_t expected = -1;
    bool is_answered = false;
    cluster::ClusterClientContext context;
    context.ingress_channel = "aeron:udp?term-length=64k";
    context.ingress_endpoints = ingress_endpoints;
    context.egress_channel = "aeron:udp?endpoint=localhost:0|term-length=64k";
    context.listener.on_message = [&](const cluster::EgressMessage& message) {
        if (message.payload.size() != options.message_length ||
            load<std::int64_t>(message.payload.data()) != expected) {
            throw Error("the echo is not what was sent");
        }
        is_answered = true;
    };
    client::Context aeron;
    aeron.aeron_directory = aeron_directory;
    aeron.use_conductor_invoker = true;
    // Looks for the answer all the time, but lets others run where cores are few.
    const auto idle = platform::make_idle_strategy("yield");
    const auto cluster = cluster::ClusterClient::connect(context, aeron, platform,
                                                         [&](int work) { idle->idle(work); });

    std::vector<std::byte> message(options.message_length);
    std::vector<std::int64_t> round_trips;
    round_trips.reserve(static_cast<std::size_t>(options.messages));
    for (std::int64_t i = 0; i < options.warm_up_messages + options.messages; ++i) {
        expected = i;
        is_answered = false;
        store(message.data(), i);
        const auto sent_ns = platform.clock.nano_time();
        cluster->send(message);
        cluster->poll_until([&] { return is_answered; }, "the echo");
        if (i >= options.warm_up_messages) {
            round_trips.push_back(platform.clock.nano_time() - sent_ns);
        }
    }
    cluster->close();
    std::ranges::sort(round_trips);
    return round_trips;
}

std::int64_t percentile(const std::vector<std::int64_t>& ascending, double fraction) {
    const auto last = static_cast<double>(ascending.size() - 1);
    return ascending[static_cast<std::size_t>(last * fraction + 0.5)];
}

}  // namespace tern::tools::bench
