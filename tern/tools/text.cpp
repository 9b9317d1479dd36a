#include "tern/tools/text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

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

std::string format_date(std::int64_t epoch_ms) {
    const std::time_t seconds = static_cast<std::time_t>(epoch_ms / 1000);
    return fmt::format("{0:%Y-%m-%d %H:%M:%S}.{1:03}{0:%z}", fmt::localtime(seconds),
                       epoch_ms % 1000);
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
