#include "sim/checkers/liveness.hpp"

#include <fmt/format.h>

#include "tern/base/duration.hpp"

namespace tern::sim {

std::optional<std::string> LivenessChecker::check(std::int64_t now_ns) {
    if (!since_ns_ || now_ns - *since_ns_ <= bound_ns_) return std::nullopt;
    const std::int64_t waited_ns = now_ns - *since_ns_;
    since_ns_.reset();
    return fmt::format("{}: awaited for {} after faults stopped, the bound is {}", awaited_,
                       format_duration_ns(waited_ns), format_duration_ns(bound_ns_));
}

std::optional<std::string> LivenessChecker::served(std::int64_t now_ns) {
    auto found = check(now_ns);
    since_ns_.reset();
    return found;
}

}  // namespace tern::sim
