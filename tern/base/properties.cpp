#include "tern/base/properties.hpp"

#include <fmt/format.h>

#include <cctype>
#include <charconv>

#include "tern/base/duration.hpp"

namespace tern {
namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view skip_blanks(std::string_view text) {
    const auto first = text.find_first_not_of(kBlanks);
    return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}

bool is_comment(std::string_view line) {
    return line.empty() || line.front() == '#' || line.front() == '!';
}

struct Line {
    std::string_view name, value;
};

std::optional<Line> split_line(std::string_view line) {
    const auto separator = line.find_first_of("=:");
    if (separator == std::string_view::npos) return std::nullopt;
    std::string_view name = line.substr(0, separator);
    const auto last = name.find_last_not_of(kBlanks);
    if (last == std::string_view::npos) return std::nullopt;
    return Line{name.substr(0, last + 1), skip_blanks(line.substr(separator + 1))};
}

[[noreturn]] void refuse(std::string_view name, std::string_view value, const std::string& wanted) {
    throw ConfigurationError(fmt::format("{}={}: expected {}", name, value, wanted));
}

std::int64_t in_range(std::string_view name, std::string_view text, std::int64_t value,
                      std::int64_t min, std::int64_t max) {
    if (value < min || value > max) {
        refuse(name, text, fmt::format("a value from {} to {}", min, max));
    }
    return value;
}

}  // namespace

std::string Properties::fold(std::string_view name) {
    std::string folded(name);
    for (char& c : folded) {
        c = c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return folded;
}

void Properties::set_from_environment(
    const std::vector<std::pair<std::string, std::string>>& environment) {
    for (const auto& [name, value] : environment) {
        if (name.starts_with("AERON_") || name.starts_with("TERN_")) set(name, value);
    }
}

void Properties::set_from_define(std::string_view define) {
    const std::string_view line = skip_blanks(define);
    if (is_comment(line)) return;
    const auto parts = split_line(line);
    if (!parts) {
        throw ConfigurationError(fmt::format("malformed define: {} (write -Dname=value)", define));
    }
    set(parts->name, parts->value);
}

void Properties::set_from_text(std::string_view text, std::string_view source) {
    std::string logical;
    int number = 0;
    while (!text.empty()) {
        const auto end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
        ++number;
        if (line.ends_with('\r')) line.remove_suffix(1);
        line = skip_blanks(line);
        if (is_comment(line)) continue;
        if (line.ends_with('\\')) {
            logical += line.substr(0, line.size() - 1);
            continue;
        }
        logical += line;
        const auto parts = split_line(logical);
        if (!parts) {
            throw ConfigurationError(
                fmt::format("{}: line {} malformed: expected name=value", source, number));
        }
        set(parts->name, parts->value);
        logical.clear();
    }
}

void Properties::set(std::string_view name, std::string_view value) {
    if (value.empty()) {
        entries_.erase(fold(name));
    } else {
        entries_[fold(name)] = {std::string(name), std::string(value)};
    }
}

std::optional<std::string> Properties::find(std::string_view name) const {
    const std::string key = fold(name);
    asked_.insert(key);
    const auto entry = entries_.find(key);
    if (entry == entries_.end()) return std::nullopt;
    return entry->second.value;
}

std::string Properties::get(std::string_view name, std::string_view fallback) const {
    return find(name).value_or(std::string(fallback));
}

bool Properties::get_bool(std::string_view name, bool fallback) const {
    const auto value = find(name);
    if (!value) return fallback;
    if (*value == "true" || *value == "1" || *value == "on") return true;
    if (*value == "false" || *value == "0" || *value == "off") return false;
    refuse(name, *value, "true or false");
}

std::int64_t Properties::get_int(std::string_view name, std::int64_t fallback, std::int64_t min,
                                 std::int64_t max) const {
    const auto value = find(name);
    if (!value) return fallback;
    std::string_view digits = *value;
    const bool negative = digits.starts_with('-');
    if (negative) digits.remove_prefix(1);
    const bool hex = digits.starts_with("0x") || digits.starts_with("0X");
    if (hex) digits.remove_prefix(2);
    std::int64_t number = 0;
    const char* end = digits.data() + digits.size();
    const auto [rest, error] = std::from_chars(digits.data(), end, number, hex ? 16 : 10);
    if (error != std::errc{} || rest != end || digits.empty() || digits.front() == '-') {
        refuse(name, *value, "a whole number");
    }
    return in_range(name, *value, negative ? -number : number, min, max);
}

std::int64_t Properties::get_size(std::string_view name, std::int64_t fallback, std::int64_t min,
                                  std::int64_t max) const {
    const auto value = find(name);
    if (!value) return fallback;
    const auto size = parse_size(*value);
    if (!size) refuse(name, *value, "a size such as 4096, 64k, 16m or 1g");
    return in_range(name, *value, *size, min, max);
}

std::int64_t Properties::get_duration_ns(std::string_view name, std::int64_t fallback_ns,
                                         std::int64_t min_ns, std::int64_t max_ns) const {
    const auto value = find(name);
    if (!value) return fallback_ns;
    const auto duration = parse_duration_ns(*value);
    if (!duration) refuse(name, *value, "a duration such as 10s, 200ms, 50us or 1000ns");
    return in_range(name, *value, *duration, min_ns, max_ns);
}

std::vector<std::string> Properties::unused() const {
    std::vector<std::string> names;
    for (const auto& [key, entry] : entries_) {
        if (!asked_.contains(key)) names.push_back(entry.given_name);
    }
    return names;
}

}  // namespace tern
