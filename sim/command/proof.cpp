#include "sim/command/proof.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "sim/command/worker_processes.hpp"
#include "sim/scenarios/scenario.hpp"
#include "tern/base/planted_fault.hpp"

namespace tern::sim {

#ifdef TERN_PLANTED_FAULTS

namespace {

struct Finding {
    std::string_view scenario;
    std::uint64_t seeds;  // tried, with the one that found it
    std::string text;
};

/// The seeds of the scenarios in turn, until one of them fails that is good without the fault.
std::optional<Finding> find(const FaultInfo& fault, const ProofOptions& options) {
    std::vector<const Scenario*> candidates;
    for (const Scenario& scenario : scenarios()) {
        if (scenario.covers(fault.room)) candidates.push_back(&scenario);
    }
    if (candidates.empty()) return std::nullopt;
    const auto scenario_of = [&](std::uint64_t task) {
        return candidates[static_cast<std::size_t>(task % candidates.size())];
    };
    const PlantedFault planted(fault.fault);
    std::optional<Finding> finding;
    run_in_processes(
        options.max_seeds * candidates.size(), options.jobs,
        [&](std::uint64_t task) -> std::string {
            RunOptions run;
            run.seed = options.first_seed + task / candidates.size();
            run.duration_ns = options.duration_ns;
            const Report report = play(*scenario_of(task), run);
            if (report.is_good()) return "";
            planted_fault.store(Fault::none);
            const bool is_its_doing = play(*scenario_of(task), run).is_good();
            planted_fault.store(fault.fault);
            return is_its_doing ? report.violations.front() : "";
        },
        [&](const TaskResult& result) {
            const std::string text = result.text.value_or("the process died: " + result.death);
            if (text.empty()) return true;
            finding = {scenario_of(result.task)->name, result.task / candidates.size() + 1, text};
            return false;
        });
    return finding;
}

}  // namespace

bool prove_that_faults_are_found(const ProofOptions& options) {
    std::size_t missed = 0;
    std::size_t found = 0;
    fmt::print("{:<36} {:<10} {:<10} {:>5}  {}\n", "fault", "room", "found by", "seeds", "as");
    for (const FaultInfo& fault : kFaults) {
        if (options.only && fault.fault != *options.only) continue;
        const auto finding = find(fault, options);
        if (finding) {
            ++found;
            fmt::print("{:<36} {:<10} {:<10} {:>5}  {:.100}\n", fault.name, fault.room,
                       finding->scenario, finding->seeds, finding->text);
        } else {
            ++missed;
            fmt::print("{:<36} {:<10} MISSED\n", fault.name, fault.room);
        }
        std::fflush(stdout);
    }
    fmt::print("{} of {} faults found within {} seeds\n", found, found + missed, options.max_seeds);
    return missed == 0;
}

#else

bool prove_that_faults_are_found(const ProofOptions& /*options*/) {
    throw Error("this build has no planted faults; those of the presets sim and debug do");
}

#endif

}  // namespace tern::sim
