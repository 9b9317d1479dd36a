#include "sim/harness/fault_options.hpp"

#include <fmt/format.h>

#include <array>

namespace tern::sim {
namespace {

using virtual_world::Prng;
using virtual_world::Range;

constexpr std::array<std::string_view, static_cast<std::size_t>(FaultKind::count_)> kNames{
    "delay",       "loss",        "burst loss",   "duplication", "reordering",
    "damage",      "link stalls", "narrow links", "short sends", "disk latency",
    "disk errors", "preemption",  "clock drift",  "partition",   "one-way partition",
    "dead link",   "slow link",   "full disk",    "pause",       "clock jump",
    "kill",        "close",       "host crash",   "bit rot",     "older files"};

constexpr std::int64_t kShortestIdleNs = 1'000'000;  // to 8 ms
constexpr std::uint32_t kFaultlessRunPpm = 50'000;
constexpr std::uint32_t kFaultOnPpm = 400'000;

/// Weak ones as likely as strong ones: uniform in the logarithm.
std::uint32_t strength(Prng& prng, std::uint32_t most_ppm) {
    const std::int64_t halvings = prng.between({0, 9});
    const std::uint32_t top = most_ppm >> static_cast<unsigned>(halvings);
    return static_cast<std::uint32_t>(prng.between({top / 2 + 1, top + 1}));
}

void draw_links(FaultOptions& options, Prng& prng) {
    auto& network = options.world.network;
    auto& link = network.link;
    const auto on = [&](FaultKind kind) { return options.on.has(kind); };
    if (on(FaultKind::delay)) link.delay_ns = {20'000, prng.between({200'000, 50'000'000})};
    if (on(FaultKind::loss)) link.loss_ppm = strength(prng, 200'000);
    if (on(FaultKind::burst_loss)) {
        link.burst_begin_ppm = strength(prng, 10'000);
        link.burst_end_ppm = static_cast<std::uint32_t>(prng.between({10'000, 500'000}));
    }
    if (on(FaultKind::duplication)) link.duplicate_ppm = strength(prng, 200'000);
    if (on(FaultKind::reordering)) {
        link.reorder_ppm = strength(prng, 200'000);
        link.reorder_delay_ns = {50'000, prng.between({100'000, 20'000'000})};
    }
    if (on(FaultKind::damage)) {
        link.damage_ppm = strength(prng, 50'000);
        link.damaged_copy_ppm = strength(prng, 50'000);
    }
    if (on(FaultKind::link_stalls)) {
        link.stall_ppm = strength(prng, 5'000);
        link.stall_ns = {1'000'000, prng.between({2'000'000, 300'000'000})};
    }
    if (on(FaultKind::narrow_links)) link.bytes_per_second = prng.between({500'000, 20'000'000});
    if (on(FaultKind::short_sends)) network.short_send_ppm = strength(prng, 200'000);
}

void draw_machines(FaultOptions& options, Prng& prng) {
    auto& disk = options.world.disk;
    const auto on = [&](FaultKind kind) { return options.on.has(kind); };
    if (on(FaultKind::disk_latency)) {
        disk.read_latency_ns = {0, prng.between({1'000, 1'000'000})};
        disk.write_latency_ns = {0, prng.between({1'000, 2'000'000})};
        disk.sync_latency_ns = {0, prng.between({10'000, 20'000'000})};
        disk.stall_ppm = strength(prng, 5'000);
    }
    if (on(FaultKind::disk_errors)) {
        disk.read_error_ppm = strength(prng, 1'000);
        disk.write_error_ppm = strength(prng, 1'000);
        disk.sync_error_ppm = strength(prng, 1'000);
    }
    auto& schedule = options.world.schedule;
    if (on(FaultKind::preemption)) {
        schedule.preempt_ppm = strength(prng, 20'000);
        schedule.preempt_ns = {1'000, prng.between({10'000, 20'000'000})};
    }
    schedule.max_idle_ns = kShortestIdleNs << prng.between({0, 3});
    auto& crash = disk.crash;
    crash.lose_page_ppm = static_cast<std::uint32_t>(prng.between({0, 1'000'000}));
    crash.tear_page_ppm = static_cast<std::uint32_t>(prng.between({0, 500'000}));
    crash.lose_size_ppm = static_cast<std::uint32_t>(prng.between({0, 1'000'000}));
    crash.lose_directory_changes_ppm = static_cast<std::uint32_t>(prng.between({0, 1'000'000}));
    if (on(FaultKind::clock_drift)) options.max_drift_ppm = prng.between({10, 2'000});
    if (on(FaultKind::clock_jump)) {
        options.max_clock_jump_ns = prng.between({1'000'000, 10'000'000'000});
    }
}

}  // namespace

std::string_view to_string(FaultKind kind) noexcept {
    return kNames[static_cast<std::size_t>(kind)];
}

FaultOptions FaultOptions::draw(std::uint64_t seed, FaultSet possible) {
    Prng prng(seed ^ 0x6661756c7473ULL);  // apart from the world's own draws
    FaultOptions options;
    const bool is_faultless = prng.chance(kFaultlessRunPpm);
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        const auto kind = static_cast<FaultKind>(i);
        const bool is_drawn = prng.chance(kFaultOnPpm);
        if (is_drawn && !is_faultless && possible.has(kind)) options.on = options.on.with(kind);
    }
    draw_links(options, prng);
    draw_machines(options, prng);
    options.interval_ns = {100'000'000, prng.between({500'000'000, 8'000'000'000})};
    options.duration_ns = {1'000'000, prng.between({100'000'000, 5'000'000'000})};
    return options;
}

std::string FaultOptions::to_string() const {
    std::string text = "faults:";
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        if (!on.has(static_cast<FaultKind>(i))) continue;
        text += text.ends_with(':') ? " " : ", ";
        text += kNames[i];
    }
    if (text.ends_with(':')) text += " none";
    const auto& link = world.network.link;
    return text + fmt::format(
                      " (delay to {} us, loss {}, bursts {}, duplicates {}, reordered {}, damaged "
                      "{}+{}, stalls {}, short sends {}, preemption {} ppm; every {} to {} ms)",
                      link.delay_ns.max / 1000, link.loss_ppm, link.burst_begin_ppm,
                      link.duplicate_ppm, link.reorder_ppm, link.damage_ppm, link.damaged_copy_ppm,
                      link.stall_ppm, world.network.short_send_ppm, world.schedule.preempt_ppm,
                      interval_ns.min / 1'000'000, interval_ns.max / 1'000'000);
}

}  // namespace tern::sim
