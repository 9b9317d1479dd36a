#pragma once
// The streams of a driver with all that is counted of each: what upstream's StreamStat tells
// (TLG-3.2), set out for people, and as JSON.

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "tern/tools/stat/stream_counters.hpp"

namespace tern::tools {

///     stream 2001  session 12345  aeron:udp?endpoint=127.0.0.1:24430
///         rcv-hwm               5                     76,032
/// Each counter with its name, the registration id of what it belongs to, and its value.
[[nodiscard]] std::string streams_text(std::span<const Stream> streams);

/// [{"session_id":0,"stream_id":0,"channel":"","counters":[{"name":"","type":0,"id":0,
///   "registration_id":0,"value":0}]}]
[[nodiscard]] nlohmann::ordered_json streams_json(std::span<const Stream> streams);

}  // namespace tern::tools
