#include "tern/platform/idle_strategy.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include "tern/base/duration.hpp"
#include "tern/base/error.hpp"
#include "tern/platform/posix/thread.hpp"

namespace tern::platform {

namespace {

constexpr std::int64_t kDefaultParkNs = 1'000;

/// With fewer CPUs than this the agents of one node share them, and spinning only keeps the one
/// that is waited for from running (docs/performance.md).
constexpr int kCpusWorthSpinning = 8;

struct BackoffOptions {
    std::int64_t max_spins = 10;
    std::int64_t max_yields = 20;
    std::int64_t min_park_ns = kDefaultParkNs;
    std::int64_t max_park_ns = kNanosPerMilli;
    /// How often half of the yields are repeated after a shortest park, before parks get longer. A
    /// thread that yields and never sleeps drops behind in the scheduler's order, for milliseconds.
    std::int64_t repeats = 0;
};

/// Where agents share CPUs.
constexpr BackoffOptions kCrowdedBackoff{.max_spins = 0, .max_yields = 10, .repeats = 8};

BackoffOptions default_backoff() noexcept {
    static const int cpus = posix::usable_cpus();
    return cpus < kCpusWorthSpinning ? kCrowdedBackoff : BackoffOptions{};
}

class BackoffIdle final : public IdleStrategy {
  public:
    explicit BackoffIdle(const BackoffOptions& options)
        : options_(options), park_ns_(options.min_park_ns) {}

    void idle(int work_count) override {
        if (work_count > 0) {
            reset();
        } else if (spins_ < options_.max_spins) {
            ++spins_;
            posix::relax_cpu();
        } else if (yields_ < options_.max_yields) {
            ++yields_;
            posix::yield_thread();
        } else {
            posix::park_thread(park_ns_);
            if (repeats_ < options_.repeats) {
                ++repeats_;
                yields_ = options_.max_yields / 2;
            } else {
                park_ns_ = std::min(park_ns_ * 2, options_.max_park_ns);
            }
        }
    }
    void reset() override {
        spins_ = 0;
        yields_ = 0;
        repeats_ = 0;
        park_ns_ = options_.min_park_ns;
    }

  private:
    BackoffOptions options_;
    std::int64_t spins_ = 0;
    std::int64_t yields_ = 0;
    std::int64_t repeats_ = 0;
    std::int64_t park_ns_;
};

class SpinIdle final : public IdleStrategy {
  public:
    void idle(int work_count) override {
        if (work_count <= 0) posix::relax_cpu();
    }
    void reset() override {}
};

class YieldIdle final : public IdleStrategy {
  public:
    void idle(int work_count) override {
        if (work_count <= 0) posix::yield_thread();
    }
    void reset() override {}
};

class SleepIdle final : public IdleStrategy {
  public:
    explicit SleepIdle(std::int64_t park_ns) : park_ns_(park_ns) {}
    void idle(int work_count) override {
        if (work_count <= 0) posix::park_thread(park_ns_);
    }
    void reset() override {}

  private:
    std::int64_t park_ns_;
};

class NoOpIdle final : public IdleStrategy {
  public:
    void idle(int /*work_count*/) override {}
    void reset() override {}
};

[[noreturn]] void refuse(std::string_view what, std::string_view given, std::string_view expected) {
    throw ConfigurationError(fmt::format("{} \"{}\": expected {}", what, given, expected));
}

std::int64_t duration_option(std::string_view options, std::string_view text) {
    const auto duration_ns = parse_duration_ns(text);
    if (!duration_ns || *duration_ns < 1) {
        refuse("idle strategy options", options, "a duration of at least 1ns, such as 1us");
    }
    return *duration_ns;
}

std::int64_t count_option(std::string_view options, std::string_view text) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{} || end != text.data() + text.size() || count < 0) {
        refuse("idle strategy options", options, "a count of spins and of yields");
    }
    return count;
}

/// "spins-yields-minPark-maxPark", such as "10-20-1us-1ms".
BackoffOptions parse_backoff(std::string_view options) {
    if (options.empty()) return default_backoff();
    std::array<std::string_view, 4> parts;
    std::size_t count = 0;
    for (std::string_view rest = options; count < parts.size(); ++count) {
        const auto dash = count + 1 < parts.size() ? rest.find('-') : std::string_view::npos;
        parts[count] = rest.substr(0, dash);
        if (dash == std::string_view::npos && count + 1 < parts.size()) break;
        rest.remove_prefix(dash == std::string_view::npos ? rest.size() : dash + 1);
    }
    if (count != parts.size()) {
        refuse("idle strategy options", options, "spins-yields-minPark-maxPark");
    }
    const BackoffOptions result{count_option(options, parts[0]), count_option(options, parts[1]),
                                duration_option(options, parts[2]),
                                duration_option(options, parts[3]), 0};
    if (result.min_park_ns > result.max_park_ns || result.max_park_ns > kNanosPerSecond) {
        refuse("idle strategy options", options, "minPark <= maxPark <= 1s");
    }
    return result;
}

/// The name that upstream's C driver gives to what was asked for in C, Java or our own words.
std::string canonical_name(std::string_view name) {
    for (const std::string_view prefix :
         {"aeron_idle_strategy_", "org.agrona.concurrent.", "aeron:"}) {
        if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
    }
    struct Alias {
        std::string_view alias, name;
    };
    static constexpr std::array kAliases{
        Alias{"BackoffIdleStrategy", "backoff"},
        Alias{"BusySpinIdleStrategy", "spin"},
        Alias{"YieldingIdleStrategy", "yield"},
        Alias{"SleepingIdleStrategy", "sleep-ns"},
        Alias{"SleepingMillisIdleStrategy", "sleep-ms"},
        Alias{"NoOpIdleStrategy", "noop"},
        Alias{"busy_spin", "spin"},
        Alias{"busy_spinning", "spin"},
        Alias{"yielding", "yield"},
        Alias{"sleeping", "sleep-ns"},
    };
    const auto found = std::ranges::find(kAliases, name, &Alias::alias);
    return std::string(found == kAliases.end() ? name : found->name);
}

}  // namespace

std::unique_ptr<IdleStrategy> make_idle_strategy(std::string_view name, std::string_view options) {
    const std::string strategy = canonical_name(name);
    if (strategy == "backoff") return std::make_unique<BackoffIdle>(parse_backoff(options));
    if (strategy == "spin") return std::make_unique<SpinIdle>();
    if (strategy == "yield") return std::make_unique<YieldIdle>();
    if (strategy == "noop") return std::make_unique<NoOpIdle>();
    if (strategy == "sleep-ns" || strategy == "sleep-ms") {
        const std::int64_t default_ns = strategy == "sleep-ns" ? kDefaultParkNs : kNanosPerMilli;
        return std::make_unique<SleepIdle>(options.empty() ? default_ns
                                                           : duration_option(options, options));
    }
    refuse("idle strategy", name, "backoff, spin, yield, sleep-ns, sleep-ms or noop");
}

}  // namespace tern::platform
