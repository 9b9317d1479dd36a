#include "tern/wire/mark_messages.hpp"

namespace tern::wire::mark {

std::string_view to_string(ComponentType value) noexcept {
    switch (value) {
        case ComponentType::unknown:
            return "UNKNOWN";
        case ComponentType::consensus_module:
            return "CONSENSUS_MODULE";
        case ComponentType::container:
            return "CONTAINER";
        case ComponentType::backup:
            return "BACKUP";
        case ComponentType::standby:
            return "STANDBY";
        case ComponentType::null:
            break;
    }
    return "NULL_VAL";
}

}  // namespace tern::wire::mark
