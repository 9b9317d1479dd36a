#include "tern/tools/stat/counters_report.hpp"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>

#include "tern/tools/text.hpp"

namespace tern::tools {

std::string counters_text(std::span<const CounterSample> counters, const CounterFilter& filter,
                          std::int32_t max_counter_id) {
    const auto width = fmt::formatted_size("{}", max_counter_id);
    std::string text;
    for (const CounterSample& counter : counters) {
        if (!filter.matches(counter)) continue;
        fmt::format_to(std::back_inserter(text), "{:>{}}: {:>26} - {}\n", counter.id, width,
                       group_thousands(counter.value), printable(counter.label));
    }
    return text;
}

nlohmann::ordered_json counters_json(std::span<const CounterSample> counters,
                                     const CounterFilter& filter) {
    auto list = nlohmann::ordered_json::array();
    for (const CounterSample& counter : counters) {
        if (!filter.matches(counter)) continue;
        list.push_back({{"id", counter.id},
                        {"type", counter.type_id},
                        {"registration_id", counter.registration_id},
                        {"owner_id", counter.owner_id},
                        {"reference_id", counter.reference_id},
                        {"value", counter.value},
                        {"label", counter.label}});
    }
    return list;
}

}  // namespace tern::tools
