#pragma once
// Error codes of the transport (TRN-8): in ON_ERROR, ON_PUBLICATION_ERROR and ERR frames, and as
// tern::Error::code() of what the driver throws at its clients.

#include <cstdint>
#include <string_view>

namespace tern::wire {

enum class ErrorCode : std::int32_t {
    unknown_code_value = -1,  ///< a decoder's value for codes that it does not know
    unused = 0,
    invalid_channel = 1,
    unknown_subscription = 2,
    unknown_publication = 3,
    channel_endpoint_error = 4,  ///< legacy; the offending id is a channel status counter id
    unknown_counter = 5,
    unknown_command_type_id = 6,
    malformed_command = 7,
    not_supported = 8,
    unknown_host = 9,
    resource_temporarily_unavailable = 10,  ///< retry; not written to the error log
    generic_error = 11,
    storage_space = 12,
    image_rejected = 13,
    publication_revoked = 14,
};

/// The code of a number from outside; unknown numbers become unknown_code_value.
[[nodiscard]] constexpr ErrorCode error_code_of(std::int32_t value) noexcept {
    return value >= 0 && value <= static_cast<std::int32_t>(ErrorCode::publication_revoked)
               ? static_cast<ErrorCode>(value)
               : ErrorCode::unknown_code_value;
}

[[nodiscard]] std::string_view to_string(ErrorCode code) noexcept;  ///< "INVALID_CHANNEL"

}  // namespace tern::wire
