#include "tern/tools/bench/node_process.hpp"

#include <fmt/format.h>

#include "tern/base/duration.hpp"
#include "tern/memory/cnc_file.hpp"
#include "tern/memory/counter_types.hpp"

namespace tern::tools::bench {
namespace {

constexpr std::int64_t kConnectTimeoutMs = 60'000;
constexpr std::int64_t kRoleLeader = 2;
constexpr std::int64_t kElectionClosed = 17;
constexpr std::size_t kMemberEndpoints = 5;

bool leads(const memory::CountersReader& counters) {
    bool is_leader = false;
    bool is_elected = false;
    counters.for_each([&](std::int32_t id) {
        const auto type = counters.type_id(id);
        if (type == memory::counter_type::kClusterNodeRole) {
            is_leader = counters.value(id) == kRoleLeader;
        } else if (type == memory::counter_type::kClusterElectionState) {
            is_elected = counters.value(id) == kElectionClosed;
        }
    });
    return is_leader && is_elected;
}

}  // namespace

std::string_view to_string(NodeKind kind) noexcept {
    switch (kind) {
        case NodeKind::upstream_shared:
            return "upstream shared";
        case NodeKind::tern_single:
            return "tern single";
        case NodeKind::tern_shared:
            return "tern shared";
    }
    return "unknown";
}

NodeProcess::NodeProcess(NodeKind kind, const UpstreamFiles& upstream, platform::Platform platform)
    : process_(std::string(to_string(kind)), platform) {
    const auto endpoints = free_endpoints(platform.network, kMemberEndpoints);
    ingress_endpoint_ = endpoints.front();
    archive_endpoint_ = endpoints.back();
    members_ = fmt::format("0,{}", fmt::join(endpoints, ","));
    const auto started_ns = platform.clock.nano_time();
    process_.start(command(kind, upstream));
    await_leader(platform);
    start_to_leader_ns_ = platform.clock.nano_time() - started_ns;
}

std::vector<std::string> NodeProcess::command(NodeKind kind, const UpstreamFiles& upstream) const {
    const std::string& directory = process_.directory();
    if (kind == NodeKind::upstream_shared) {
        auto arguments = upstream.java();
        for (const std::string& argument :
             {std::string("UpstreamNode"), aeron_directory(), directory, members_, std::string("0"),
              std::string("echo")}) {
            arguments.push_back(argument);
        }
        return arguments;
    }
    const auto* threading = kind == NodeKind::tern_single ? "single" : "shared";
    return {"/proc/self/exe",
            "node",
            "--service",
            "echo",
            fmt::format("-Dtern.node.threading={}", threading),
            "-Daeron.dir=" + aeron_directory(),
            "-Daeron.archive.dir=" + directory + "/archive",
            "-Daeron.archive.control.channel=aeron:udp?endpoint=" + archive_endpoint_,
            "-Daeron.archive.replication.channel=aeron:udp?endpoint=localhost:0",
            "-Daeron.cluster.dir=" + directory + "/cluster",
            "-Daeron.cluster.members=" + members_,
            "-Daeron.cluster.ingress.channel=aeron:udp?term-length=64k",
            "-Daeron.cluster.replication.channel=aeron:udp?endpoint=localhost:0"};
}

void NodeProcess::await_leader(platform::Platform platform) {
    memory::CncConnector connector(platform.storage, platform.clock, aeron_directory(),
                                   kConnectTimeoutMs);
    std::unique_ptr<platform::Mapping> mapping;
    process_.await(
        [&] {
            if (mapping) return leads(memory::CncFile(mapping->bytes()).counters());
            if (connector.try_step() == memory::CncConnector::Step::connected) {
                mapping = connector.take_mapping();
            }
            return false;
        },
        "the leader");
}

}  // namespace tern::tools::bench
