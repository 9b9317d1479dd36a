#pragma once
// Points in time as people read them, and as file names hold them. Always UTC, and they say so:
// the same log gives the same text wherever it is read.

#include <cstdint>
#include <string>

namespace tern {

/// "2026-01-31 23:59:59.123+0000"
[[nodiscard]] std::string format_timestamp(std::int64_t epoch_ms);
/// "2026-01-31-23-59-59-123+0000"
[[nodiscard]] std::string format_file_timestamp(std::int64_t epoch_ms);

}  // namespace tern
