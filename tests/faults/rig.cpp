#include "tests/faults/rig.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace tern::sim {

std::vector<std::string> free_endpoints(std::size_t count) {
    const platform::Platform platform = platform::posix::make_platform();
    std::vector<std::unique_ptr<platform::UdpSocket>> sockets;
    std::vector<std::string> endpoints;
    platform::UdpSocketOptions options;
    options.bind_address = *platform::SocketAddress::parse("127.0.0.1:0");
    for (std::size_t i = 0; i < count; ++i) {
        sockets.push_back(std::move(*platform.network.open(options)));
        endpoints.push_back(sockets.back()->local_address().to_string());
    }
    return endpoints;
}

void expect_clean_cycles(const std::vector<Rig::MakeNode>& nodes, int cycles) {
    const std::uint64_t seed = platform::posix::make_platform().random.next_u64() >> 1;
    const auto endpoints = free_endpoints(nodes.size());
    std::vector<std::string> findings(nodes.size());
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        threads.emplace_back([&, i] {
            Rig rig(seed + i, endpoints[i], nodes[i]);
            findings[i] = rig.run(cycles);
        });
    }
    for (auto& thread : threads) thread.join();
    for (const auto& finding : findings) EXPECT_EQ(finding, "");
}

}  // namespace tern::sim
