#include "tern/base/timestamp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace tern {

namespace {

// Years 0 to 9999: what the calendar of <chrono> can do without overflow, and a reader can believe.
constexpr std::int64_t kMinEpochMs = -62'167'219'200'000;
constexpr std::int64_t kMaxEpochMs = 253'402'300'799'999;

std::string format_with(std::int64_t epoch_ms, std::string_view pattern) {
    const std::chrono::sys_time<std::chrono::milliseconds> time{
        std::chrono::milliseconds(std::clamp(epoch_ms, kMinEpochMs, kMaxEpochMs))};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    return fmt::format(fmt::runtime(pattern), static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                       clock.subseconds().count());
}

}  // namespace

std::string format_timestamp(std::int64_t epoch_ms) {
    return format_with(epoch_ms, "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}+0000");
}

std::string format_file_timestamp(std::int64_t epoch_ms) {
    return format_with(epoch_ms, "{:04}-{:02}-{:02}-{:02}-{:02}-{:02}-{:03}+0000");
}

}  // namespace tern
