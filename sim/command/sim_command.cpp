#include "sim/command/sim_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "sim/command/proof.hpp"
#include "sim/command/worker_processes.hpp"
#include "sim/scenarios/scenario.hpp"
#include "tern/base/planted_fault.hpp"
#include "tern/platform/posix/platform.hpp"
#include "tern/tools/command.hpp"

namespace tern::sim {
namespace {

constexpr double kNanosPerMinute = 60e9;
constexpr std::uint64_t kDefaultSeeds = 100;
constexpr std::uint64_t kDefaultProofSeeds = 500;
constexpr std::uint64_t kMaxFreshSeed = 1'000'000'000'000;

struct Options {
    std::string scenario;
    std::optional<std::uint64_t> seed;
    std::optional<std::uint64_t> seeds;  // kDefaultSeeds, or kDefaultProofSeeds
    std::optional<std::uint64_t> first_seed;
    double minutes = 1;
    int jobs = 0;
    std::string trace;
    bool is_tracing_events = false;
    bool is_listing = false;
    bool is_hashing = false;
    bool is_stopping = false;
    bool is_proving = false;
    std::string planted;
};

std::vector<const Scenario*> chosen_scenarios(const Options& options) {
    if (!options.scenario.empty()) return {find_scenario(options.scenario)};
    std::vector<const Scenario*> all;
    for (const Scenario& scenario : scenarios()) all.push_back(&scenario);
    return all;
}

RunOptions run_options(const Options& options, std::uint64_t seed) {
    RunOptions run;
    run.seed = seed;
    run.duration_ns = static_cast<std::int64_t>(options.minutes * kNanosPerMinute);
    return run;
}

void list() {
    for (const Scenario& scenario : scenarios()) {
        fmt::print("{:<10} {}\n", scenario.name, scenario.summary);
    }
}

/// One seed, to look at.
bool run_one(const Options& options) {
    bool is_good = true;
    for (const Scenario* scenario : chosen_scenarios(options)) {
        RunOptions run = run_options(options, *options.seed);
        std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(nullptr, std::fclose);
        if (!options.trace.empty()) {
            std::FILE* out = stdout;
            if (options.trace != "-") {
                file.reset(std::fopen(options.trace.c_str(), "w"));
                if (!file) throw Error("cannot write the trace to " + options.trace);
                out = file.get();
            }
            run.trace = [out](std::string_view line) { fmt::print(out, "{}\n", line); };
            run.is_tracing_events = options.is_tracing_events;
        }
        const Report report = play(*scenario, run);
        if (options.is_hashing) {
            fmt::print("{} {} {:016x}\n", scenario->name, report.seed, report.hash);
        } else if (report.is_good()) {
            fmt::print("{} seed {}: good; {:.1f} virtual s, {} events, hash {:016x}\n",
                       scenario->name, report.seed, static_cast<double>(report.virtual_ns) / 1e9,
                       report.event_count, report.hash);
            fmt::print("drawn from the seed: {}\n", report.drawn_options);
        }
        if (!report.is_good()) fmt::print("{}", describe(*scenario, report));
        is_good = is_good && report.is_good();
    }
    return is_good;
}

/// What a worker tells of a run: the first character says whether it was good.
std::string result_of(const Scenario& scenario, const RunOptions& options) {
    const Report report = play(scenario, options);
    if (!report.is_good()) return "!" + describe(scenario, report);
    return fmt::format("={} {:016x}", report.virtual_ns, report.hash);
}

struct Tally {
    std::uint64_t done = 0;
    std::uint64_t failed = 0;
    double virtual_s = 0;
    std::vector<std::string> hashes;  // by task
};

void count_result(const Scenario& scenario, const Options& options, std::uint64_t first_seed,
                  const TaskResult& result, Tally& tally) {
    ++tally.done;
    const std::uint64_t seed = first_seed + result.task;
    if (result.text && result.text->starts_with('=')) {
        const auto space = result.text->find(' ');
        tally.virtual_s += std::stod(result.text->substr(1, space)) / 1e9;
        if (options.is_hashing) tally.hashes[result.task] = result.text->substr(space + 1);
        return;
    }
    ++tally.failed;
    if (options.is_hashing) tally.hashes[result.task] = "failed";
    if (result.text) {
        fmt::print("{}\n", result.text->substr(1));
    } else {
        fmt::print("{} seed {}: the process died: {}\nagain: tern sim --scenario {} --seed {}\n\n",
                   scenario.name, seed, result.death, scenario.name, seed);
    }
}

/// Many seeds on all processors; true when all were good.
bool run_batch(const Options& options, const Scenario& scenario, std::uint64_t first_seed) {
    const std::uint64_t seeds = options.seeds.value_or(kDefaultSeeds);
    const auto began = std::chrono::steady_clock::now();
    const auto seconds = [began] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    };
    Tally tally;
    if (options.is_hashing) tally.hashes.resize(seeds);
    double next_progress_s = 10;
    run_in_processes(
        seeds, options.jobs,
        [&](std::uint64_t task) {
            return result_of(scenario, run_options(options, first_seed + task));
        },
        [&](const TaskResult& result) {
            count_result(scenario, options, first_seed, result, tally);
            if (!options.is_hashing && seconds() >= next_progress_s) {
                next_progress_s = seconds() + 10;
                fmt::print("{}: {} of {} seeds, {} failed\n", scenario.name, tally.done, seeds,
                           tally.failed);
            }
            std::fflush(stdout);
            return tally.failed == 0 || !options.is_stopping;
        });
    for (std::uint64_t i = 0; i < tally.hashes.size(); ++i) {
        fmt::print("{} {} {}\n", scenario.name, first_seed + i, tally.hashes[i]);
    }
    if (!options.is_hashing) {
        fmt::print(
            "{}: {} seeds from {}, {} failed; {:.0f} virtual minutes in {:.1f} s, {:.0f} "
            "times faster than real time\n",
            scenario.name, tally.done, first_seed, tally.failed, tally.virtual_s / 60, seconds(),
            tally.virtual_s / seconds());
    }
    return tally.failed == 0;
}

bool run(Options& options) {
    if (options.is_listing) return list(), true;
    const auto fault = parse_fault(options.planted);
    if (fault && !options.is_proving) {
#ifdef TERN_PLANTED_FAULTS
        planted_fault.store(*fault);
#else
        throw Error(
            "--plant: this build has no planted faults; those of the presets sim and debug do");
#endif
    }
    if (options.seed) return run_one(options);
    if (options.jobs == 0) {
        options.jobs = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    }
    if (options.is_proving) {
        return prove_that_faults_are_found(
            {.first_seed = options.first_seed.value_or(1),
             .max_seeds = options.seeds.value_or(kDefaultProofSeeds),
             .duration_ns = static_cast<std::int64_t>(options.minutes * kNanosPerMinute),
             .jobs = options.jobs,
             .only = fault});
    }
    const platform::Platform machine = platform::posix::make_platform();
    bool is_good = true;
    for (const Scenario* scenario : chosen_scenarios(options)) {
        const std::uint64_t first =
            options.first_seed.value_or(machine.random.next_u64() % kMaxFreshSeed);
        is_good = run_batch(options, *scenario, first) && is_good;
    }
    return is_good;
}

}  // namespace

void add_sim_command(CLI::App& app, int& exit_code) {
    auto* command = app.add_subcommand(
        "sim",
        "Run the stack in a simulated world: virtual time, faults, every choice from a seed");
    auto options = std::make_shared<Options>();
    command->footer(
        "Examples:\n"
        "  tern sim                                     100 fresh seeds of each scenario\n"
        "  tern sim --scenario streams --seeds 2000     many of one\n"
        "  tern sim --scenario streams --seed 42        one again, e.g. one that failed\n"
        "  tern sim --scenario streams --seed 42 --trace story.txt\n");
    command->add_flag("--list", options->is_listing, "Tell the scenarios and end");
    command->add_option("--scenario", options->scenario, "One of --list; all when it is not given")
        ->check([](const std::string& name) {
            return find_scenario(name) != nullptr ? std::string()
                                                  : "no scenario '" + name + "'; see --list";
        });
    command->add_option("--minutes", options->minutes, "Virtual minutes of each run")
        ->check(CLI::Range(0.01, 10'000.0))
        ->capture_default_str();
    auto* seed = command->add_option("--seed", options->seed, "Run this seed alone");
    command
        ->add_option(
            "--seeds", options->seeds,
            fmt::format("How many seeds; {}, with --prove {}", kDefaultSeeds, kDefaultProofSeeds))
        ->excludes(seed);
    command->add_option("--first-seed", options->first_seed, "Seeds from here on, not fresh ones")
        ->excludes(seed);
    command->add_option("--jobs", options->jobs, "Processes at once; 0: as many as processors")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
    command->add_flag("--stop", options->is_stopping, "End at the first seed that fails");
    command->add_flag("--hash", options->is_hashing,
                      "One line for each seed: the hash of its events");
    command
        ->add_option("--trace", options->trace,
                     "Write what happens to this file; '-': to the output")
        ->needs(seed);
    command
        ->add_flag("--events", options->is_tracing_events, "Trace every event, not the story only")
        ->needs("--trace");
    command
        ->add_option("--plant", options->planted,
                     "Make a mistake on purpose (test builds only), to see it found")
        ->check([](const std::string& name) {
            return parse_fault(name) ? std::string() : "no planted fault '" + name + "'";
        });
    command->add_flag(
        "--prove", options->is_proving,
        "Plant every mistake, or the one of --plant, and tell how many seeds find it (test "
        "builds)");
    command->callback([options, &exit_code] {
        try {
            exit_code = run(*options) ? tools::kExitSuccess : tools::kExitFailure;
        } catch (const std::exception& error) {
            fmt::print(stderr, "tern sim: {}\n", error.what());
            exit_code = tools::kExitFailure;
        }
    });
}

}  // namespace tern::sim
