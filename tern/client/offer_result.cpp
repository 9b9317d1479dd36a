#include "tern/client/offer_result.hpp"

namespace tern::client {

std::string_view offer_result_name(std::int64_t result) noexcept {
    if (result >= 0) return "NONE";
    switch (result) {
        case kNotConnected:
            return "NOT_CONNECTED";
        case kBackPressured:
            return "BACK_PRESSURED";
        case kAdminAction:
            return "ADMIN_ACTION";
        case kPublicationClosed:
            return "CLOSED";
        case kMaxPositionExceeded:
            return "MAX_POSITION_EXCEEDED";
        default:
            return "UNKNOWN";
    }
}

}  // namespace tern::client
