#include "sim/scenarios/shutdown_cycle.hpp"

#include <fmt/format.h>

#include "sim/checkers/clean_shutdown.hpp"
#include "sim/harness/node_and_client.hpp"
#include "tern/base/error.hpp"
#include "tern/cluster/cluster_types.hpp"
#include "tern/memory/counter_types.hpp"

namespace tern::sim {
namespace {

namespace counter_type = memory::counter_type;
using cluster::ControlToggle;

constexpr std::int64_t kElectionClosed = 17;
constexpr std::uint32_t kNoDelayPpm = 300'000;
constexpr std::uint32_t kCutOffPpm = 200'000;
constexpr std::uint32_t kFromTheStartPpm = 700'000;
constexpr std::uint32_t kStepsPpm = 500'000;
constexpr std::int64_t kMaxSteps = 600;
constexpr std::uint32_t kSlowWorldPpm = 500'000;
constexpr platform::sim::Range kSlowIdleNs{5'000'000, 20'000'000};
constexpr platform::sim::Range kMomentBits{10, 25};  // 1 us to 34 ms, short as likely as long

}  // namespace

std::string_view to_string(Ending ending) noexcept {
    switch (ending) {
        case Ending::close_during_start:
            return "close during start";
        case Ending::shutdown:
            return "shutdown";
        case Ending::abort:
            return "abort";
        case Ending::close:
            return "close";
        case Ending::close_during_snapshot:
            return "close during snapshot";
        case Ending::close_after_snapshot:
            return "close after snapshot";
        case Ending::close_during_shutdown:
            return "close during shutdown";
    }
    return "unknown";
}

ShutdownCycle::ShutdownCycle(Stage& stage, NodeProcess& node, NodeOperator& node_operator,
                             CountingClient& client, CycleOptions options)
    : stage_(stage), node_(node), operator_(node_operator), client_(client), options_(options) {}

std::vector<std::string> ShutdownCycle::run(Ending ending) {
    findings_.clear();
    node_.start();
    try {
        await("the driver's CnC file", [&] { return operator_.attach(); });
        if (ending != Ending::close_during_start) {
            delay();
            serve();
            part_from_client();
        }
        end(ending);
    } catch (const TimeoutError& error) {
        findings_.emplace_back(error.what());
    }
    close_node();
    client_.abandon_session();
    if (options_.cut_client_off) options_.cut_client_off(false);
    for (auto& finding : client_.take_findings()) findings_.push_back(std::move(finding));
    for (auto& finding : check_clean_shutdown(node_, operator_)) {
        findings_.push_back(std::move(finding));
    }
    return findings_;
}

void ShutdownCycle::serve() {
    await("a leader", [&] {
        return operator_.counter(counter_type::kClusterElectionState) == kElectionClosed;
    });
    client_.open();
    await("the client's session and the recovered state", [&] { return client_.is_ready(); });
    const std::int64_t commands = stage_.prng().between({1, options_.max_commands});
    for (std::int64_t i = 0; i < commands; ++i) client_.add(stage_.prng().between({1, 1000}));
    await("the answers to the commands", [&] { return client_.is_idle(); });
    delay();
}

/// Clients stay, leave, die, or are in the middle of something when a node ends.
void ShutdownCycle::part_from_client() {
    if (options_.cut_client_off && stage_.prng().chance(kCutOffPpm)) {
        options_.cut_client_off(true);
    }
    switch (stage_.prng().between({0, 3})) {
        case 0:
            client_.close_session();
            break;
        case 1:
            client_.abandon_session();
            break;
        case 2:
            for (int i = 0; i < 20; ++i) client_.add(stage_.prng().between({1, 1000}));
            break;
        default:
            break;
    }
    disturb();
}

void ShutdownCycle::end(Ending ending) {
    const auto snapshots = operator_.counter(counter_type::kClusterSnapshotCount);
    switch (ending) {
        case Ending::close_during_start:
            pass_some_time();
            break;
        case Ending::shutdown:
            request(ControlToggle::shutdown);
            await_shutdown();
            break;
        case Ending::abort:
            request(ControlToggle::abort);
            disturb();
            await("the node's end after ABORT", [&] { return node_.has_ended(); });
            break;
        case Ending::close:
            break;
        case Ending::close_during_snapshot:
            request(ControlToggle::snapshot);
            await_some_moment(snapshots);
            break;
        case Ending::close_after_snapshot:
            request(ControlToggle::snapshot);
            await("the snapshot", [&] {
                return operator_.counter(counter_type::kClusterSnapshotCount) != snapshots;
            });
            delay();
            break;
        case Ending::close_during_shutdown:
            request(ControlToggle::shutdown);
            await_some_moment(snapshots);
            break;
    }
}

void ShutdownCycle::request(ControlToggle toggle) {
    await("the toggle to be free", [&] { return operator_.request(toggle); });
}

/// Anywhere in what follows a request.
void ShutdownCycle::await_some_moment(std::optional<std::int64_t> snapshots_before) {
    if (options_.interrupted_after || stage_.prng().chance(kFromTheStartPpm)) {
        await("the request to be seen", [&] {
            const auto snapshots = operator_.counter(counter_type::kClusterSnapshotCount);
            return !is_active() || snapshots != snapshots_before || node_.has_ended();
        });
    }
    pass_some_time();
}

void ShutdownCycle::pass_some_time() {
    if (options_.interrupted_after) {
        for (int i = 0; i < *options_.interrupted_after; ++i) stage_.step();
        return;
    }
    const std::int64_t most_ns = std::int64_t{1} << stage_.prng().between(kMomentBits);
    stage_.pass(stage_.prng().between({0, most_ns}));
}

bool ShutdownCycle::is_active() const {
    return operator_.counter(counter_type::kConsensusModuleState) ==
           static_cast<std::int64_t>(cluster::ModuleState::active);
}

void ShutdownCycle::await_shutdown() {
    const auto snapshots = operator_.counter(counter_type::kClusterSnapshotCount);
    disturb();
    await("SHUTDOWN to be seen", [&] { return !is_active() || node_.has_ended(); });
    disturb();
    await("the snapshot of the shutdown", [&] {
        return operator_.counter(counter_type::kClusterSnapshotCount) != snapshots ||
               node_.has_ended();
    });
    disturb();
    await("the container to close after SHUTDOWN", [&] {
        return !operator_.counter(counter_type::kClusteredServiceErrorCount) || node_.has_ended();
    });
    disturb();
    await("the node's end after SHUTDOWN", [&] { return node_.has_ended(); });
}

void ShutdownCycle::close_node() {
    operator_.watch_error_counters();
    node_.close([&] {
        operator_.watch_error_counters();
        delay();
    });
    operator_.watch_error_counters();
}

void ShutdownCycle::await(const char* what, const std::function<bool()>& condition) {
    const bool done = stage_.await(condition, options_.patience_ns);
    operator_.watch_error_counters();
    if (!done) {
        throw TimeoutError(
            fmt::format("waited {} ms for {}", options_.patience_ns / 1'000'000, what));
    }
}

void ShutdownCycle::delay() {
    if (stage_.prng().chance(kNoDelayPpm)) return;
    stage_.pass(stage_.prng().between({0, options_.max_delay_ns}));
}

void ShutdownCycle::disturb() {
    if (stage_.prng().chance(kNoDelayPpm)) return delay();
    node_.stall(stage_.prng(), stage_.prng().between({0, options_.max_delay_ns}));
}

void play_shutdown(Run& run) {
    NodeAndClient world(run, kFaultsOfCycles);
    auto& prng = run.prng();
    // The slower everybody looks, the longer each step of a start or an end can be interrupted.
    if (prng.chance(kSlowWorldPpm)) {
        world.world().scheduler().options().max_idle_ns = prng.between(kSlowIdleNs);
        run.note_option("slow turns");
    }
    for (int i = 0; run.now_ns() < run.duration_ns() && !run.is_violated(); ++i) {
        CycleOptions options;
        options.cut_client_off = [&](bool is_cut) { world.cut_client_off(is_cut); };
        const auto ending = static_cast<Ending>(prng.between({0, kEndingCount - 1}));
        if (prng.chance(kStepsPpm)) {
            options.interrupted_after = static_cast<int>(prng.between({0, kMaxSteps}));
        }
        ShutdownCycle cycle(world.stage(), world.node(), world.node_operator(), world.client(),
                            options);
        run.tell(fmt::format("cycle {}: {}", i, to_string(ending)));
        for (const auto& finding : cycle.run(ending)) {
            run.violation(fmt::format("{}: {}", to_string(ending), finding));
        }
    }
}

}  // namespace tern::sim
