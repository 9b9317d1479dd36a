#include "tern/tools/bench/node_process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "tern/base/duration.hpp"
#include "tern/base/error.hpp"
#include "tern/memory/cnc_file.hpp"
#include "tern/memory/counter_types.hpp"
#include "tern/platform/idle_strategy.hpp"

namespace tern::tools::bench {
namespace {

constexpr std::int64_t kPatienceNs = 60 * kNanosPerSecond;
constexpr std::int64_t kRoleLeader = 2;
constexpr std::int64_t kElectionClosed = 17;
constexpr std::size_t kLogTailLength = 2000;
constexpr std::size_t kMemberEndpoints = 5;
/// Unit of /proc/PID/statm on every machine that Tern runs on.
constexpr std::int64_t kPageLength = 4096;

/// Ports that nobody has now; reserved together, so that they differ.
std::vector<std::string> free_endpoints(platform::Network& network, std::size_t count) {
    std::vector<std::unique_ptr<platform::UdpSocket>> sockets;
    std::vector<std::string> endpoints;
    for (std::size_t i = 0; i < count; ++i) {
        platform::UdpSocketOptions options;
        options.bind_address = *platform::SocketAddress::parse("127.0.0.1:0");
        auto socket = network.open(options);
        if (!socket) throw Error("no free UDP port on the loopback interface");
        endpoints.push_back((*socket)->local_address().to_string());
        sockets.push_back(std::move(*socket));
    }
    return endpoints;
}

std::string read_text(platform::Storage& storage, const std::string& path, std::size_t limit,
                      bool tail) {
    const auto file = storage.open(path, platform::Access::read_only);
    std::string text(limit, '\0');
    const auto skip = tail ? std::max<std::int64_t>(0, file->size() - std::ssize(text)) : 0;
    text.resize(file->read_at(skip, std::as_writable_bytes(std::span(text))));
    return text;
}

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

UpstreamFiles UpstreamFiles::from_environment(const platform::Platform& platform) {
    const auto jar = platform.system.environment("TERN_AERON_JAR");
    const auto classes = platform.system.environment("TERN_JAVA_CLASSES");
    if (!jar || !classes) {
        throw ConfigurationError(
            "upstream's jar is needed to measure beside it: run ./dev bench, or set "
            "TERN_AERON_JAR and TERN_JAVA_CLASSES");
    }
    return {.jar = *jar, .classes = *classes};
}

NodeProcess::NodeProcess(NodeKind kind, const UpstreamFiles& upstream, platform::Platform platform)
    : kind_(kind),
      platform_(platform),
      directory_(fmt::format("/dev/shm/tern-bench-{}-{:016x}", platform.system.process_id(),
                             platform.random.next_u64())) {
    platform_.storage.create_directories(directory_, platform::Visibility::owner_only);
    const auto endpoints = free_endpoints(platform_.network, kMemberEndpoints);
    ingress_endpoint_ = endpoints.front();
    archive_endpoint_ = endpoints.back();
    members_ = fmt::format("0,{}", fmt::join(endpoints, ","));

    platform::posix::ProcessOptions options;
    options.arguments = command(upstream);
    options.output = platform::posix::Output::file;
    options.output_path = directory_ + "/node.log";
    const auto started_ns = platform_.clock.nano_time();
    process_ = std::make_unique<platform::posix::Process>(options);
    await_leader();
    start_to_leader_ns_ = platform_.clock.nano_time() - started_ns;
}

NodeProcess::~NodeProcess() {
    process_.reset();
    platform_.storage.remove_all(directory_);
}

std::vector<std::string> NodeProcess::command(const UpstreamFiles& upstream) const {
    if (kind_ == NodeKind::upstream_shared) {
        return {"java",
                "-cp",
                upstream.jar + ":" + upstream.classes,
                "--add-opens",
                "java.base/jdk.internal.misc=ALL-UNNAMED",
                "UpstreamNode",
                aeron_directory(),
                directory_,
                members_,
                "0",
                "echo"};
    }
    const auto* threading = kind_ == NodeKind::tern_single ? "single" : "shared";
    return {"/proc/self/exe",
            "node",
            "--service",
            "echo",
            fmt::format("-Dtern.node.threading={}", threading),
            "-Daeron.dir=" + aeron_directory(),
            "-Daeron.archive.dir=" + directory_ + "/archive",
            "-Daeron.archive.control.channel=aeron:udp?endpoint=" + archive_endpoint_,
            "-Daeron.archive.replication.channel=aeron:udp?endpoint=localhost:0",
            "-Daeron.cluster.dir=" + directory_ + "/cluster",
            "-Daeron.cluster.members=" + members_,
            "-Daeron.cluster.ingress.channel=aeron:udp?term-length=64k",
            "-Daeron.cluster.replication.channel=aeron:udp?endpoint=localhost:0"};
}

void NodeProcess::await_leader() {
    memory::CncConnector connector(platform_.storage, platform_.clock, aeron_directory(),
                                   kPatienceNs / kNanosPerMilli);
    const auto deadline_ns = platform_.clock.nano_time() + kPatienceNs;
    const auto idle = platform::make_idle_strategy("backoff");
    std::unique_ptr<platform::Mapping> mapping;
    while (true) {
        if (mapping) {
            if (leads(memory::CncFile(mapping->bytes()).counters())) return;
        } else if (connector.try_step() == memory::CncConnector::Step::connected) {
            mapping = connector.take_mapping();
        }
        if (!process_->is_running() || platform_.clock.nano_time() > deadline_ns) {
            throw Error(fmt::format("{}: did not become the leader{}\n{}", to_string(kind_),
                                    process_->is_running() ? " within 60 s" : ": it has ended",
                                    log_tail()));
        }
        idle->idle(0);
    }
}

void NodeProcess::stop() {
    process_->terminate();
    if (!process_->wait(kPatienceNs)) {
        throw Error(fmt::format("{}: did not end within 60 s of SIGTERM\n{}", to_string(kind_),
                                log_tail()));
    }
}

std::int64_t NodeProcess::resident_bytes() {
    // "size resident shared ...", in pages.
    const auto statm = read_text(platform_.storage, fmt::format("/proc/{}/statm", process_->pid()),
                                 128, /*tail=*/false);
    const auto space = statm.find(' ');
    std::int64_t pages = 0;
    if (space != std::string::npos) {
        std::from_chars(statm.data() + space + 1, statm.data() + statm.size(), pages);
    }
    return pages * kPageLength;
}

std::string NodeProcess::log_tail() {
    return read_text(platform_.storage, directory_ + "/node.log", kLogTailLength, /*tail=*/true);
}

}  // namespace tern::tools::bench
