#pragma once
// Text for people: numbers, dates, and the one way in which a command reports a failure.

#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>

namespace tern::tools {

/// 1234567 -> "1,234,567".
[[nodiscard]] std::string group_thousands(std::int64_t value);

/// Local time as "2026-07-10 21:04:16.123+0200".
[[nodiscard]] std::string format_date(std::int64_t epoch_ms);

/// Local time as "21:04:16", and as "2026-07-10 21:04:16".
[[nodiscard]] std::string format_time(std::int64_t epoch_ms);
[[nodiscard]] std::string format_date_time(std::int64_t epoch_ms);

/// The text with every byte that is not printable ASCII replaced by '?'; for JSON and terminals.
[[nodiscard]] std::string printable(std::string_view text);

/// A line on stdout about what a long-running command is doing, seen at once also through a pipe.
template <typename... Arguments>
void say(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::print("{}\n", fmt::format(format, std::forward<Arguments>(arguments)...));
    std::fflush(stdout);
}

/// Runs `action` and turns an exception into one line on stderr and an exit code: 2 for a
/// ConfigurationError, 1 for any other, 0 for none.
[[nodiscard]] int guarded(const std::function<void()>& action);

}  // namespace tern::tools
