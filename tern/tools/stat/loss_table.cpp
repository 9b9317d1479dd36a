#include "tern/tools/stat/loss_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <nlohmann/json.hpp>
#include <vector>

#include "tern/memory/loss_report.hpp"
#include "tern/tools/text.hpp"

namespace tern::tools {
namespace {

constexpr std::size_t kColumns = 8;
using Row = std::array<std::string, kColumns>;

Row header() {
    return {"OBSERVATION_COUNT", "TOTAL_BYTES_LOST", "FIRST_OBSERVATION", "LAST_OBSERVATION",
            "SESSION_ID",        "STREAM_ID",        "CHANNEL",           "SOURCE"};
}

Row row_of(const memory::LossEntry& entry) {
    return {group_thousands(entry.observation_count),
            group_thousands(entry.total_bytes_lost),
            format_date(entry.first_observation_epoch_ms),
            format_date(entry.last_observation_epoch_ms),
            fmt::format("{}", entry.session_id),
            fmt::format("{}", entry.stream_id),
            printable(entry.channel),
            printable(entry.source)};
}

bool is_number(std::size_t column) { return column < 2 || column == 4 || column == 5; }

std::string aligned(const std::vector<Row>& rows) {
    std::array<std::size_t, kColumns> widths{};
    for (const Row& row : rows) {
        for (std::size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    std::string text;
    const auto out = std::back_inserter(text);
    for (const Row& row : rows) {
        for (std::size_t i = 0; i + 1 < kColumns; ++i) {
            if (is_number(i)) {
                fmt::format_to(out, "{:>{}}  ", row[i], widths[i]);
            } else {
                fmt::format_to(out, "{:<{}}  ", row[i], widths[i]);
            }
        }
        text += row.back() + "\n";
    }
    return text;
}

}  // namespace

std::string loss_text(ConstBytes report) {
    std::vector<Row> rows{header()};
    memory::for_each_loss(report,
                          [&](const memory::LossEntry& entry) { rows.push_back(row_of(entry)); });
    return fmt::format("{}{} loss entries\n", aligned(rows), rows.size() - 1);
}

nlohmann::ordered_json loss_json(ConstBytes report) {
    auto list = nlohmann::ordered_json::array();
    memory::for_each_loss(report, [&](const memory::LossEntry& entry) {
        list.push_back({{"observation_count", entry.observation_count},
                        {"total_bytes_lost", entry.total_bytes_lost},
                        {"first_observation_ms", entry.first_observation_epoch_ms},
                        {"last_observation_ms", entry.last_observation_epoch_ms},
                        {"session_id", entry.session_id},
                        {"stream_id", entry.stream_id},
                        {"channel", std::string(entry.channel)},
                        {"source", std::string(entry.source)}});
    });
    return list;
}

}  // namespace tern::tools
