#include "tern/client/liveness.hpp"

#include <fmt/format.h>

#include "tern/base/duration.hpp"
#include "tern/base/version.hpp"
#include "tern/memory/counter_types.hpp"

namespace tern::client {

namespace {
constexpr std::int64_t kShutDown = -1;
}

std::optional<std::string> DriverLiveness::check(std::int64_t now_ns, std::int64_t heartbeat_ms) {
    if (heartbeat_ms == kShutDown) {
        return fmt::format("MediaDriver ({}) has been shutdown", aeron_directory_);
    }
    if (heartbeat_ms != heartbeat_ms_) {
        heartbeat_ms_ = heartbeat_ms;
        changed_at_ns_ = now_ns;
        return std::nullopt;
    }
    const std::int64_t age_ns = now_ns - changed_at_ns_;
    if (age_ns <= timeout_ns_) return std::nullopt;
    return fmt::format("MediaDriver ({}) keepalive: age={}ms > timeout={}ms", aeron_directory_,
                       age_ns / kNanosPerMilli, timeout_ns_ / kNanosPerMilli);
}

bool ClientHeartbeat::beat(const CncMapping& cnc, std::int64_t now_epoch_ms) {
    if (!counter_ && !find(cnc)) return false;
    if (!is_ours(cnc.counters(), counter_.id())) {
        throw Error(
            fmt::format("unexpected close of heartbeat timestamp counter: {}", counter_.id()));
    }
    counter_.set(now_epoch_ms);
    return true;
}

bool ClientHeartbeat::is_ours(const memory::CountersReader& counters, std::int32_t id) const {
    return counters.state(id) == memory::CounterState::allocated &&
           counters.type_id(id) == memory::counter_type::kClientHeartbeat &&
           load<std::int64_t>(counters.key(id).data()) == client_id_;
}

bool ClientHeartbeat::find(const CncMapping& cnc) {
    const memory::CountersReader& counters = cnc.counters();
    counters.for_each([&](std::int32_t id) {
        if (!counter_ && is_ours(counters, id)) counter_ = cnc.counter(id);
    });
    if (!counter_) return false;
    memory::append_to_counter_label(
        cnc.file().counters_metadata(), counter_.id(),
        fmt::format(" name={} version={} commit={}", client_name_, kCompatibleVersion, kCommit));
    return true;
}

}  // namespace tern::client
