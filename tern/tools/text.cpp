#include "tern/tools/text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "tern/base/error.hpp"
#include "tern/tools/command.hpp"

namespace tern::tools {

std::string group_thousands(std::int64_t value) {
    std::string digits = fmt::format("{}", value);
    const std::size_t first = digits.front() == '-' ? 1 : 0;
    for (std::size_t at = digits.size(); at > first + 3; at -= 3) digits.insert(at - 3, ",");
    return digits;
}

namespace {

// Years 0 to 9999: a time in a file may be anything, and the calendar takes no more.
constexpr std::int64_t kMinEpochMs = -62'167'132'800'000;
constexpr std::int64_t kMaxEpochMs = 253'402'214'400'000;

std::tm local(std::int64_t epoch_ms) {
    return fmt::localtime(
        static_cast<std::time_t>((epoch_ms - (epoch_ms % 1000 + 1000) % 1000) / 1000));
}

std::int64_t believable(std::int64_t epoch_ms) {
    return std::clamp(epoch_ms, kMinEpochMs, kMaxEpochMs);
}

}  // namespace

std::string format_date(std::int64_t epoch_ms) {
    const auto time = believable(epoch_ms);
    return fmt::format("{0:%Y-%m-%d %H:%M:%S}.{1:03}{0:%z}", local(time),
                       (time % 1000 + 1000) % 1000);
}

std::string format_time(std::int64_t epoch_ms) {
    return fmt::format("{:%H:%M:%S}", local(believable(epoch_ms)));
}

std::string format_date_time(std::int64_t epoch_ms) {
    return fmt::format("{:%Y-%m-%d %H:%M:%S}", local(believable(epoch_ms)));
}

std::string printable(std::string_view text) {
    std::string safe(text);
    for (char& c : safe) {
        if (c < ' ' || c > '~') c = '?';
    }
    return safe;
}

int guarded(const std::function<void()>& action) {
    try {
        action();
        return kExitSuccess;
    } catch (const ConfigurationError& error) {
        fmt::print(stderr, "tern: {}\n", error.what());
        return kExitUsage;
    } catch (const std::exception& error) {
        fmt::print(stderr, "tern: {}\n", error.what());
        return kExitFailure;
    }
}

}  // namespace tern::tools
