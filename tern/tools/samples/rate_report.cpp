#include "tern/tools/samples/rate_report.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tern/base/duration.hpp"
#include "tern/tools/json.hpp"
#include "tern/tools/text.hpp"

namespace tern::tools {
namespace {

double seconds(std::int64_t from_ns, std::int64_t to_ns) noexcept {
    return static_cast<double>(to_ns - from_ns) / static_cast<double>(kNanosPerSecond);
}

double per_second(std::int64_t amount, double elapsed_s) noexcept {
    return elapsed_s > 0 ? static_cast<double>(amount) / elapsed_s : 0;
}

std::string rounded(double value) { return group_thousands(std::llround(value)); }

}  // namespace

std::optional<std::string> RateReport::line(std::int64_t now_ns) {
    if (!begin_ns_) {
        begin_ns_ = now_ns;
        last_line_ = last_change_ = {now_ns, 0, 0};
    }
    if (messages_ != last_change_.messages) last_change_ = {now_ns, messages_, bytes_};
    if (now_ns - last_line_.time_ns < kNanosPerSecond) return std::nullopt;
    const double interval_s = seconds(last_line_.time_ns, now_ns);
    const double messages_rate = per_second(messages_ - last_line_.messages, interval_s);
    const double bytes_rate = per_second(bytes_ - last_line_.bytes, interval_s);
    last_line_ = {now_ns, messages_, bytes_};
    if (json_) {
        return to_line({{"type", "rate"},
                        {"elapsed_s", seconds(*begin_ns_, now_ns)},
                        {"messages_per_s", messages_rate},
                        {"bytes_per_s", bytes_rate},
                        {"messages", messages_},
                        {"bytes", bytes_}});
    }
    return fmt::format("{} msgs/sec, {} bytes/sec, totals {} messages {} MB payloads",
                       rounded(messages_rate), rounded(bytes_rate), group_thousands(messages_),
                       bytes_ >> 20);
}

double RateReport::active_seconds() const noexcept {
    return begin_ns_ ? seconds(*begin_ns_, last_change_.time_ns) : 0;
}

std::string RateReport::summary_text() const {
    const double elapsed_s = active_seconds();
    return fmt::format("{} messages, {} bytes in {:.3f} s: {} msgs/sec, {} bytes/sec",
                       group_thousands(messages_), group_thousands(bytes_), elapsed_s,
                       rounded(per_second(messages_, elapsed_s)),
                       rounded(per_second(bytes_, elapsed_s)));
}

nlohmann::ordered_json RateReport::summary_json() const {
    const double elapsed_s = active_seconds();
    return {{"type", "summary"},
            {"elapsed_s", elapsed_s},
            {"messages", messages_},
            {"bytes", bytes_},
            {"messages_per_s", per_second(messages_, elapsed_s)},
            {"bytes_per_s", per_second(bytes_, elapsed_s)}};
}

}  // namespace tern::tools
