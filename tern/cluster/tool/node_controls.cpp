#include "tern/cluster/tool/node_controls.hpp"

#include <fmt/format.h>

#include "tern/memory/counter.hpp"
#include "tern/memory/counter_types.hpp"

namespace tern::cluster {

namespace counter_type = memory::counter_type;

namespace {

std::unique_ptr<platform::Mapping> map_cnc(platform::Storage& storage,
                                           const std::string& aeron_directory) {
    const auto path = platform::join_path(aeron_directory, memory::kCncFileName);
    if (!storage.exists(path)) {
        throw Error(
            fmt::format("Unable to locate media driver. C`n`C file [{}] does not exist.", path));
    }
    return storage.open_mapped(path, platform::Access::read_write);
}

}  // namespace

NodeControls::NodeControls(platform::Storage& storage, const std::string& aeron_directory,
                           std::int32_t cluster_id)
    : mapping_(map_cnc(storage, aeron_directory)),
      cnc_(mapping_->bytes()),
      counters_(cnc_.counters()),
      cluster_id_(cluster_id) {}

std::int32_t NodeControls::find(std::int32_t type_id) const {
    std::int32_t found = memory::kNullCounterId;
    counters_.for_each([&](std::int32_t id) {
        // The keys of all these begin with the cluster id.
        if (found == memory::kNullCounterId && counters_.type_id(id) == type_id &&
            load<std::int32_t>(counters_.key(id).data()) == cluster_id_) {
            found = id;
        }
    });
    return found;
}

std::optional<std::int64_t> NodeControls::value(std::int32_t type_id) const {
    const auto id = find(type_id);
    if (id == memory::kNullCounterId) return std::nullopt;
    return counters_.value(id);
}

std::optional<ModuleState> NodeControls::state() const {
    return value(counter_type::kConsensusModuleState).transform([](std::int64_t state) {
        return static_cast<ModuleState>(state);
    });
}

std::optional<Role> NodeControls::role() const {
    return value(counter_type::kClusterNodeRole).transform([](std::int64_t role) {
        return static_cast<Role>(role);
    });
}

std::optional<ElectionState> NodeControls::election() const {
    return value(counter_type::kClusterElectionState).transform([](std::int64_t state) {
        return static_cast<ElectionState>(state);
    });
}

std::optional<std::int64_t> NodeControls::toggle() const {
    return value(counter_type::kClusterControlToggle);
}

bool NodeControls::try_apply(ControlToggle wanted) {
    const auto id = find(counter_type::kClusterControlToggle);
    if (id == memory::kNullCounterId) return false;
    const memory::Counter counter(cnc_.counters_values(), id);
    const auto swap = [&](ControlToggle expected) {
        return counter.compare_and_set(static_cast<std::int64_t>(expected),
                                       static_cast<std::int64_t>(wanted));
    };
    if (wanted == ControlToggle::resume && swap(ControlToggle::suspend)) return true;
    return swap(ControlToggle::neutral);
}

std::string_view to_string(ControlToggle toggle) noexcept {
    switch (toggle) {
        case ControlToggle::inactive:
            return "INACTIVE";
        case ControlToggle::neutral:
            return "NEUTRAL";
        case ControlToggle::suspend:
            return "SUSPEND";
        case ControlToggle::resume:
            return "RESUME";
        case ControlToggle::snapshot:
            return "SNAPSHOT";
        case ControlToggle::shutdown:
            return "SHUTDOWN";
        case ControlToggle::abort:
            return "ABORT";
        case ControlToggle::standby_snapshot:
            return "STANDBY_SNAPSHOT";
    }
    return "UNKNOWN";
}

}  // namespace tern::cluster
