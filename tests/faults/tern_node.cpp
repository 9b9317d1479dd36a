#include "tests/faults/tern_node.hpp"

#include <fmt/format.h>

#include <fstream>

#include "tern/base/duration.hpp"

namespace tern::sim {
namespace {

constexpr std::int64_t kPatienceNs = 30 * kNanosPerSecond;

/// What an operator would read as a warning on the node's output.
bool is_suspicious(const std::string& line) {
    if (line.contains("control session") && line.contains(" ended (")) {
        return !line.contains("ended (close request)");
    }
    return line.starts_with("tern: ") || line.contains("ERROR") || line.contains("WARN");
}

}  // namespace

void TernNode::start() {
    findings_.clear();
    platform::posix::ProcessOptions options;
    options.arguments = {TERN_BINARY, "node", "--service", "counter"};
    NodeSettings settings = layout_.settings();
    settings.emplace_back("tern.node.threading", threading_);
    for (const auto& [name, value] : settings) {
        options.arguments.push_back(fmt::format("-D{}={}", name, value));
    }
    options.output = platform::posix::Output::file;
    options.output_path = output_path();
    process_ = std::make_unique<platform::posix::Process>(options);
}

void TernNode::close(const std::function<void()>& between) {
    process_->terminate();
    between();
    if (!stage_.await([&] { return !process_->is_running(); }, kPatienceNs)) {
        findings_.emplace_back("the process did not end after SIGTERM");
        process_->kill();
    }
    const auto code = process_->wait(kPatienceNs);
    if (code != 0) findings_.push_back(fmt::format("exit code {}", code.value_or(-1)));
    std::ifstream output(output_path());
    for (std::string line; std::getline(output, line);) {
        if (is_suspicious(line)) findings_.push_back("output: " + line);
    }
}

void TernNode::stall(platform::sim::Prng& /*prng*/, std::int64_t duration_ns) {
    process_->signal(SIGSTOP);
    stage_.pass(duration_ns);
    process_->signal(SIGCONT);
}

std::vector<std::string> TernNode::findings() { return findings_; }

}  // namespace tern::sim
