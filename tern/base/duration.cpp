#include "tern/base/duration.hpp"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <utility>

namespace tern {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

struct Number {
    std::int64_t value;
    bool saturated;
    std::string suffix;  // lower case
};

std::optional<Number> split(std::string_view text) {
    std::uint64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    if (rest == text.data()) return std::nullopt;
    const bool saturated = error != std::errc{} || value > static_cast<std::uint64_t>(kMax);
    std::string suffix(rest, end);
    for (char& c : suffix) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return Number{saturated ? kMax : static_cast<std::int64_t>(value), saturated, suffix};
}

constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> kTimeUnits{
    {{"s", kNanosPerSecond}, {"ms", kNanosPerMilli}, {"us", kNanosPerMicro}, {"ns", 1}}};

constexpr std::array<std::pair<std::string_view, std::int64_t>, 3> kSizeUnits{
    {{"g", 1 << 30}, {"m", 1 << 20}, {"k", 1 << 10}}};

template <typename Units>
std::string format_exact(std::int64_t value, const Units& units, std::string_view plain) {
    for (const auto& [suffix, unit] : units) {
        if (value != 0 && value % unit == 0) return fmt::format("{}{}", value / unit, suffix);
    }
    return fmt::format("{}{}", value, plain);
}

}  // namespace

std::optional<std::int64_t> parse_duration_ns(std::string_view text) {
    const auto number = split(text);
    if (!number) return std::nullopt;
    std::int64_t unit = number->suffix.empty() ? 1 : 0;
    for (const auto& [suffix, nanos] : kTimeUnits) {
        if (number->suffix == suffix) unit = nanos;
    }
    if (unit == 0) return std::nullopt;
    if (number->saturated || number->value > kMax / unit) return kMax;
    return number->value * unit;
}

std::optional<std::int64_t> parse_size(std::string_view text) {
    const auto number = split(text);
    if (!number || number->saturated) return std::nullopt;
    std::int64_t unit = number->suffix.empty() ? 1 : 0;
    for (const auto& [suffix, bytes] : kSizeUnits) {
        if (number->suffix == suffix) unit = bytes;
    }
    if (unit == 0 || number->value > kMax / unit) return std::nullopt;
    return number->value * unit;
}

std::string format_duration_ns(std::int64_t duration_ns) {
    return format_exact(duration_ns, kTimeUnits, "ns");
}

std::string format_size(std::int64_t size) { return format_exact(size, kSizeUnits, ""); }

}  // namespace tern
