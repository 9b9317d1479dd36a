#pragma once
// Mark files of cluster components, and error logs, as upstream's tools print them (CST-11.4 A and
// C, TLG-4), and as JSON. Dates are local.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "tern/base/bytes.hpp"
#include "tern/memory/cluster_mark_file.hpp"

namespace tern::tools {

/// "Type: CONSENSUS_MODULE 01:14:05 (start: ..., activity: ...)".
[[nodiscard]] std::string type_line(const memory::ClusterMarkFile& mark, std::int64_t now_ms);
/// "[MarkFileHeader](sbeTemplateId=200|...)...".
[[nodiscard]] std::string header_line(const memory::ClusterMarkFile& mark);
[[nodiscard]] nlohmann::ordered_json to_json(const memory::ClusterMarkFile& mark);

/// One paragraph for each distinct error, without a last line that counts them.
[[nodiscard]] std::string errors_text(ConstBytes error_log);
[[nodiscard]] nlohmann::ordered_json errors_json(ConstBytes error_log);

}  // namespace tern::tools
