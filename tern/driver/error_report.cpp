#include "tern/driver/error_report.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <string_view>
#include <system_error>

namespace tern::driver {
namespace {

constexpr std::size_t kMaxTextLength = 8192;

/// What upstream's native driver calls the codes in the first line of a text.
std::string_view description_of(wire::ErrorCode code) {
    switch (code) {
        case wire::ErrorCode::unused:
        case wire::ErrorCode::generic_error:
            return "generic error, see message";
        case wire::ErrorCode::invalid_channel:
            return "invalid channel";
        case wire::ErrorCode::unknown_subscription:
            return "unknown subscription";
        case wire::ErrorCode::unknown_publication:
            return "unknown publication";
        case wire::ErrorCode::channel_endpoint_error:
            return "channel endpoint error";
        case wire::ErrorCode::unknown_counter:
            return "unknown counter";
        case wire::ErrorCode::unknown_command_type_id:
            return "unknown command type id";
        case wire::ErrorCode::malformed_command:
            return "malformed command";
        case wire::ErrorCode::not_supported:
            return "not supported";
        case wire::ErrorCode::unknown_host:
            return "unknown host";
        case wire::ErrorCode::resource_temporarily_unavailable:
            return "resource temporarily unavailable";
        case wire::ErrorCode::storage_space:
            return "insufficient storage space";
        case wire::ErrorCode::image_rejected:
            return "image rejected";
        case wire::ErrorCode::publication_revoked:
            return "publication revoked";
        case wire::ErrorCode::unknown_code_value:
            break;
    }
    return "unknown error code";
}

std::string bounded(std::string text) {
    if (text.size() > kMaxTextLength) {
        text.resize(kMaxTextLength - 4);
        text += "...\n";
    }
    return text;
}

}  // namespace

ErrorReport report_of(const std::exception& error) {
    if (const auto* system = dynamic_cast<const SystemError*>(&error)) {
        const int number = system->error_number();
        return {number == ENOSPC ? wire::ErrorCode::storage_space : wire::ErrorCode::generic_error,
                bounded(fmt::format("({}) {}\n[driver] {}\n", number,
                                    std::generic_category().message(number), error.what()))};
    }
    auto code = wire::ErrorCode::generic_error;
    if (const auto* own = dynamic_cast<const Error*>(&error))
        code = wire::error_code_of(own->code());
    if (code == wire::ErrorCode::unknown_code_value) code = wire::ErrorCode::generic_error;
    return {code, bounded(fmt::format("({}) {}\n[driver] {}\n", -static_cast<int>(code),
                                      description_of(code), error.what()))};
}

Error control_error(wire::ErrorCode code, const std::string& message) {
    return Error(message, static_cast<std::int32_t>(code));
}

}  // namespace tern::driver
