#pragma once
// The loss report of a driver with the columns of upstream's LossStat (TLG-5), and as JSON.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tern/base/bytes.hpp"

namespace tern::tools {

/// Aligned columns, and a last line that counts the entries.
[[nodiscard]] std::string loss_text(ConstBytes report);

/// [{"observation_count":0,"total_bytes_lost":0,"first_observation_ms":0,"last_observation_ms":0,
///   "session_id":0,"stream_id":0,"channel":"","source":""}]
[[nodiscard]] nlohmann::ordered_json loss_json(ConstBytes report);

}  // namespace tern::tools
