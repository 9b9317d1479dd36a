#include "sim/harness/nemesis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace tern::sim {
namespace {

using virtual_world::Host;
using virtual_world::HostIndex;

constexpr std::array kComingAndGoing{FaultKind::partition,  FaultKind::one_way_partition,
                                     FaultKind::dead_link,  FaultKind::slow_link,
                                     FaultKind::full_disk,  FaultKind::pause,
                                     FaultKind::clock_jump, FaultKind::kill,
                                     FaultKind::close,      FaultKind::host_crash};

constexpr std::int64_t kLookIntervalNs = 1'000'000;
constexpr virtual_world::Range kDownTimeNs{0, 4'000'000'000};
constexpr virtual_world::Range kSlowDelayNs{10'000'000, 500'000'000};
constexpr std::int64_t kLeaveTimeoutNs = 60'000'000'000;
constexpr std::int64_t kMostFreeBytes = 256 * 1024;

}  // namespace

void Nemesis::add_host(Host& host, bool may_crash) {
    hosts_.push_back(&host);
    if (may_crash) crashing_.push_back(&host);
    const std::int64_t most_ppm = run_.faults().max_drift_ppm;
    if (most_ppm > 0) host.clock().set_drift(run_.prng().between({-most_ppm, most_ppm}));
}

void Nemesis::add_actor(Actor& actor, FaultSet may, std::function<void()> before_start) {
    victims_.push_back({&actor, may, std::move(before_start)});
}

void Nemesis::step() {
    if (run_.now_ns() < next_look_ns_) return;
    next_look_ns_ = run_.now_ns() + kLookIntervalNs;
    heal_what_is_over(false);
    restart_the_dead(false);
    if (next_ns_ < 0) plan_next();
    if (run_.now_ns() < next_ns_) return;
    strike();
    plan_next();
}

void Nemesis::stop() {
    run_.tell("faults end");
    heal_what_is_over(true);
    run_.world().network().heal();
    auto& network = run_.world().network();
    for (const Host* from : hosts_) {
        for (const Host* to : hosts_) {
            if (from != to) network.set_link(from->index(), to->index(), {});
        }
    }
    network.options().short_send_ppm = 0;
    for (Host* host : hosts_) {
        auto& disk = host->disk().options();
        disk.read_error_ppm = disk.write_error_ppm = disk.sync_error_ppm = disk.stall_ppm = 0;
    }
    await_the_leaving();
    restart_the_dead(true);
}

/// Who was asked to end while it was paused, or is slow at it.
void Nemesis::await_the_leaving() {
    for (const Victim& victim : victims_) {
        const Actor& actor = *victim.actor;
        if (!actor.is_running() || !actor.is_asked_to_end()) continue;
        run_.await(fmt::format("the end of {} {}", actor.host().name(), actor.name()),
                   kLeaveTimeoutNs, [&] { return !actor.is_running(); });
    }
}

void Nemesis::plan_next() {
    next_ns_ = run_.now_ns() + run_.prng().between(run_.faults().interval_ns);
}

void Nemesis::strike() {
    std::vector<FaultKind> kinds;
    for (const FaultKind kind : kComingAndGoing) {
        if (run_.faults().on.has(kind)) kinds.push_back(kind);
    }
    if (kinds.empty() || hosts_.empty()) return;
    const auto last = static_cast<std::int64_t>(kinds.size()) - 1;
    const FaultKind kind = kinds[static_cast<std::size_t>(run_.prng().between({0, last}))];
    switch (kind) {
        case FaultKind::partition:
        case FaultKind::one_way_partition:
            return cut(kind);
        case FaultKind::dead_link:
        case FaultKind::slow_link:
            return change_link(kind);
        case FaultKind::full_disk:
            return fill_disk();
        case FaultKind::pause:
            return pause();
        case FaultKind::clock_jump:
            return jump_clock();
        case FaultKind::host_crash:
            return crash_host();
        default:
            return end_actor(kind);
    }
}

void Nemesis::last(std::function<void()> heal) {
    lasting_.push_back(
        {run_.now_ns() + run_.prng().between(run_.faults().duration_ns), std::move(heal)});
}

void Nemesis::heal_what_is_over(bool all) {
    for (std::size_t i = 0; i < lasting_.size();) {
        if (!all && lasting_[i].until_ns > run_.now_ns()) {
            ++i;
            continue;
        }
        const auto heal = std::move(lasting_[i].heal);
        lasting_.erase(lasting_.begin() + static_cast<std::ptrdiff_t>(i));
        heal();
    }
}

void Nemesis::restart_the_dead(bool at_once) {
    for (Victim& victim : victims_) {
        if (victim.actor->lives() == 0 || victim.actor->is_running()) continue;
        if (victim.restart_ns < 0) {
            victim.restart_ns = run_.now_ns() + run_.prng().between(kDownTimeNs);
        }
        if (!at_once && run_.now_ns() < victim.restart_ns) continue;
        victim.restart_ns = -1;
        if (victim.before_start) victim.before_start();
        victim.actor->start();
    }
}

// Faults ----------------------------------------------------------------------------------------

template <typename T>
T& pick(virtual_world::Prng& prng, std::vector<T>& from) {
    const auto last = static_cast<std::int64_t>(from.size()) - 1;
    return from[static_cast<std::size_t>(prng.between({0, last}))];
}

/// Each host is on one of two sides; or one host hears no one, or is not heard.
void Nemesis::cut(FaultKind kind) {
    if (hosts_.size() < 2 || lasting_.size() >= kMaxLasting) return;
    auto& prng = run_.prng();
    const HostIndex alone = pick(prng, hosts_)->index();
    std::vector<std::pair<HostIndex, HostIndex>> cuts;
    for (const Host* host : hosts_) {
        const HostIndex other = host->index();
        if (other == alone || prng.chance(200'000)) continue;  // partial, now and then
        const bool is_two_way = kind == FaultKind::partition;
        const bool is_deaf = is_two_way || prng.chance(500'000);
        if (is_deaf) cuts.emplace_back(other, alone);
        if (is_two_way || !is_deaf) cuts.emplace_back(alone, other);
    }
    for (const auto& [from, to] : cuts) {
        run_.world().network().block(from, to);
        run_.tell(fmt::format("network: nothing from host {} reaches host {}", from, to));
    }
    last([this, cuts] {
        run_.tell(fmt::format("network: {} directions work again", cuts.size()));
        for (const auto& [from, to] : cuts) run_.world().network().unblock(from, to);
    });
}

void Nemesis::change_link(FaultKind kind) {
    if (hosts_.size() < 2 || lasting_.size() >= kMaxLasting) return;
    auto& prng = run_.prng();
    const HostIndex from = pick(prng, hosts_)->index();
    const HostIndex to = pick(prng, hosts_)->index();
    if (from == to) return;
    auto link = run_.faults().world.network.link;
    if (kind == FaultKind::dead_link) {
        link.loss_ppm = virtual_world::kPpm;
    } else {
        link.delay_ns.max = prng.between(kSlowDelayNs);
    }
    run_.world().network().set_link(from, to, link);
    run_.tell(fmt::format("network: {} from host {} to {}", to_string(kind), from, to));
    last([this, from, to] {
        run_.tell(fmt::format("network: link from host {} to {} as before", from, to));
        run_.world().network().set_link(from, to, run_.faults().world.network.link);
    });
}

void Nemesis::fill_disk() {
    if (lasting_.size() >= kMaxLasting) return;
    Host* host = pick(run_.prng(), hosts_);
    auto& options = host->disk().options();
    const std::int64_t capacity = run_.faults().world.disk.capacity;
    if (options.capacity != capacity) return;
    const std::int64_t left = run_.prng().between({0, kMostFreeBytes});
    options.capacity = host->disk().used_space("/") + left;
    run_.tell(fmt::format("{}: the disk has {} bytes left", host->name(), left));
    last([this, host, capacity] {
        run_.tell(fmt::format("{}: the disk has room again", host->name()));
        host->disk().options().capacity = capacity;
    });
}

Nemesis::Victim* Nemesis::draw_victim(FaultKind kind) {
    std::vector<Victim*> possible;
    for (Victim& victim : victims_) {
        if (victim.may.has(kind) && victim.actor->is_running()) possible.push_back(&victim);
    }
    return possible.empty() ? nullptr : pick(run_.prng(), possible);
}

void Nemesis::pause() {
    const Victim* victim = draw_victim(FaultKind::pause);
    if (victim == nullptr || lasting_.size() >= kMaxLasting) return;
    virtual_world::Process* process = victim->actor->process();
    if (process->is_paused()) return;
    run_.tell(fmt::format("{} {} pauses", process->host().name(), process->name()));
    process->pause();
    last([this, process] {
        run_.tell(fmt::format("{} {} goes on", process->host().name(), process->name()));
        process->resume();
    });
}

void Nemesis::jump_clock() {
    const std::int64_t most_ns = run_.faults().max_clock_jump_ns;
    const std::int64_t by_ns = run_.prng().between({-most_ns, most_ns});
    Host* host = pick(run_.prng(), hosts_);
    run_.tell(fmt::format("{}: the wall clock is set by {} ms", host->name(), by_ns / 1'000'000));
    host->clock().jump(by_ns);
}

void Nemesis::end_actor(FaultKind kind) {
    const Victim* victim = draw_victim(kind);
    if (victim == nullptr) return;
    if (kind == FaultKind::kill) {
        victim->actor->kill();
    } else {
        victim->actor->ask_to_end();
    }
}

void Nemesis::crash_host() {
    if (!crashing_.empty()) crash(*pick(run_.prng(), crashing_));
}

void Nemesis::crash(Host& host) {
    run_.tell(host.name() + ": the power fails");
    host.crash();
    if (host_crash_listener_) host_crash_listener_(host);
}

}  // namespace tern::sim
