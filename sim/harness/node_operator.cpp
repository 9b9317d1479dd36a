#include "sim/harness/node_operator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tern/archive/archive_counters.hpp"
#include "tern/memory/archive_mark_file.hpp"
#include "tern/memory/cluster_mark_file.hpp"
#include "tern/memory/counter_types.hpp"
#include "tern/memory/distinct_error_log.hpp"
#include "tern/memory/system_counters.hpp"

namespace tern::sim {
namespace {

namespace counter_type = memory::counter_type;
using cluster::ControlToggle;
using memory::SystemCounter;

/// Of the driver's own counters those that do not move unless something is wrong. Loss on the
/// network is not: NAKs and retransmissions are as it should be.
constexpr std::array kDriverErrors{
    SystemCounter::errors,
    SystemCounter::invalid_packets,
    SystemCounter::free_fails,
    SystemCounter::unblocked_publications,
    SystemCounter::unblocked_commands,
    SystemCounter::client_timeouts,
    SystemCounter::error_frames_received,
    SystemCounter::error_frames_sent,
    SystemCounter::images_rejected,
    SystemCounter::status_messages_rejected,
};

constexpr std::array kErrorCounters{
    counter_type::kArchiveErrorCount,          archive::kAbnormalSessionEndsTypeId,
    counter_type::kConsensusModuleErrorCount,  counter_type::kClusterInvalidRequestCount,
    counter_type::kClusteredServiceErrorCount,
};

constexpr std::int64_t kDriverTimeoutMs = 10'000;

bool counts_errors(const memory::CountersReader& counters, std::int32_t id) {
    const std::int32_t type_id = counters.type_id(id);
    if (type_id == counter_type::kSystem) {
        return std::ranges::count(kDriverErrors, static_cast<SystemCounter>(id)) > 0;
    }
    return std::ranges::count(kErrorCounters, type_id) > 0;
}

}  // namespace

bool NodeOperator::attach() {
    counters_.reset();
    cnc_.reset();
    mapping_.reset();
    moved_.clear();
    const auto presence = memory::check_driver_presence(
        platform_.storage, layout_.aeron_directory, platform_.clock.epoch_ms(), kDriverTimeoutMs);
    if (presence != memory::DriverPresence::active) return false;
    const std::string path = platform::join_path(layout_.aeron_directory, "cnc.dat");
    mapping_ = platform_.storage.open_mapped(path, platform::Access::read_write);
    cnc_.emplace(mapping_->bytes());
    counters_.emplace(cnc_->counters());
    return true;
}

std::optional<std::int64_t> NodeOperator::counter(std::int32_t type_id) const {
    std::optional<std::int64_t> value;
    if (!counters_) return value;
    counters_->for_each([&](std::int32_t id) {
        if (!value && counters_->type_id(id) == type_id) value = counters_->value(id);
    });
    return value;
}

bool NodeOperator::request(cluster::ControlToggle toggle) {
    bool done = false;
    counters_->for_each([&](std::int32_t id) {
        if (done || counters_->type_id(id) != counter_type::kClusterControlToggle) return;
        memory::Counter counter(cnc_->counters_values(), id);
        const auto change = [&](ControlToggle from) {
            return counter.compare_and_set(static_cast<std::int64_t>(from),
                                           static_cast<std::int64_t>(toggle));
        };
        done = change(ControlToggle::neutral) ||
               (toggle == ControlToggle::resume && change(ControlToggle::suspend));
    });
    return done;
}

void NodeOperator::watch_error_counters() {
    if (!counters_) return;
    counters_->for_each([&](std::int32_t id) {
        if (!counts_errors(*counters_, id)) return;
        const std::int64_t value = counters_->value(id);
        if (value > 0) moved_[counters_->label(id)] = value;
    });
}

std::vector<std::string> NodeOperator::moved_error_counters() const {
    std::vector<std::string> lines;
    for (const auto& [label, value] : moved_) {
        lines.push_back(fmt::format("counter '{}' is {}", label, value));
    }
    return lines;
}

std::vector<std::string> NodeOperator::error_log_entries() {
    std::vector<std::string> lines;
    const auto read = [&](const char* of, ConstBytes log) {
        memory::for_each_error(log, 0, [&](const memory::ErrorObservation& error) {
            lines.push_back(fmt::format("error log of the {}: {} times: {}", of, error.count,
                                        error.text.substr(0, error.text.find('\n'))));
        });
    };
    if (cnc_) read("driver", cnc_->error_log());
    platform::Storage& storage = platform_.storage;
    const auto archive = memory::ArchiveMarkFile::open(
        storage, platform::join_path(layout_.archive_directory(), memory::kArchiveMarkFileName));
    read("archive", archive.error_log());
    const auto module = memory::ClusterMarkFile::open(
        storage, platform::join_path(layout_.cluster_directory(), "cluster-mark.dat"));
    read("module", module.error_log());
    const auto container = memory::ClusterMarkFile::open(
        storage,
        platform::join_path(layout_.cluster_directory(), memory::service_mark_file_name(0)));
    read("container", container.error_log());
    return lines;
}

}  // namespace tern::sim
