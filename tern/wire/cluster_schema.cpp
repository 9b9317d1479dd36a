#include "tern/wire/cluster_schema.hpp"

namespace tern::wire::cluster {

std::string_view to_string(EventCode value) noexcept {
    switch (value) {
        case EventCode::ok:
            return "OK";
        case EventCode::error:
            return "ERROR";
        case EventCode::redirect:
            return "REDIRECT";
        case EventCode::authentication_rejected:
            return "AUTHENTICATION_REJECTED";
        case EventCode::closed:
            return "CLOSED";
        case EventCode::null:
            break;
    }
    return "NULL_VAL";
}

std::string_view to_string(CloseReason value) noexcept {
    switch (value) {
        case CloseReason::client_action:
            return "CLIENT_ACTION";
        case CloseReason::service_action:
            return "SERVICE_ACTION";
        case CloseReason::timeout:
            return "TIMEOUT";
        case CloseReason::null:
            break;
    }
    return "NULL_VAL";
}

std::string_view to_string(ClusterAction value) noexcept {
    switch (value) {
        case ClusterAction::suspend:
            return "SUSPEND";
        case ClusterAction::resume:
            return "RESUME";
        case ClusterAction::snapshot:
            return "SNAPSHOT";
        case ClusterAction::null:
            break;
    }
    return "NULL_VAL";
}

std::string_view to_string(SnapshotMark value) noexcept {
    switch (value) {
        case SnapshotMark::begin:
            return "BEGIN";
        case SnapshotMark::section:
            return "SECTION";
        case SnapshotMark::end:
            return "END";
        case SnapshotMark::null:
            break;
    }
    return "NULL_VAL";
}

std::string_view to_string(ChangeType value) noexcept {
    switch (value) {
        case ChangeType::join:
            return "JOIN";
        case ChangeType::quit:
            return "QUIT";
        case ChangeType::null:
            break;
    }
    return "NULL_VAL";
}

std::string_view to_string(ClusterTimeUnit value) noexcept {
    switch (value) {
        case ClusterTimeUnit::millis:
            return "MILLIS";
        case ClusterTimeUnit::micros:
            return "MICROS";
        case ClusterTimeUnit::nanos:
            return "NANOS";
        case ClusterTimeUnit::null:
            break;
    }
    return "NULL_VAL";
}

std::string_view to_string(AdminRequestType value) noexcept {
    switch (value) {
        case AdminRequestType::snapshot:
            return "SNAPSHOT";
        case AdminRequestType::null:
            break;
    }
    return "NULL_VAL";
}

std::string_view to_string(AdminResponseCode value) noexcept {
    switch (value) {
        case AdminResponseCode::ok:
            return "OK";
        case AdminResponseCode::error:
            return "ERROR";
        case AdminResponseCode::unauthorised_access:
            return "UNAUTHORISED_ACCESS";
        case AdminResponseCode::null:
            break;
    }
    return "NULL_VAL";
}

}  // namespace tern::wire::cluster
