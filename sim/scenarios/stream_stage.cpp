#include "sim/scenarios/stream_stage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/checkers/driver_hygiene.hpp"
#include "sim/harness/nemesis.hpp"

namespace tern::sim {
namespace {

using virtual_world::Range;

constexpr const char* kAeronDirectory = "/dev/shm/aeron";
constexpr std::array kHostNames{"alpha", "beta", "gamma"};
static_assert(kHostNames.size() == kStreamHosts);
constexpr std::int64_t kSecond = 1'000'000'000;

// Bounds. A driver takes over from a dead one after 10 s, clients give a dead driver up after 10 s,
// images that timed out are let in again after 10 s, an abandoned claim is passed after 15 s.
constexpr std::int64_t kFlowTimeoutNs = 40 * kSecond;
constexpr std::int64_t kDrainTimeoutNs = 10 * kSecond;
constexpr std::int64_t kIdleNs = 12 * kSecond;  // longer than images live without a heartbeat
constexpr std::int64_t kResumeTimeoutNs = 5 * kSecond;
constexpr Range kUnheardNs{1'200'000'000, 2 * kSecond};  // a stream that ended is repaired for 5 s
constexpr std::uint32_t kUnheardLossPpm = 300'000;
constexpr std::int64_t kEndTimeoutNs = 40 * kSecond;
constexpr std::int64_t kReleaseTimeoutNs = 40 * kSecond;
constexpr std::int64_t kCloseTimeoutNs = 10 * kSecond;
constexpr std::int64_t kLookIntervalNs = 10'000'000;

constexpr FaultSet kMachineFaults{FaultKind::preemption, FaultKind::clock_drift, FaultKind::pause,
                                  FaultKind::clock_jump, FaultKind::kill,        FaultKind::close,
                                  FaultKind::host_crash};
constexpr FaultSet kActorFaults{FaultKind::kill, FaultKind::close, FaultKind::pause};

}  // namespace

std::string address_of_host(std::size_t host) { return fmt::format("10.0.0.{}", host + 1); }

StreamStage::StreamStage(Run& run) : StreamStage(run, kNetworkFaults | kMachineFaults) {}

StreamStage::StreamStage(Run& run, const virtual_world::LinkOptions& link)
    : StreamStage(run, FaultSet{}) {
    link_of_the_end_ = link;
    is_link_given_ = true;
    set_links();
}

StreamStage::StreamStage(Run& run, FaultSet faults) : run_(run) {
    auto& world = run.make_world(faults);
    const bool is_shared = run.prng().chance(500'000);
    run.note_option(is_shared ? "drivers on one thread each" : "drivers on three threads each");
    for (const char* name : kHostNames) {
        auto& host = *hosts_.emplace_back(&world.add_host(name));
        auto context =
            make_driver_context(kAeronDirectory, is_shared ? driver::ThreadingMode::shared
                                                           : driver::ThreadingMode::dedicated);
        drivers_.push_back(std::make_unique<DriverActor>(run, host, std::move(context)));
        for (std::size_t i = 0; i < kProgramsPerHost; ++i) {
            programs_.push_back(std::make_unique<StreamProgram>(
                run, *drivers_.back(), ledger_, traffic_, fmt::format("program {}", i + 1)));
        }
    }
}

// Who publishes what ----------------------------------------------------------------------------
std::uint64_t StreamStage::add(const StreamPlan& plan) {
    const std::uint64_t key = ++last_key_;
    run_.note_option(fmt::format("{:#x} {}", key, plan.name));
    // Somebody binds what a client that died, or has closed just now, is still bound to.
    if (plan.is_for_one) tolerate("Address already in use");
    add_publishers(key, plan);
    for (const std::size_t host : plan.to) add_subscribers(key, plan, host);
    return key;
}

void StreamStage::add_publishers(std::uint64_t key, const StreamPlan& plan) {
    const PublisherOptions options = draw_publisher(key, plan);
    const bool has_two = run_.prng().chance(400'000);
    const auto first = static_cast<std::size_t>(run_.prng().between({0, 1}));
    program(plan.from, first).add(options);
    if (has_two && !plan.is_from_one) program(plan.from, 1 - first).add(options);
}

PublisherOptions StreamStage::draw_publisher(std::uint64_t key, const StreamPlan& plan) {
    auto& prng = run_.prng();
    constexpr std::array<std::int64_t, 4> kLengths{100, 1'000, 1'376, 8'000};
    PublisherOptions options;
    options.key = key;
    options.channel = plan.channel(plan.from);
    options.stream_id = stream_id_of(key);
    options.is_exclusive = prng.chance(400'000);
    options.length.max = kLengths[static_cast<std::size_t>(prng.between({0, 3}))];
    options.burst.max = prng.between({1, 60});
    const std::int64_t bytes_per_second = prng.between({5'000, 80'000});
    const std::int64_t bytes = (options.length.max / 2 + 50) * (options.burst.max / 2 + 1);
    options.pause_ns = {0, 2 * bytes * kSecond / bytes_per_second};
    if (prng.chance(150'000)) options.pause_ns = {0, 20 * kSecond};
    if (prng.chance(500'000)) options.claim_ppm = 300'000;
    if (prng.chance(500'000)) {
        options.hold_ppm = 100'000;
        options.hold_ns.max = prng.between({1, 500}) * 1'000'000;
    }
    if (prng.chance(500'000)) options.abort_ppm = 100'000;
    if (prng.chance(500'000)) {
        options.life_ns = {1 * kSecond, prng.between({2, 20}) * kSecond};
        options.rest_ns = {0, prng.between({1, 3'000}) * 1'000'000};
    }
    if (plan.adapt_publisher) plan.adapt_publisher(options);
    return options;
}

void StreamStage::add_subscribers(std::uint64_t key, const StreamPlan& plan, std::size_t host) {
    const bool has_two = run_.prng().chance(400'000);
    const auto first = static_cast<std::size_t>(run_.prng().between({0, 1}));
    program(host, first).add(draw_subscriber(key, plan, host));
    if (has_two && !plan.is_for_one) program(host, 1 - first).add(draw_subscriber(key, plan, host));
}

SubscriberOptions StreamStage::draw_subscriber(std::uint64_t key, const StreamPlan& plan,
                                               std::size_t host) {
    auto& prng = run_.prng();
    SubscriberOptions options;
    options.key = key;
    options.channel = plan.channel(host);
    options.stream_id = stream_id_of(key);
    options.is_ipc = plan.is_ipc;
    options.is_group = plan.is_group;
    options.fragment_limit = static_cast<int>(prng.between({1, 20}));
    options.is_controlled = prng.chance(500'000);
    if (prng.chance(500'000)) options.abort_ppm = 50'000;
    if (prng.chance(500'000)) {
        options.pause_ppm = 10'000;
        options.pause_ns = {1'000'000, prng.between({10, 6'000}) * 1'000'000};
    }
    if (prng.chance(400'000)) {
        options.life_ns = {1 * kSecond, prng.between({2, 20}) * kSecond};
        options.rest_ns = {0, prng.between({1, 3'000}) * 1'000'000};
    }
    if (plan.adapt_subscriber) plan.adapt_subscriber(options);
    return options;
}

// The run ---------------------------------------------------------------------------------------

void StreamStage::play() {
    Nemesis nemesis(run_);
    for (auto* host : hosts_) nemesis.add_host(*host, true);
    for (auto& driver : drivers_) nemesis.add_actor(*driver, kActorFaults);
    for (auto& program : programs_) nemesis.add_actor(*program, kActorFaults);
    for (auto& driver : drivers_) driver->start();
    for (auto& program : programs_) program->start();
    while (run_.now_ns() < run_.duration_ns()) {
        nemesis.step();
        run_.step();
    }
    nemesis.stop();
    traffic_.is_restless = false;
    if (!is_link_given_) draw_links_of_the_end();
    flow(kFlowTimeoutNs);
    if (run_.prng().chance(300'000)) rest();
    if (!is_link_given_ && run_.prng().chance(300'000)) lose_host();
    end_streams();
    if (at_end_) at_end_();
    end_programs();
    end_drivers();
}

void StreamStage::await(std::string_view what, std::int64_t timeout_ns,
                        const std::function<bool()>& is_so) {
    std::int64_t next_look_ns = 0;
    run_.await(what, timeout_ns, [&] {
        if (run_.now_ns() < next_look_ns) return false;
        next_look_ns = run_.now_ns() + kLookIntervalNs;
        return is_so();
    });
}

/// A little is lost even now: that must not matter.
void StreamStage::draw_links_of_the_end() {
    auto& prng = run_.prng();
    auto& link = link_of_the_end_;
    if (prng.chance(600'000))
        link.loss_ppm = static_cast<std::uint32_t>(prng.between({0, 150'000}));
    if (prng.chance(300'000)) link.duplicate_ppm = 20'000;
    if (prng.chance(300'000)) link.reorder_ppm = 20'000;
    run_.note_option(fmt::format("links of the end: loss {} ppm", link.loss_ppm));
    set_links();
}

void StreamStage::set_links() {
    for (const auto* from : hosts_) {
        for (const auto* to : hosts_) {
            if (from != to)
                run_.world().network().set_link(from->index(), to->index(), link_of_the_end_);
        }
    }
}

void StreamStage::set_mark() {
    ledger_.for_each([](std::uint64_t, std::int32_t, StreamSession& session) {
        session.mark = session.writer.sent() + 1;
    });
}

/// Each publisher is connected, and each subscriber has got something that was sent after the mark
/// from each of them; empty when it is so. Not `is_all`: but for those that were left behind.
std::string StreamStage::what_does_not_flow(bool is_all) {
    for (const auto& program : programs_) {
        if (program->is_ready()) continue;
        return fmt::format("{} {} to be connected", program->host().name(), program->name());
    }
    std::string missing;
    ledger_.for_each([&](std::uint64_t key, std::int32_t session_id, StreamSession& session) {
        if (!missing.empty() || !session.has_driver || !session.is_open()) return;
        for (const auto& program : programs_) {
            for (const auto& subscriber : program->subscribers()) {
                const auto& options = subscriber->options();
                if (options.key != key || options.is_stuck) continue;
                if (subscriber->has_read(session_id, session.mark)) continue;
                if (!is_all && subscriber->is_left_behind(session_id)) continue;
                missing =
                    fmt::format("message {} of stream {:#x} session {} at {} {}", session.mark, key,
                                session_id, program->host().name(), program->name());
            }
        }
    });
    return missing;
}

void StreamStage::flow(std::int64_t timeout_ns) {
    set_mark();
    std::string missing;
    const std::int64_t deadline_ns = run_.now_ns() + timeout_ns;
    await("messages on all streams", timeout_ns + kSecond, [&] {
        missing = what_does_not_flow();
        if (!missing.empty() && run_.now_ns() >= deadline_ns) {
            run_.violation(
                fmt::format("waited {} s in vain for {}", timeout_ns / kSecond, missing));
        }
        return missing.empty();
    });
    run_.tell("all streams flow");
}

/// Nothing is sent for longer than anything lives that is not kept alive; all that was sent has
/// arrived, but where a group has left a member behind, which joins anew meanwhile; then the
/// streams go on.
void StreamStage::rest() {
    traffic_.is_sending = false;
    run_.tell("the streams rest");
    run_.pass(kDrainTimeoutNs);
    ledger_.for_each([](std::uint64_t, std::int32_t, StreamSession& session) {
        session.mark = session.writer.sent();
    });
    const std::string missing = what_does_not_flow(/*is_all=*/false);
    if (!missing.empty()) run_.violation("at rest, there is still no " + missing);
    run_.pass(kIdleNs - kDrainTimeoutNs);
    traffic_.is_sending = true;
    flow(kResumeTimeoutNs + 20 * kSecond);
}

/// The power of one host fails, for good: what the others had with it ends all the same.
void StreamStage::lose_host() {
    const auto lost = static_cast<std::size_t>(run_.prng().between({0, kStreamHosts - 1}));
    run_.tell(std::string(kHostNames[lost]) + ": the power fails, for good");
    hosts_[lost]->crash();
    hosts_.erase(hosts_.begin() + static_cast<std::ptrdiff_t>(lost));
}

void StreamStage::end_streams() {
    traffic_.is_ending = true;
    run_.tell("the streams end");
    if (!is_link_given_ && run_.prng().chance(500'000)) be_unheard();
    const std::int64_t deadline_ns = run_.now_ns() + kEndTimeoutNs;
    await("the end of all streams", kEndTimeoutNs + kSecond, [&] {
        std::string open;
        for (const auto& program : programs_) {
            if (open.empty()) open = program->open_stream();
        }
        if (!open.empty() && run_.now_ns() >= deadline_ns) run_.violation("at the end " + open);
        return open.empty();
    });
}

/// For a while one host is not heard, and hears badly: what it lacks at the end of its streams it
/// asks for in vain.
void StreamStage::be_unheard() {
    auto& network = run_.world().network();
    const auto last = static_cast<std::int64_t>(hosts_.size()) - 1;
    const auto* host = hosts_[static_cast<std::size_t>(run_.prng().between({0, last}))];
    auto bad_link = link_of_the_end_;
    bad_link.loss_ppm = kUnheardLossPpm;
    run_.tell(host->name() + ": nothing from there reaches others");
    for (const auto* other : hosts_) {
        if (other == host) continue;
        network.block(host->index(), other->index());
        network.set_link(other->index(), host->index(), bad_link);
    }
    run_.pass(run_.prng().between(kUnheardNs));
    for (const auto* other : hosts_) {
        if (other == host) continue;
        network.unblock(host->index(), other->index());
        network.set_link(other->index(), host->index(), link_of_the_end_);
    }
    run_.tell(host->name() + ": is heard again");
}

std::int64_t StreamStage::count(memory::SystemCounter counter) {
    std::int64_t sum = 0;
    for (auto* host : hosts_) {
        auto& inspector = host->start("inspector");
        sum += system_counter(inspector.platform(), kAeronDirectory, counter);
        inspector.kill();
    }
    return sum;
}

void StreamStage::end_programs() {
    for (auto& program : programs_) program->ask_to_end();
    await("the end of all programs", kCloseTimeoutNs, [&] {
        return std::ranges::none_of(programs_, [](const auto& p) { return p->is_running(); });
    });
    std::vector<virtual_world::Process*> inspectors;
    for (auto* host : hosts_) inspectors.push_back(&host->start("inspector"));
    std::vector<std::string> left;
    const std::int64_t deadline_ns = run_.now_ns() + kReleaseTimeoutNs;
    await("drivers without anything of clients", kReleaseTimeoutNs + kSecond, [&] {
        left.clear();
        for (auto* inspector : inspectors) {
            for (const auto& line : left_in_driver(inspector->platform(), kAeronDirectory)) {
                left.push_back(inspector->host().name() + " still has " + line);
            }
        }
        if (run_.now_ns() >= deadline_ns) {
            for (const auto& line : left) run_.violation(line);
        }
        return left.empty();
    });
    for (auto* inspector : inspectors) {
        for (const auto& line : driver_errors(inspector->platform(), kAeronDirectory)) {
            if (!is_tolerated(line)) run_.violation(inspector->host().name() + ": " + line);
        }
        inspector->kill();
    }
}

bool StreamStage::is_tolerated(std::string_view error) const {
    return std::ranges::any_of(tolerated_errors_,
                               [&](std::string_view text) { return error.contains(text); });
}

void StreamStage::end_drivers() {
    for (auto& driver : drivers_) driver->ask_to_end();
    await("the end of all drivers", kCloseTimeoutNs, [&] {
        return std::ranges::none_of(drivers_, [](const auto& d) { return d->is_running(); });
    });
    for (auto* host : hosts_) {
        for (const auto& name : host->disk().list("/dev/shm")) {
            // It tells of those errors.
            if (!tolerated_errors_.empty() && name.ends_with("-error.log")) continue;
            run_.violation(fmt::format("{}: /dev/shm/{} is left", host->name(), name));
        }
    }
}

}  // namespace tern::sim
