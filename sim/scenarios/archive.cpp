#include "sim/scenarios/archive.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <vector>

#include "sim/actors/archive_actor.hpp"
#include "sim/actors/archive_worker.hpp"
#include "sim/actors/driver_actor.hpp"
#include "sim/harness/nemesis.hpp"

namespace tern::sim {
namespace {

constexpr const char* kAeronDirectory = "/dev/shm/aeron";
constexpr const char* kArchiveDirectory = "/archive";
constexpr std::int64_t kServiceNs = 120'000'000'000;
constexpr std::int64_t kEndNs = 90'000'000'000;

class ArchiveScenario {
  public:
    explicit ArchiveScenario(Run& run);
    void play();

  private:
    [[nodiscard]] ArchiveActorOptions draw_archive(virtual_world::Host& host);
    void add_users(virtual_world::Host& host, bool is_local, int count);
    void start();
    void end();

    Run& run_;
    virtual_world::World& world_;
    Nemesis nemesis_;
    ArchiveUse use_;
    std::vector<virtual_world::Host*> hosts_;
    std::vector<std::unique_ptr<DriverActor>> drivers_;
    std::unique_ptr<ArchiveActor> archive_;
    std::vector<std::unique_ptr<ArchiveWorker>> workers_;
    std::unique_ptr<ArchiveWorker> auditor_;
};

driver::ThreadingMode draw_threading(Run& run) {
    return run.prng().chance(500'000) ? driver::ThreadingMode::dedicated
                                      : driver::ThreadingMode::shared;
}

ArchiveScenario::ArchiveScenario(Run& run)
    : run_(run),
      world_(run.make_world(FaultSet::all().without({FaultKind::bit_rot, FaultKind::older_files}))),
      nemesis_(run) {
    for (const char* name : {"alpha", "beta", "gamma"}) {
        hosts_.push_back(&world_.add_host(name));
        nemesis_.add_host(*hosts_.back(), true);
    }
    use_.archive_host = hosts_[0]->name();
    const FaultSet disturbing = kNetworkFaults.without({FaultKind::delay, FaultKind::short_sends})
                                    .with(FaultKind::disk_errors)
                                    .with(FaultKind::full_disk)
                                    .with(FaultKind::pause)
                                    .with(FaultKind::kill)
                                    .with(FaultKind::close)
                                    .with(FaultKind::host_crash);
    use_.is_undisturbed = !run.faults().on.has_any(disturbing);
    archive_ = std::make_unique<ArchiveActor>(run, *hosts_[0], draw_archive(*hosts_[0]));
    const FaultSet may{FaultKind::kill, FaultKind::close, FaultKind::pause};
    for (auto* host : hosts_) {
        if (host == hosts_[0] && archive_->options().driver) continue;
        drivers_.push_back(std::make_unique<DriverActor>(
            run, *host, make_driver_context(kAeronDirectory, draw_threading(run))));
        nemesis_.add_actor(*drivers_.back(), may);
    }
    nemesis_.add_actor(*archive_, may);
    nemesis_.on_host_crash([this](virtual_world::Host& host) {
        const auto& archive = archive_->options().archive;
        if (&host != hosts_[0]) return;
        use_.book.host_crashed(archive.file_sync_level, archive.catalog_file_sync_level);
    });
    add_users(*hosts_[0], true, 2);
    add_users(*hosts_[1], false, 2);
    add_users(*hosts_[2], false, 1);
    auditor_ = std::make_unique<ArchiveWorker>(
        run, *hosts_[0], use_, ArchiveWorker::Task::audits,
        ArchiveUserOptions{.aeron_directory = kAeronDirectory, .is_local = true, .number = 100});
}

ArchiveActorOptions ArchiveScenario::draw_archive(virtual_world::Host& host) {
    auto& prng = run_.prng();
    ArchiveActorOptions options;
    options.archive = make_archive_context(host, kAeronDirectory, kArchiveDirectory);
    auto& archive = options.archive;
    archive.file_sync_level = static_cast<int>(prng.between({0, 2}));
    archive.catalog_file_sync_level = static_cast<int>(prng.between({archive.file_sync_level, 2}));
    const auto checksum = static_cast<archive::Checksum>(prng.between({0, 2}));
    archive.record_checksum = checksum;
    archive.replay_checksum = prng.chance(800'000) ? checksum : archive::Checksum::none;
    archive.segment_file_length = static_cast<std::int32_t>(64 * 1024 << prng.between({0, 2}));
    options.is_on_one_thread = prng.chance(300'000);
    if (prng.chance(500'000)) {
        options.driver = make_driver_context(kAeronDirectory, draw_threading(run_));
    }
    run_.note_option(fmt::format(
        "archive: sync levels {} and {}, checksums {} and {}, segments of {}, {}, {}",
        archive.file_sync_level, archive.catalog_file_sync_level,
        static_cast<int>(archive.record_checksum), static_cast<int>(archive.replay_checksum),
        archive.segment_file_length, options.is_on_one_thread ? "one thread" : "three threads",
        options.driver ? "with its driver" : "on its own"));
    return options;
}

void ArchiveScenario::add_users(virtual_world::Host& host, bool is_local, int count) {
    const FaultSet may{FaultKind::kill, FaultKind::close, FaultKind::pause};
    for (int i = 0; i < count; ++i) {
        for (const auto task : {ArchiveWorker::Task::records, ArchiveWorker::Task::replays}) {
            workers_.push_back(std::make_unique<ArchiveWorker>(
                run_, host, use_, task,
                ArchiveUserOptions{.aeron_directory = kAeronDirectory,
                                   .is_local = is_local,
                                   .number = static_cast<int>(workers_.size())}));
            nemesis_.add_actor(*workers_.back(), may);
        }
    }
}

void ArchiveScenario::start() {
    for (auto& driver : drivers_) driver->start();
    archive_->start();
    run_.await("the archive", 30'000'000'000, [&] { return archive_->is_serving(); });
    for (auto& worker : workers_) worker->start();
}

void ArchiveScenario::play() {
    start();
    while (run_.now_ns() < run_.duration_ns()) {
        nemesis_.step();
        run_.step();
    }
    nemesis_.stop();
    for (auto& worker : workers_) worker->ask_to_end();
    run_.await("the users' end", kEndNs, [&] {
        return std::ranges::none_of(workers_,
                                    [](const auto& worker) { return worker->is_running(); });
    });
    run_.await("the archive to serve", kServiceNs, [&] { return archive_->is_serving(); });
    auditor_->start();
    run_.await("the audit", 20 * kServiceNs, [&] { return auditor_->is_done(); });
    end();
}

void ArchiveScenario::end() {
    auditor_->ask_to_end();
    run_.await("the auditor's end", kEndNs, [&] { return !auditor_->is_running(); });
    archive_->ask_to_end();
    run_.await("the archive's end", kEndNs, [&] { return !archive_->is_running(); });
    for (auto& driver : drivers_) driver->ask_to_end();
    for (auto& driver : drivers_) {
        run_.await("a driver's end", kEndNs, [&] { return !driver->is_running(); });
    }
    run_.note_option(fmt::format(
        "done: {} recordings, {} extensions, {} replays ({} bounded), {} changes, {} messages",
        use_.recordings, use_.extensions, use_.replays, use_.bounded_replays, use_.changes,
        use_.messages));
}

}  // namespace

void play_archive(Run& run) { ArchiveScenario(run).play(); }

}  // namespace tern::sim
