#pragma once
// Configuration as a flat map of names to values, in upstream's own syntax and precedence
// (TLG-13, TLG-17): environment < -Dname=value (left to right) < property files (left to right).
//
// A property `aeron.dir` and the variable `AERON_DIR` are the same setting: names are folded to
// one form (upper case, '.' as '_'). An empty value unsets. Typed getters throw ConfigurationError
// with a line that names the setting, the value and what was expected; out-of-range values are an
// error too, never silently clamped. Every name that a getter asked for is remembered, so that
// `unused()` can tell which settings nobody understood.
//
// Thread safety: none; filled and read at start-up.

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tern/base/error.hpp"

namespace tern {

class Properties {
  public:
    /// The form in which names are compared: "aeron.dir" and "AERON_DIR" are "AERON_DIR".
    [[nodiscard]] static std::string fold(std::string_view name);

    /// Takes over all variables whose folded name begins with AERON_ or TERN_.
    void set_from_environment(const std::vector<std::pair<std::string, std::string>>& environment);
    /// "name=value" or "name:value", as one line of a property file.
    void set_from_define(std::string_view define);
    /// The text of a property file; `source` names it in error messages.
    void set_from_text(std::string_view text, std::string_view source);
    /// Sets one value; an empty value unsets.
    void set(std::string_view name, std::string_view value);

    [[nodiscard]] std::optional<std::string> find(std::string_view name) const;
    [[nodiscard]] std::string get(std::string_view name, std::string_view fallback) const;
    /// true/1/on, false/0/off.
    [[nodiscard]] bool get_bool(std::string_view name, bool fallback) const;
    /// Decimal, 0x.., within [min, max].
    [[nodiscard]] std::int64_t get_int(
        std::string_view name, std::int64_t fallback,
        std::int64_t min = std::numeric_limits<std::int64_t>::min(),
        std::int64_t max = std::numeric_limits<std::int64_t>::max()) const;
    /// Bytes, with k/m/g suffix.
    [[nodiscard]] std::int64_t get_size(
        std::string_view name, std::int64_t fallback, std::int64_t min = 0,
        std::int64_t max = std::numeric_limits<std::int64_t>::max()) const;
    /// Nanoseconds, with s/ms/us/ns suffix.
    [[nodiscard]] std::int64_t get_duration_ns(
        std::string_view name, std::int64_t fallback_ns, std::int64_t min_ns = 0,
        std::int64_t max_ns = std::numeric_limits<std::int64_t>::max()) const;

    /// Settings (by the name they were given) that no getter has asked for so far.
    [[nodiscard]] std::vector<std::string> unused() const;

  private:
    struct Entry {
        std::string given_name;
        std::string value;
    };
    std::map<std::string, Entry> entries_;
    mutable std::set<std::string> asked_;
};

}  // namespace tern
