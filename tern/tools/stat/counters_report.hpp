#pragma once
// The counters of a driver, as upstream's AeronStat shows them (TLG-2.2), and as JSON.

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "tern/tools/stat/counter_filter.hpp"
#include "tern/tools/stat/counter_samples.hpp"

namespace tern::tools {

/// A line for each counter that passes: "   34:                     78,850 - Aeron software: ...".
/// Ids are as wide as `max_counter_id` is.
[[nodiscard]] std::string counters_text(std::span<const CounterSample> counters,
                                        const CounterFilter& filter, std::int32_t max_counter_id);

/// [{"id":0,"type":0,"registration_id":0,"owner_id":0,"reference_id":0,"value":0,"label":""}]
[[nodiscard]] nlohmann::ordered_json counters_json(std::span<const CounterSample> counters,
                                                   const CounterFilter& filter);

}  // namespace tern::tools
