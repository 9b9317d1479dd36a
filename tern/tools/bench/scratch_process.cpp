#include "tern/tools/bench/scratch_process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "tern/base/duration.hpp"
#include "tern/base/error.hpp"
#include "tern/platform/idle_strategy.hpp"

namespace tern::tools::bench {
namespace {

constexpr std::int64_t kPatienceNs = 60 * kNanosPerSecond;
constexpr std::size_t kLogTailLength = 2000;
/// Unit of /proc/PID/statm on every machine that Tern runs on.
constexpr std::int64_t kPageLength = 4096;

std::string read_text(platform::Storage& storage, const std::string& path, std::size_t limit,
                      bool tail) {
    const auto file = storage.open(path, platform::Access::read_only);
    std::string text(limit, '\0');
    const auto skip = tail ? std::max<std::int64_t>(0, file->size() - std::ssize(text)) : 0;
    text.resize(file->read_at(skip, std::as_writable_bytes(std::span(text))));
    return text;
}

}  // namespace

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

std::vector<std::string> UpstreamFiles::java() const {
    return {"java", "-cp", jar + ":" + classes, "--add-opens",
            "java.base/jdk.internal.misc=ALL-UNNAMED"};
}

std::vector<std::string> free_endpoints(platform::Network& network, std::size_t count) {
    std::vector<std::unique_ptr<platform::UdpSocket>> sockets;  // kept, so that the ports differ
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

ScratchProcess::ScratchProcess(std::string name, platform::Platform platform)
    : name_(std::move(name)),
      platform_(platform),
      directory_(fmt::format("/dev/shm/tern-bench-{}-{:016x}", platform.system.process_id(),
                             platform.random.next_u64())) {
    platform_.storage.create_directories(directory_, platform::Visibility::owner_only);
}

ScratchProcess::~ScratchProcess() {
    process_.reset();
    platform_.storage.remove_all(directory_);
}

void ScratchProcess::start(std::vector<std::string> arguments) {
    platform::posix::ProcessOptions options;
    options.arguments = std::move(arguments);
    options.output = platform::posix::Output::file;
    options.output_path = directory_ + "/log";
    process_ = std::make_unique<platform::posix::Process>(options);
}

void ScratchProcess::await(const std::function<bool()>& is_so, const char* what) {
    const auto deadline_ns = platform_.clock.nano_time() + kPatienceNs;
    const auto idle = platform::make_idle_strategy("backoff");
    while (!is_so()) {
        if (!process_->is_running()) fail(fmt::format("has ended before {}", what));
        if (platform_.clock.nano_time() > deadline_ns) fail(fmt::format("not {} in 60 s", what));
        idle->idle(0);
    }
}

void ScratchProcess::await_end() {
    const auto exit_code = process_->wait(kPatienceNs);
    if (!exit_code) fail("did not end within 60 s");
    if (*exit_code != 0) fail(fmt::format("ended with status {}", *exit_code));
}

void ScratchProcess::stop() {
    process_->terminate();
    if (!process_->wait(kPatienceNs)) fail("did not end within 60 s of SIGTERM");
}

std::int64_t ScratchProcess::resident_bytes() {
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

std::string ScratchProcess::log_tail() {
    return read_text(platform_.storage, directory_ + "/log", kLogTailLength, /*tail=*/true);
}

void ScratchProcess::fail(const std::string& how) {
    throw Error(fmt::format("{}: {}\n{}", name_, how, log_tail()));
}

}  // namespace tern::tools::bench
