#include "tern/driver/configuration.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "tern/base/duration.hpp"
#include "tern/driver/settings.hpp"

namespace tern::driver {
namespace {

WildcardPortRange parse_port_range(std::string_view name, std::string_view text) {
    const auto refuse = [&](std::string_view reason) -> WildcardPortRange {
        throw ConfigurationError(fmt::format("{}=\"{}\" is invalid: {}", name, text, reason));
    };
    const auto port = [](std::string_view part, std::uint16_t& value) {
        const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
        return error == std::errc{} && end == part.data() + part.size();
    };
    const std::size_t blank = text.find(' ');
    WildcardPortRange range;
    if (!port(text.substr(0, blank), range.low)) {
        return refuse("failed to parse first part of port range");
    }
    if (blank == std::string_view::npos || !port(text.substr(blank + 1), range.high)) {
        return refuse("failed to parse second part of port range");
    }
    if (range.low > range.high) return refuse("low port should be less than or equal to high port");
    return range;
}

/// Replaces what fields hold by what properties say.
class PropertyReader final : public SettingVisitor {
  public:
    explicit PropertyReader(const Properties& properties) : properties_(properties) {}

    bool flag(std::string_view name, bool value) override {
        return properties_.get_bool(name, value);
    }
    std::string text(std::string_view name, const std::string& value) override {
        return properties_.get(name, value);
    }
    std::optional<std::int64_t> integer(SettingNames names, Unit unit, SettingRange range,
                                        std::optional<std::int64_t> value) override {
        for (const std::string_view name : names) {
            if (properties_.find(name)) return read(name, unit, range);
        }
        return value;
    }
    std::string_view word(SettingNames names, std::span<const SettingWord> words,
                          std::string_view value) override {
        for (const std::string_view name : names) {
            const auto given = properties_.find(name);
            if (!given) continue;
            const auto known = std::ranges::find(words, *given, &SettingWord::text);
            if (known != words.end()) return known->meaning;
            std::vector<std::string_view> expected;
            for (const SettingWord& word : words) expected.push_back(word.text);
            throw ConfigurationError(
                fmt::format("{}={}: expected one of {}", name, *given, fmt::join(expected, ", ")));
        }
        return value;
    }
    WildcardPortRange port_range(std::string_view name, WildcardPortRange value) override {
        const auto given = properties_.find(name);
        return given ? parse_port_range(name, *given) : value;
    }

  private:
    std::int64_t read(std::string_view name, Unit unit, SettingRange range) {
        switch (unit) {
            case Unit::bytes:
                return properties_.get_size(name, 0, range.min, range.max);
            case Unit::nanoseconds:
                return properties_.get_duration_ns(name, 0, range.min, range.max);
            case Unit::count:
                break;
        }
        return properties_.get_int(name, 0, range.min, range.max);
    }

    const Properties& properties_;
};

/// Leaves fields as they are, and writes down what they hold.
class Printer final : public SettingVisitor {
  public:
    bool flag(std::string_view name, bool value) override {
        line(name, value);
        return value;
    }
    std::string text(std::string_view name, const std::string& value) override {
        line(name, value);
        return value;
    }
    std::optional<std::int64_t> integer(SettingNames names, Unit unit, SettingRange range,
                                        std::optional<std::int64_t> value) override {
        const std::string_view name = *names.begin();
        if (!value || *value < range.min) {
            line(name, "");  // not set
        } else if (unit == Unit::bytes) {
            line(name, format_size(*value));
        } else if (unit == Unit::nanoseconds) {
            line(name, format_duration_ns(*value));
        } else {
            line(name, *value);
        }
        return value;
    }
    std::string_view word(SettingNames names, std::span<const SettingWord> /*words*/,
                          std::string_view value) override {
        line(*names.begin(), value);
        return value;
    }
    WildcardPortRange port_range(std::string_view name, WildcardPortRange value) override {
        line(name, fmt::format("{} {}", value.low, value.high));
        return value;
    }

    [[nodiscard]] std::string take() { return fmt::format("driver {{\n{}}}\n", text_); }

  private:
    template <typename T>
    void line(std::string_view name, const T& value) {
        text_ += fmt::format("    {}={}\n", name, value);
    }

    std::string text_;
};

}  // namespace

std::string default_aeron_directory(const platform::Platform& platform) {
    const std::string name = "aeron-" + platform.system.user_name();
    return platform::join_path(platform.storage.is_directory("/dev/shm")
                                   ? "/dev/shm"
                                   : platform.system.temporary_directory(),
                               name);
}

DriverContext driver_context_from(const Properties& properties,
                                  const platform::Platform& platform) {
    DriverContext context;
    context.aeron_directory = default_aeron_directory(platform);
    context.threading_mode = ThreadingMode::dedicated;  // upstream's default for a driver process
    PropertyReader reader(properties);
    visit_settings(context, reader);
    refuse_unsupported_settings(properties);
    return context;
}

std::string describe(const DriverContext& context) {
    DriverContext copy = context;
    Printer printer;
    visit_settings(copy, printer);
    return printer.take();
}

}  // namespace tern::driver
