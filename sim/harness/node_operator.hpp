#pragma once
// What an operator of a node can see and do from outside, through its files only: counters, the
// control toggle, the error logs. Works alike for a node in the simulator, in this process, and in
// another one, running or closed.
//
// Thread safety: none.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/harness/node_layout.hpp"
#include "tern/cluster/consensus/control_toggle.hpp"
#include "tern/memory/cnc_file.hpp"
#include "tern/platform/platform.hpp"

namespace tern::sim {

class NodeOperator {
  public:
    /// `host`: a process of the same host as the node's.
    NodeOperator(platform::Platform host, NodeLayout layout)
        : platform_(host), layout_(std::move(layout)) {}

    /// Opens the CnC file of a driver that has just started; false when it is not there yet. What
    /// was opened before is let go.
    bool attach();

    /// Of the first counter of this type; nullopt when there is none.
    [[nodiscard]] std::optional<std::int64_t> counter(std::int32_t type_id) const;
    /// As ClusterTool asks: NEUTRAL, or SUSPEND for RESUME, to `toggle`; false when the node does
    /// not take requests now.
    bool request(cluster::ControlToggle toggle);

    /// Looks at all counters that count errors. To be called often: they go with their owners.
    void watch_error_counters();
    /// One line for each that was ever seen above zero since attach().
    [[nodiscard]] std::vector<std::string> moved_error_counters() const;
    /// The error logs of driver, archive, module and container, one line for each entry.
    [[nodiscard]] std::vector<std::string> error_log_entries();

  private:
    platform::Platform platform_;
    NodeLayout layout_;
    std::unique_ptr<platform::Mapping> mapping_;
    std::optional<memory::CncFile> cnc_;
    std::optional<memory::CountersReader> counters_;
    std::map<std::string, std::int64_t> moved_;  // by label
};

}  // namespace tern::sim
