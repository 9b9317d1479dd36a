#include "tern/cluster/cluster_types.hpp"

namespace tern::cluster {

std::string_view to_string(Role role) noexcept {
    switch (role) {
        case Role::follower:
            return "FOLLOWER";
        case Role::candidate:
            return "CANDIDATE";
        case Role::leader:
            return "LEADER";
    }
    return "UNKNOWN";
}

std::string_view to_string(ModuleState state) noexcept {
    switch (state) {
        case ModuleState::init:
            return "INIT";
        case ModuleState::active:
            return "ACTIVE";
        case ModuleState::suspended:
            return "SUSPENDED";
        case ModuleState::snapshot:
            return "SNAPSHOT";
        case ModuleState::quitting:
            return "QUITTING";
        case ModuleState::terminating:
            return "TERMINATING";
        case ModuleState::closed:
            return "CLOSED";
    }
    return "UNKNOWN";
}

std::string_view to_string(ElectionState state) noexcept {
    switch (state) {
        case ElectionState::init:
            return "INIT";
        case ElectionState::canvass:
            return "CANVASS";
        case ElectionState::nominate:
            return "NOMINATE";
        case ElectionState::candidate_ballot:
            return "CANDIDATE_BALLOT";
        case ElectionState::follower_ballot:
            return "FOLLOWER_BALLOT";
        case ElectionState::leader_log_replication:
            return "LEADER_LOG_REPLICATION";
        case ElectionState::leader_replay:
            return "LEADER_REPLAY";
        case ElectionState::leader_init:
            return "LEADER_INIT";
        case ElectionState::leader_ready:
            return "LEADER_READY";
        case ElectionState::follower_log_replication:
            return "FOLLOWER_LOG_REPLICATION";
        case ElectionState::follower_replay:
            return "FOLLOWER_REPLAY";
        case ElectionState::follower_catchup_init:
            return "FOLLOWER_CATCHUP_INIT";
        case ElectionState::follower_catchup_await:
            return "FOLLOWER_CATCHUP_AWAIT";
        case ElectionState::follower_catchup:
            return "FOLLOWER_CATCHUP";
        case ElectionState::follower_log_init:
            return "FOLLOWER_LOG_INIT";
        case ElectionState::follower_log_await:
            return "FOLLOWER_LOG_AWAIT";
        case ElectionState::follower_ready:
            return "FOLLOWER_READY";
        case ElectionState::closed:
            return "CLOSED";
    }
    return "UNKNOWN";
}

std::string_view to_string(CloseReason reason) noexcept {
    switch (reason) {
        case CloseReason::client_action:
            return "CLIENT_ACTION";
        case CloseReason::service_action:
            return "SERVICE_ACTION";
        case CloseReason::timeout:
            return "TIMEOUT";
    }
    return "UNKNOWN";
}

std::string_view to_string(TimeUnit unit) noexcept {
    switch (unit) {
        case TimeUnit::milliseconds:
            return "MILLISECONDS";
        case TimeUnit::microseconds:
            return "MICROSECONDS";
        case TimeUnit::nanoseconds:
            return "NANOSECONDS";
    }
    return "UNKNOWN";
}

}  // namespace tern::cluster
