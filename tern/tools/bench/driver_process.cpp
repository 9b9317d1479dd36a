#include "tern/tools/bench/driver_process.hpp"

#include <fmt/format.h>

#include "tern/memory/cnc_file.hpp"

namespace tern::tools::bench {
namespace {

constexpr std::int64_t kConnectTimeoutMs = 60'000;

}  // namespace

std::string_view to_string(DriverKind kind) noexcept {
    return kind == DriverKind::upstream ? "upstream" : "tern";
}

DriverProcess::DriverProcess(DriverKind kind, const std::vector<std::string>& settings,
                             const UpstreamFiles& upstream, platform::Platform platform)
    : process_(fmt::format("{} driver", to_string(kind)), platform) {
    std::vector<std::string> arguments{"/proc/self/exe", "driver"};
    if (kind == DriverKind::upstream) arguments = upstream.java();
    arguments.push_back("-Daeron.dir=" + aeron_directory());
    for (const std::string& setting : settings) arguments.push_back("-D" + setting);
    if (kind == DriverKind::upstream) arguments.emplace_back("io.aeron.driver.MediaDriver");
    process_.start(std::move(arguments));
    memory::CncConnector connector(platform.storage, platform.clock, aeron_directory(),
                                   kConnectTimeoutMs);
    process_.await([&] { return connector.try_step() == memory::CncConnector::Step::connected; },
                   "ready for clients");
}

}  // namespace tern::tools::bench
