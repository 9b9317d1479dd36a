#include "tern/base/error.hpp"

namespace tern {

std::string_view to_string(Severity severity) noexcept {
    switch (severity) {
        case Severity::fatal:
            return "FATAL";
        case Severity::error:
            return "ERROR";
        case Severity::warn:
            return "WARN";
    }
    return "ERROR";
}

}  // namespace tern
