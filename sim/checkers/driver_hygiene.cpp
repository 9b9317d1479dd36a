#include "sim/checkers/driver_hygiene.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "tern/memory/cnc_file.hpp"
#include "tern/memory/counter_types.hpp"
#include "tern/memory/distinct_error_log.hpp"

namespace tern::sim {
namespace {

constexpr std::array<std::string_view, 4> kOwnFiles{"cnc.dat", "loss-report.dat", "images",
                                                    "publications"};
constexpr std::array kLogDirectories{"images", "publications"};

std::unique_ptr<platform::Mapping> map_cnc(platform::Platform host, const std::string& directory) {
    return host.storage.open_mapped(platform::join_path(directory, memory::kCncFileName),
                                    platform::Access::read_only);
}

}  // namespace

std::vector<std::string> driver_errors(platform::Platform host,
                                       const std::string& aeron_directory) {
    std::vector<std::string> lines;
    const auto mapping = map_cnc(host, aeron_directory);
    const memory::CncFile cnc(mapping->bytes());
    memory::for_each_error(cnc.error_log(), 0, [&](const memory::ErrorObservation& error) {
        lines.push_back(fmt::format("error log: {} times: {}", error.count, error.text));
    });
    return lines;
}

std::int64_t system_counter(platform::Platform host, const std::string& aeron_directory,
                            memory::SystemCounter counter) {
    const auto mapping = map_cnc(host, aeron_directory);
    // A system counter's id is its number.
    return memory::CncFile(mapping->bytes()).counters().value(static_cast<std::int32_t>(counter));
}

std::vector<std::string> left_in_driver(platform::Platform host,
                                        const std::string& aeron_directory) {
    std::vector<std::string> lines;
    const auto mapping = map_cnc(host, aeron_directory);
    const auto counters = memory::CncFile(mapping->bytes()).counters();
    counters.for_each([&](std::int32_t id) {
        if (counters.type_id(id) == memory::counter_type::kSystem) return;
        lines.push_back(
            fmt::format("counter {} '{}': {}", id, counters.label(id), counters.value(id)));
    });
    for (const std::string& name : host.storage.list(aeron_directory)) {
        if (std::ranges::find(kOwnFiles, name) == kOwnFiles.end()) lines.push_back("file " + name);
    }
    for (const char* directory : kLogDirectories) {
        const std::string path = platform::join_path(aeron_directory, directory);
        if (!host.storage.exists(path)) continue;
        for (const std::string& name : host.storage.list(path)) {
            lines.push_back(fmt::format("file {}/{}", directory, name));
        }
    }
    return lines;
}

}  // namespace tern::sim
