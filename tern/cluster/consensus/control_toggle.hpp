#pragma once
// The control toggle (counter 202): how an operator asks the leader for something (CON-12.1).
//
// Tools change it with compare-and-set NEUTRAL -> X (RESUME also from SUSPEND); the module sets it
// back. INACTIVE means that this node does not lead and takes no requests. Pure.

#include <cstdint>
#include <optional>

#include "tern/cluster/cluster_types.hpp"

namespace tern::cluster {

enum class ControlToggle : std::int64_t {
    inactive = 0,
    neutral = 1,
    suspend = 2,
    resume = 3,
    snapshot = 4,
    shutdown = 5,
    abort = 6,
    standby_snapshot = 7,
};

/// nullopt: no toggle has this value; another process wrote it.
[[nodiscard]] constexpr std::optional<ControlToggle> parse_control_toggle(std::int64_t value) {
    if (value < 0 || value > static_cast<std::int64_t>(ControlToggle::standby_snapshot)) {
        return std::nullopt;
    }
    return static_cast<ControlToggle>(value);
}

/// The node control toggle (counter 233); not acted upon by this build's module.
enum class NodeControlToggle : std::int64_t {
    inactive = 0,
    neutral = 1,
    replicate_standby_snapshot = 2,
    validate_recording_log = 3,
};

/// Whether a leader in this state acts on the toggle at all (CON-3.6).
[[nodiscard]] constexpr bool is_honoured(ControlToggle toggle, ModuleState state) {
    switch (toggle) {
        case ControlToggle::suspend:
        case ControlToggle::snapshot:
        case ControlToggle::shutdown:
        case ControlToggle::abort:
        case ControlToggle::standby_snapshot:
            return state == ModuleState::active;
        case ControlToggle::resume:
            return state == ModuleState::suspended;
        case ControlToggle::inactive:
        case ControlToggle::neutral:
            return false;
    }
    return false;
}

}  // namespace tern::cluster
