#include "tern/tools/json.hpp"

namespace tern::tools {

std::string to_line(const nlohmann::ordered_json& json) {
    return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace tern::tools
