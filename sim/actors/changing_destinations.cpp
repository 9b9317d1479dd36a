#include "sim/actors/changing_destinations.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tern::sim {
namespace {

constexpr std::int64_t kRetryNs = 200'000'000;

}  // namespace

void ChangingDestinations::begin() {
    is_there_.assign(options_.channels.size(), false);
    pending_.reset();
    next_ns_ = retry_ns_ = 0;
}

bool ChangingDestinations::is_missing_any() const noexcept {
    return pending_ || std::ranges::find(is_there_, false) != is_there_.end();
}

std::optional<ChangingDestinations::Change> ChangingDestinations::next_change() {
    auto& run = program_.run;
    const bool is_restless = program_.traffic.is_restless && options_.change_ns.max > 0;
    const auto missing = std::ranges::find(is_there_, false);
    if (run.now_ns() < retry_ns_ || (run.now_ns() < next_ns_ && is_restless)) return std::nullopt;
    if (missing != is_there_.end()) {
        return Change{static_cast<std::size_t>(missing - is_there_.begin()), true};
    }
    if (!is_restless) return std::nullopt;
    if (next_ns_ == 0) {  // all are there for the first time
        next_ns_ = run.now_ns() + run.prng().between(options_.change_ns);
        return std::nullopt;
    }
    const auto last = static_cast<std::int64_t>(is_there_.size()) - 1;
    return Change{static_cast<std::size_t>(run.prng().between({0, last})), false};
}

int ChangingDestinations::await(client::Aeron& aeron) {
    auto& run = program_.run;
    const Change change = *pending_;
    try {
        if (!aeron.is_operation_complete(command_id_)) return 0;
        is_there_[change.number] = change.is_added;
        program_.tell(fmt::format("{} destination {}",
                                  change.is_added ? "has added" : "has removed", channel(change)));
        if (next_ns_ != 0) next_ns_ = run.now_ns() + run.prng().between(options_.change_ns);
    } catch (const client::RegistrationException& error) {
        // What a client that has closed was bound to is free at the driver's next tick.
        program_.tell(error.what());
        retry_ns_ = run.now_ns() + kRetryNs;
    } catch (const client::DriverTimeoutException& error) {
        program_.tell(error.what());  // the driver died, or was away for too long
        retry_ns_ = run.now_ns() + kRetryNs;
    }
    pending_.reset();
    return 1;
}

}  // namespace tern::sim
