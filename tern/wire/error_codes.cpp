#include "tern/wire/error_codes.hpp"

namespace tern::wire {

std::string_view to_string(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::unused:
            return "UNUSED";
        case ErrorCode::invalid_channel:
            return "INVALID_CHANNEL";
        case ErrorCode::unknown_subscription:
            return "UNKNOWN_SUBSCRIPTION";
        case ErrorCode::unknown_publication:
            return "UNKNOWN_PUBLICATION";
        case ErrorCode::channel_endpoint_error:
            return "CHANNEL_ENDPOINT_ERROR";
        case ErrorCode::unknown_counter:
            return "UNKNOWN_COUNTER";
        case ErrorCode::unknown_command_type_id:
            return "UNKNOWN_COMMAND_TYPE_ID";
        case ErrorCode::malformed_command:
            return "MALFORMED_COMMAND";
        case ErrorCode::not_supported:
            return "NOT_SUPPORTED";
        case ErrorCode::unknown_host:
            return "UNKNOWN_HOST";
        case ErrorCode::resource_temporarily_unavailable:
            return "RESOURCE_TEMPORARILY_UNAVAILABLE";
        case ErrorCode::generic_error:
            return "GENERIC_ERROR";
        case ErrorCode::storage_space:
            return "STORAGE_SPACE";
        case ErrorCode::image_rejected:
            return "IMAGE_REJECTED";
        case ErrorCode::publication_revoked:
            return "PUBLICATION_REVOKED";
        case ErrorCode::unknown_code_value:
            break;
    }
    return "UNKNOWN_CODE_VALUE";
}

}  // namespace tern::wire
