#include "tern/tools/driver_profile.hpp"

#include <fmt/format.h>

#include <span>

namespace tern::tools {
namespace {

struct Setting {
    std::string_view name;
    std::string_view value;
};

/// Three spinning agents, and one CPU for whoever uses the driver.
constexpr int kCpusToSpin = 4;

constexpr Setting kSpinning[] = {
    {"aeron.threading.mode", "DEDICATED"},      {"aeron.conductor.idle.strategy", "spin"},
    {"aeron.sender.idle.strategy", "spin"},     {"aeron.receiver.idle.strategy", "spin"},
    {"aeron.term.buffer.sparse.file", "false"},
};

// One thread, since spinning ones would keep each other and the clients from running.
constexpr Setting kShortParks[] = {
    {"aeron.threading.mode", "SHARED"},
    {"aeron.shared.idle.strategy", "backoff"},
    {"aeron.shared.idle.strategy.init.args", "0-10-1us-10us"},
    {"aeron.term.buffer.sparse.file", "false"},
};

std::span<const Setting> low_jitter(int cpus) {
    if (cpus >= kCpusToSpin) return kSpinning;
    return kShortParks;
}

}  // namespace

std::string apply_driver_profile(Properties& properties, int cpus) {
    const std::string profile = properties.get(kProfileProperty, "default");
    if (profile == "default") return {};
    if (profile != "low-jitter") {
        throw ConfigurationError(
            fmt::format("{}={}: expected default or low-jitter", kProfileProperty, profile));
    }
    std::string text;
    for (const auto& [name, value] : low_jitter(cpus)) {
        const auto given = properties.find(name);
        if (given && *given != value) {
            throw ConfigurationError(
                fmt::format("{0}={1} sets {2}={3} on {4} CPUs, and {2}={5} is set as well: take "
                            "one of them away",
                            kProfileProperty, profile, name, value, cpus, *given));
        }
        properties.set(name, value);
        text += fmt::format("{}{}={}", text.empty() ? "" : ", ", name, value);
    }
    return text;
}

}  // namespace tern::tools
