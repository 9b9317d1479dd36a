#pragma once
// What an operator sets and reads of a running node through its driver's counters: the control
// toggle, the module's state, role and election (CST-11.6). Nothing is sent; the counters are in
// memory that is shared with the driver.
//
// Keeps the CnC file mapped: it can be read, frozen, when the driver has gone.
// Thread safety: none.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "tern/cluster/cluster_types.hpp"
#include "tern/cluster/consensus/control_toggle.hpp"
#include "tern/memory/cnc_file.hpp"
#include "tern/platform/storage.hpp"

namespace tern::cluster {

class NodeControls {
  public:
    /// Throws Error when the directory has no driver's file, or it cannot be understood.
    NodeControls(platform::Storage& storage, const std::string& aeron_directory,
                 std::int32_t cluster_id);

    // Each nullopt when there is no such counter (any more).
    [[nodiscard]] std::optional<ModuleState> state() const;
    [[nodiscard]] std::optional<Role> role() const;
    [[nodiscard]] std::optional<ElectionState> election() const;
    [[nodiscard]] std::optional<std::int64_t> toggle() const;

    /// Asks for it, unless something else is being asked for: NEUTRAL -> wanted, RESUME also from
    /// SUSPEND. False: the toggle is set to something else, or is not there.
    [[nodiscard]] bool try_apply(ControlToggle wanted);

  private:
    [[nodiscard]] std::int32_t find(std::int32_t type_id) const;
    [[nodiscard]] std::optional<std::int64_t> value(std::int32_t type_id) const;

    std::unique_ptr<platform::Mapping> mapping_;
    memory::CncFile cnc_;
    memory::CountersReader counters_;
    std::int32_t cluster_id_;
};

/// "SHUTDOWN"; "UNKNOWN" for what no toggle is.
[[nodiscard]] std::string_view to_string(ControlToggle toggle) noexcept;

}  // namespace tern::cluster
