#pragma once
// JSON as the commands print it.

#include <nlohmann/json.hpp>
#include <string>

namespace tern::tools {

/// On one line; bytes that are no UTF-8 are replaced.
[[nodiscard]] std::string to_line(const nlohmann::ordered_json& json);

}  // namespace tern::tools
