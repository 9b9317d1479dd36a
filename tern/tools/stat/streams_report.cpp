#include "tern/tools/stat/streams_report.hpp"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>

#include "tern/tools/text.hpp"

namespace tern::tools {

std::string streams_text(std::span<const Stream> streams) {
    std::string text;
    const auto out = std::back_inserter(text);
    for (const Stream& stream : streams) {
        fmt::format_to(out, "{}stream {}  session {}  {}\n", text.empty() ? "" : "\n",
                       stream.name.stream_id, stream.name.session_id, printable(stream.channel()));
        for (const StreamCounter& counter : stream.counters) {
            fmt::format_to(out, "    {:<22}{:>6}{:>26}\n", printable(counter.name),
                           counter.registration_id, group_thousands(counter.value));
        }
    }
    return text;
}

nlohmann::ordered_json streams_json(std::span<const Stream> streams) {
    auto list = nlohmann::ordered_json::array();
    for (const Stream& stream : streams) {
        auto counters = nlohmann::ordered_json::array();
        for (const StreamCounter& counter : stream.counters) {
            counters.push_back({{"name", counter.name},
                                {"type", counter.type_id},
                                {"id", counter.counter_id},
                                {"registration_id", counter.registration_id},
                                {"value", counter.value}});
        }
        list.push_back({{"session_id", stream.name.session_id},
                        {"stream_id", stream.name.stream_id},
                        {"channel", stream.channel()},
                        {"counters", std::move(counters)}});
    }
    return list;
}

}  // namespace tern::tools
