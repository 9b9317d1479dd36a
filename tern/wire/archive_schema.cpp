#include "tern/wire/archive_schema.hpp"

namespace tern::wire::archive {

std::string_view to_string(ControlResponseCode value) noexcept {
    switch (value) {
        case ControlResponseCode::ok:
            return "OK";
        case ControlResponseCode::error:
            return "ERROR";
        case ControlResponseCode::recording_unknown:
            return "RECORDING_UNKNOWN";
        case ControlResponseCode::subscription_unknown:
            return "SUBSCRIPTION_UNKNOWN";
        case ControlResponseCode::null:
            break;
    }
    return "NULL_VAL";
}

std::string_view to_string(SourceLocation value) noexcept {
    switch (value) {
        case SourceLocation::local:
            return "LOCAL";
        case SourceLocation::remote:
            return "REMOTE";
        case SourceLocation::null:
            break;
    }
    return "NULL_VAL";
}

std::string_view to_string(RecordingSignal value) noexcept {
    switch (value) {
        case RecordingSignal::start:
            return "START";
        case RecordingSignal::stop:
            return "STOP";
        case RecordingSignal::extend:
            return "EXTEND";
        case RecordingSignal::replicate:
            return "REPLICATE";
        case RecordingSignal::merge:
            return "MERGE";
        case RecordingSignal::sync:
            return "SYNC";
        case RecordingSignal::deleted:
            return "DELETE";
        case RecordingSignal::replicate_end:
            return "REPLICATE_END";
        case RecordingSignal::null:
            break;
    }
    return "NULL_VAL";
}

std::string_view to_string(RecordingState value) noexcept {
    switch (value) {
        case RecordingState::invalid:
            return "INVALID";
        case RecordingState::valid:
            return "VALID";
        case RecordingState::deleted:
            return "DELETED";
        case RecordingState::null:
            break;
    }
    return "NULL_VAL";
}

}  // namespace tern::wire::archive
