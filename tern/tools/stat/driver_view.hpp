#pragma once
// What the reports on a running driver begin with: which driver this is, and whether it lives.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "tern/memory/cnc_file.hpp"

namespace tern::tools {

/// "2026-07-10 21:04:16.123+0200 - Aeron Stat (CnC v0.2.0), pid 4711, heartbeat age 12ms" and a
/// line of '=' (TLG-2.2). A driver that has ended, or shows no life, is said to be so.
[[nodiscard]] std::string title_text(std::string_view title, const memory::CncFile& cnc,
                                     std::int64_t now_ms);

/// timestamp_ms, pid, cnc_version, heartbeat_ms, and driver: "active", "closed" (it has ended) or
/// "stale" (no heartbeat for 10 seconds: it died, or hangs).
[[nodiscard]] nlohmann::ordered_json title_json(const memory::CncFile& cnc, std::int64_t now_ms);

}  // namespace tern::tools
