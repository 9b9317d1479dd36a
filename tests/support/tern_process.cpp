#include "tests/support/tern_process.hpp"

#include <fmt/format.h>

#include "tern/memory/archive_mark_file.hpp"
#include "tern/memory/cluster_mark_file.hpp"
#include "tern/memory/cnc_file.hpp"
#include "tern/memory/counter_types.hpp"
#include "tern/memory/distinct_error_log.hpp"
#include "tern/platform/idle_strategy.hpp"

namespace tern::support {

using platform::posix::Process;

std::unique_ptr<Process> start_tern(const std::vector<std::string>& arguments,
                                    const Settings& environment) {
    platform::posix::ProcessOptions options;
    options.arguments = {TERN_BINARY};
    options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
    options.environment = environment;
    options.output = platform::posix::Output::pipe;
    return std::make_unique<Process>(options);
}

std::vector<std::string> as_defines(const Settings& settings) {
    std::vector<std::string> defines;
    for (const auto& [name, value] : settings) {
        defines.push_back(fmt::format("-D{}={}", name, value));
    }
    return defines;
}

Properties as_properties(const Settings& settings) {
    Properties properties;
    for (const auto& [name, value] : settings) properties.set(name, value);
    return properties;
}

std::string await_line(Process& process, std::string_view text) {
    std::string seen;
    while (auto line = process.read_line(kPatienceNs)) {
        if (line->find(text) != std::string::npos) return *line;
        seen += *line + "\n";
    }
    throw Error(fmt::format("no line with '{}' came; instead:\n{}", text, seen));
}

std::string expect_exit(Process& process, int exit_code) {
    std::string output = process.read_all(kPatienceNs);
    const auto code = process.wait(kPatienceNs);
    if (!code) throw Error("still running; output:\n" + output);
    EXPECT_EQ(*code, exit_code) << output;
    return output;
}

std::string driver_error_log(const platform::Platform& platform,
                             const std::string& aeron_directory) {
    const std::string path = platform::join_path(aeron_directory, memory::kCncFileName);
    if (!platform.storage.exists(path)) return {};
    const auto cnc = platform.storage.open_mapped(path, platform::Access::read_only);
    return memory::error_report(memory::CncFile(cnc->bytes()).error_log());
}

MemberFiles::MemberFiles(platform::Platform platform, std::string root)
    : platform_(platform), root_(std::move(root)), ingress_(free_endpoint(platform)) {
    settings_ = {{"aeron.dir", aeron_directory()},
                 {"aeron.term.buffer.length", "64k"},
                 {"aeron.ipc.term.buffer.length", "64k"},
                 {"aeron.archive.dir", archive_directory()},
                 {"aeron.archive.segment.file.length", "128k"},
                 {"aeron.archive.control.channel", "aeron:udp?endpoint=localhost:0"},
                 {"aeron.archive.replication.channel", "aeron:udp?endpoint=localhost:0"},
                 {"aeron.cluster.dir", cluster_directory()},
                 {"aeron.cluster.members",
                  "0," + ingress_ + ",localhost:1,localhost:2,localhost:3,localhost:4"},
                 {"aeron.cluster.ingress.channel", "aeron:udp?term-length=64k"},
                 {"aeron.cluster.log.channel", "aeron:udp?term-length=64k"},
                 {"aeron.cluster.replication.channel", "aeron:udp?endpoint=localhost:0"}};
}

void MemberFiles::toggle(std::int64_t value) const {
    const auto mapping =
        platform_.storage.open_mapped(aeron_directory() + "/cnc.dat", platform::Access::read_write);
    const memory::CncFile cnc(mapping->bytes());
    const memory::CountersReader counters = cnc.counters();
    counters.for_each([&](std::int32_t id) {
        if (counters.type_id(id) == memory::counter_type::kClusterControlToggle) {
            memory::Counter(cnc.counters_values(), id).set(value);
        }
    });
}

std::int64_t MemberFiles::counter(std::int32_t type_id) const {
    try {
        const auto mapping = platform_.storage.open_mapped(aeron_directory() + "/cnc.dat",
                                                           platform::Access::read_only);
        const memory::CncFile cnc(mapping->bytes());
        if (cnc.version() == 0) return -1;
        const memory::CountersReader counters = cnc.counters();
        std::int64_t value = -1;
        counters.for_each([&](std::int32_t id) {
            if (value == -1 && counters.type_id(id) == type_id) value = counters.value(id);
        });
        return value;
    } catch (const std::exception&) {
        return -1;  // not there yet, or being written
    }
}

void MemberFiles::await_counter(std::int32_t type_id, std::int64_t value) const {
    const auto idle = platform::make_idle_strategy("backoff");
    const std::int64_t deadline_ns = platform_.clock.nano_time() + kPatienceNs;
    while (counter(type_id) != value) {
        ASSERT_LT(platform_.clock.nano_time(), deadline_ns)
            << "counter of type " << type_id << " is " << counter(type_id) << ", not " << value
            << "; error logs:\n"
            << error_logs();
        idle->idle(0);
    }
}

std::string MemberFiles::error_logs() const {
    platform::Storage& storage = platform_.storage;
    std::string report;
    const auto add = [&](const std::string& path, const auto& read) {
        if (!storage.exists(path)) return;
        const std::string errors = read(path);
        if (!errors.empty()) report += path + ":\n" + errors;
    };
    const auto cluster_errors = [&](const std::string& path) {
        return memory::error_report(memory::ClusterMarkFile::open(storage, path).error_log());
    };
    add(aeron_directory() + "/cnc.dat",
        [&](const std::string&) { return driver_error_log(platform_, aeron_directory()); });
    add(archive_directory() + "/archive-mark.dat", [&](const std::string& path) {
        return memory::error_report(memory::ArchiveMarkFile::open(storage, path).error_log());
    });
    add(cluster_directory() + "/cluster-mark.dat", cluster_errors);
    add(cluster_directory() + "/cluster-mark-service-0.dat", cluster_errors);
    return report;
}

}  // namespace tern::support
