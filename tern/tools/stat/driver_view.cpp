#include "tern/tools/stat/driver_view.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tern/tools/stat/difference.hpp"
#include "tern/tools/text.hpp"

namespace tern::tools {
namespace {

constexpr std::int64_t kClosedHeartbeat = -1;
constexpr std::int64_t kStaleAfterMs = 10'000;  // the driver timeout that clients have by default

enum class Life : std::uint8_t { active, stale, closed };

Life life_of(const memory::CncFile& cnc, std::int64_t now_ms) {
    const std::int64_t heartbeat_ms = cnc.driver_heartbeat_ms();
    if (heartbeat_ms == kClosedHeartbeat) return Life::closed;
    return heartbeat_ms >= now_ms - kStaleAfterMs ? Life::active : Life::stale;
}

std::string_view to_string(Life life) {
    switch (life) {
        case Life::active:
            return "active";
        case Life::stale:
            return "stale";
        default:
            return "closed";
    }
}

}  // namespace

std::string title_text(std::string_view title, const memory::CncFile& cnc, std::int64_t now_ms) {
    std::string text = fmt::format("{} - {} (CnC v{}), pid {}, ", format_date(now_ms), title,
                                   memory::version_text(cnc.version()), cnc.pid());
    const Life life = life_of(cnc, now_ms);
    if (life == Life::closed) {
        text += "closed: this is what the driver left";
    } else {
        text += fmt::format("heartbeat age {}ms", difference(now_ms, cnc.driver_heartbeat_ms()));
        if (life == Life::stale) text += ": no driver is alive here";
    }
    return text + fmt::format("\n{:=>70}\n", "");
}

nlohmann::ordered_json title_json(const memory::CncFile& cnc, std::int64_t now_ms) {
    return {{"timestamp_ms", now_ms},
            {"pid", cnc.pid()},
            {"cnc_version", memory::version_text(cnc.version())},
            {"heartbeat_ms", cnc.driver_heartbeat_ms()},
            {"driver", to_string(life_of(cnc, now_ms))}};
}

}  // namespace tern::tools
