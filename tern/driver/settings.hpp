#pragma once
// Every setting of DRV-4.3 that this driver honours, as data: its names, its unit, its range and
// the field that holds it. Reading properties and printing the configuration are two visitors of
// the same list, so that neither can know a setting that the other does not.
//
// Thread safety: none; used at start-up.

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tern/driver/context.hpp"

namespace tern::driver {

enum class Unit : std::uint8_t { count, bytes, nanoseconds };

struct SettingRange {
    std::int64_t min = 0;
    std::int64_t max = INT64_MAX;
};

/// The name that is printed, then others for the same setting.
using SettingNames = std::initializer_list<std::string_view>;

/// A word that may be written for a value, and the value it stands for.
struct SettingWord {
    std::string_view text;
    std::string_view meaning;
};

/// Each function is given what the field holds and returns what it is to hold.
class SettingVisitor {
  public:
    virtual ~SettingVisitor() = default;
    [[nodiscard]] virtual bool flag(std::string_view name, bool value) = 0;
    [[nodiscard]] virtual std::string text(std::string_view name, const std::string& value) = 0;
    [[nodiscard]] virtual std::optional<std::int64_t> integer(
        SettingNames names, Unit unit, SettingRange range, std::optional<std::int64_t> value) = 0;
    /// `value` is one of the words' meanings.
    [[nodiscard]] virtual std::string_view word(SettingNames names,
                                                std::span<const SettingWord> words,
                                                std::string_view value) = 0;
    [[nodiscard]] virtual WildcardPortRange port_range(std::string_view name,
                                                       WildcardPortRange value) = 0;
};

void visit_settings(DriverContext& context, SettingVisitor& visitor);

}  // namespace tern::driver
