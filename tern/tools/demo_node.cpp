#include "tern/tools/demo_node.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>

#include "tern/base/duration.hpp"
#include "tern/base/error.hpp"
#include "tern/platform/network.hpp"
#include "tern/tools/text.hpp"

namespace tern::tools {
namespace {

/// Whatever it is called and wherever it is installed.
constexpr const char* kThisProgram = "/proc/self/exe";
constexpr std::size_t kEndpointsOfAMember = 5;
constexpr std::int64_t kToolTimeoutNs = 60 * kNanosPerSecond;
constexpr std::int64_t kLastWordsLength = 1'000;

/// Ports that nobody uses now; all are held until the last is known, so that they differ.
std::vector<std::string> free_endpoints(platform::Platform platform, std::size_t count) {
    platform::UdpSocketOptions options;
    options.bind_address = *platform::SocketAddress::parse("127.0.0.1:0");
    std::vector<std::unique_ptr<platform::UdpSocket>> sockets;
    std::vector<std::string> endpoints;
    while (endpoints.size() < count) {
        auto socket = platform.network.open(options);
        if (!socket) throw Error("no UDP socket could be opened on 127.0.0.1");
        endpoints.push_back((*socket)->local_address().to_string());
        sockets.push_back(std::move(*socket));
    }
    return endpoints;
}

}  // namespace

DemoNode::DemoNode(platform::Platform platform)
    : platform_(platform),
      directory_(fmt::format("{}/tern-demo-{}-{:08x}", platform.system.temporary_directory(),
                             platform.system.process_id(),
                             static_cast<std::uint32_t>(platform.random.next_u64()))),
      endpoints_(free_endpoints(platform, kEndpointsOfAMember)) {
    platform_.storage.create_directories(directory_, platform::Visibility::owner_only);
}

DemoNode::~DemoNode() {
    process_.reset();
    if (is_kept_) return;
    try {
        platform_.storage.remove_all(directory_);
    } catch (const std::exception& error) {
        fmt::print(stderr, "tern: {} could not be removed: {}\n", directory_, error.what());
    }
}

std::vector<std::string> DemoNode::node_arguments() const {
    return {kThisProgram,
            "node",
            "--service",
            "counter",
            "-Daeron.dir=" + aeron_directory(),
            "-Daeron.term.buffer.length=1m",
            "-Daeron.ipc.term.buffer.length=1m",
            "-Daeron.archive.dir=" + directory_ + "/archive",
            "-Daeron.archive.segment.file.length=4m",
            "-Daeron.archive.control.channel=aeron:udp?endpoint=" + endpoints_.back(),
            "-Daeron.archive.replication.channel=aeron:udp?endpoint=localhost:0",
            "-Daeron.cluster.dir=" + cluster_directory(),
            fmt::format("-Daeron.cluster.members=0,{}", fmt::join(endpoints_, ",")),
            "-Daeron.cluster.ingress.channel=aeron:udp?term-length=1m",
            "-Daeron.cluster.log.channel=aeron:udp?term-length=1m",
            "-Daeron.cluster.replication.channel=aeron:udp?endpoint=localhost:0"};
}

void DemoNode::start() {
    log_path_ = fmt::format("{}/node-{}.log", directory_, ++starts_);
    platform::posix::ProcessOptions options;
    options.arguments = node_arguments();
    options.output = platform::posix::Output::file;
    options.output_path = log_path_;
    process_ = std::make_unique<platform::posix::Process>(options);
}

void DemoNode::check() {
    if (process_ && process_->is_running()) return;
    throw Error(fmt::format("the node has ended{}; {}",
                            process_ ? fmt::format(" with exit code {}", *process_->wait(0)) : "",
                            last_words()));
}

void DemoNode::await_end(std::int64_t timeout_ns) {
    const auto exit_code = process_->wait(timeout_ns);
    if (!exit_code) {
        throw Error(fmt::format("the node still runs {} after the shutdown; {}",
                                format_duration_ns(timeout_ns), last_words()));
    }
    if (*exit_code != 0) {
        throw Error(fmt::format("the node ended with exit code {}; {}", *exit_code, last_words()));
    }
    process_.reset();
}

std::string DemoNode::last_words() const {
    const auto file = platform_.storage.open(log_path_, platform::Access::read_only);
    const auto length = std::min(file->size(), kLastWordsLength);
    std::string text(static_cast<std::size_t>(length), ' ');
    text.resize(file->read_at(file->size() - length, std::as_writable_bytes(std::span(text))));
    while (text.ends_with('\n')) text.pop_back();
    std::ranges::replace(text, '\n', ' ');
    return text.empty() ? "it said nothing" : "it said: " + printable(text);
}

std::vector<std::string> DemoNode::cluster_tool(const std::vector<std::string>& command) {
    platform::posix::ProcessOptions options;
    options.arguments = {kThisProgram, "cluster-tool", cluster_directory()};
    options.arguments.insert(options.arguments.end(), command.begin(), command.end());
    options.output = platform::posix::Output::pipe;
    platform::posix::Process tool(options);
    std::vector<std::string> lines;
    while (const auto line = tool.read_line(kToolTimeoutNs)) lines.push_back(printable(*line));
    const auto exit_code = tool.wait(kToolTimeoutNs);
    if (exit_code != 0) {
        throw Error(
            fmt::format("tern cluster-tool DIR {} failed: {}", fmt::join(command, " "),
                        lines.empty() ? "no output" : fmt::format("{}", fmt::join(lines, " "))));
    }
    return lines;
}

}  // namespace tern::tools
