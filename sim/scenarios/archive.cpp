#include "sim/scenarios/archive.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/actors/archive_actor.hpp"
#include "sim/actors/archive_worker.hpp"
#include "sim/actors/driver_actor.hpp"
#include "sim/harness/nemesis.hpp"
#include "tern/archive/frame_layout.hpp"
#include "tern/archive/segment_file.hpp"
#include "tern/memory/counter_types.hpp"

namespace tern::sim {
namespace {

constexpr const char* kAeronDirectory = "/dev/shm/aeron";
constexpr const char* kArchiveDirectory = "/archive";
constexpr std::int64_t kDeletionLookNs = 10'000'000;
constexpr std::int64_t kServiceNs = 120'000'000'000;
constexpr std::int64_t kAuditNs = 600'000'000'000;
constexpr std::int64_t kStartIntervalNs = 100'000'000;
constexpr std::int64_t kEndNs = 90'000'000'000;

class ArchiveScenario {
  public:
    explicit ArchiveScenario(Run& run);
    void play();

  private:
    [[nodiscard]] ArchiveActorOptions draw_archive(virtual_world::Host& host);
    void add_users(virtual_world::Host& host, bool is_local, int count);
    void add_archive();
    void start();
    void await(std::string_view what, std::int64_t timeout_ns, const std::function<bool()>& is_so);
    void before_archive_starts();
    void step_misfortunes();
    void rot();
    void slow_down_syncs();
    void fail_power();
    void on_archive_error(const std::exception& error);
    void forget_undone(std::string_view error);
    [[nodiscard]] bool is_explained(std::string_view error) const;
    void check_left_overs();
    void check_files();
    /// The first segment file that should not be there; empty when there is none.
    [[nodiscard]] std::string file_of_no_recording();
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

    struct Backup {
        platform::sim::DiskCopy files;
        RecordingBook book;
    };
    std::optional<Backup> backup_;
    std::int64_t next_misfortune_ns_ = 0;
    std::int64_t power_fails_ns_ = -1;  // -1: not planned
    std::int64_t next_start_ns_ = 0;
    bool is_catalog_unsynced_ = false;  // since the host has crashed
    bool is_over_ = false;              // no more faults
};

/// Whether the bit is one of a frame's payload, which checksums cover. The file is read as it was
/// before its bits rotted.
bool is_in_payload(const virtual_world::Disk& disk,
                   const std::vector<virtual_world::RottenBit>& bits,
                   const virtual_world::RottenBit& bit) {
    const auto file = disk.find(bit.path);
    std::vector<std::byte> bytes(static_cast<std::size_t>(file->size()));
    file->read(0, bytes);
    for (const auto& other : bits) {
        if (other.path != bit.path) continue;
        bytes[static_cast<std::size_t>(other.offset)] ^= static_cast<std::byte>(1 << other.bit);
    }
    for (std::size_t offset = 0; offset + wire::kDataHeaderLength <= bytes.size();) {
        const auto length = load<std::int32_t>(bytes.data() + offset);
        if (length < wire::kDataHeaderLength) {  // a recording may begin within its segment
            offset += wire::kFrameAlignment;
            continue;
        }
        const auto end = offset + static_cast<std::size_t>(archive::aligned_frame_length(length));
        const auto at = static_cast<std::size_t>(bit.offset);
        if (at < end) return at >= offset + wire::kDataHeaderLength && end <= bytes.size();
        offset = end;
    }
    return false;
}

driver::ThreadingMode draw_threading(Run& run) {
    return run.prng().chance(500'000) ? driver::ThreadingMode::dedicated
                                      : driver::ThreadingMode::shared;
}

ArchiveScenario::ArchiveScenario(Run& run)
    : run_(run), world_(run.make_world(FaultSet::all())), nemesis_(run) {
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
    add_archive();
    add_users(*hosts_[0], true, 2);
    add_users(*hosts_[1], false, 2);
    add_users(*hosts_[2], false, 1);
    auditor_ = std::make_unique<ArchiveWorker>(
        run, *hosts_[0], use_, ArchiveWorker::Task::audits,
        ArchiveUserOptions{.aeron_directory = kAeronDirectory, .is_local = true, .number = 100});
}

void ArchiveScenario::add_archive() {
    archive_ = std::make_unique<ArchiveActor>(run_, *hosts_[0], draw_archive(*hosts_[0]));
    use_.archive = archive_.get();
    const FaultSet may{FaultKind::kill, FaultKind::close, FaultKind::pause};
    for (auto* host : hosts_) {
        if (host == hosts_[0] && archive_->options().driver) continue;
        drivers_.push_back(std::make_unique<DriverActor>(
            run_, *host, make_driver_context(kAeronDirectory, draw_threading(run_))));
        nemesis_.add_actor(*drivers_.back(), may);
    }
    nemesis_.add_actor(*archive_, may, [this] { before_archive_starts(); });
    nemesis_.on_host_crash([this](virtual_world::Host& host) {
        const auto& archive = archive_->options().archive;
        if (&host != hosts_[0]) return;
        is_catalog_unsynced_ = is_catalog_unsynced_ || archive.catalog_file_sync_level == 0;
        use_.book.host_crashed(archive.file_sync_level, archive.catalog_file_sync_level);
    });
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
    if (checksum == archive::Checksum::none) host.disk().options().crash.tear_page_ppm = 0;
    archive.segment_file_length = static_cast<std::int32_t>(64 * 1024 << prng.between({0, 2}));
    archive.error_handler = [this](const std::exception& error) { on_archive_error(error); };
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
    await("the archive", kServiceNs, [&] { return archive_->is_serving(); });
    for (auto& worker : workers_) worker->start();
}

void ArchiveScenario::play() {
    start();
    while (run_.now_ns() < run_.duration_ns()) {
        nemesis_.step();
        step_misfortunes();
        run_.step();
    }
    if (power_fails_ns_ >= 0) fail_power();
    is_over_ = true;
    nemesis_.stop();
    for (auto& worker : workers_) worker->ask_to_end();
    run_.await("the users' end", kEndNs, [&] {
        return std::ranges::none_of(workers_,
                                    [](const auto& worker) { return worker->is_running(); });
    });
    await("the archive to serve", kServiceNs, [&] { return archive_->is_serving(); });
    auditor_->start();
    await("the audit", kAuditNs, [&] { return auditor_->is_done(); });
    end();
}

/// Who ends by an error is started again: an archive that has found what a dead driver left.
void ArchiveScenario::await(std::string_view what, std::int64_t timeout_ns,
                            const std::function<bool()>& is_so) {
    run_.await(what, timeout_ns, [&] {
        for (auto& driver : drivers_) {
            if (!driver->is_running()) driver->start();
        }
        if (!archive_->is_running() && run_.now_ns() >= next_start_ns_) {
            next_start_ns_ = run_.now_ns() + kStartIntervalNs;
            before_archive_starts();
            archive_->start();
        }
        return is_so();
    });
}

// Misfortunes of the archive's files --------------------------------------------------------------

void ArchiveScenario::step_misfortunes() {
    if (power_fails_ns_ >= 0 && run_.now_ns() >= power_fails_ns_) fail_power();
    if (run_.now_ns() < next_misfortune_ns_) return;
    next_misfortune_ns_ = run_.now_ns() + run_.prng().between({200'000'000, 8'000'000'000});
    auto& disk = hosts_[0]->disk();
    if (disk.find(kArchiveDirectory) == nullptr) return;
    if (run_.faults().on.has(FaultKind::older_files) && run_.prng().chance(500'000)) {
        run_.tell("the archive's files are copied");
        backup_ = Backup{disk.keep(kArchiveDirectory), use_.book.copy()};
    }
    if (run_.faults().on.has(FaultKind::host_crash) && power_fails_ns_ < 0 &&
        run_.prng().chance(150'000)) {
        slow_down_syncs();
    }
    const auto& archive = archive_->options().archive;
    const bool is_checked = archive.record_checksum != archive::Checksum::none &&
                            archive.replay_checksum != archive::Checksum::none;
    if (is_checked && run_.faults().on.has(FaultKind::bit_rot)) rot();
}

/// An operator brings older files back, or loses all. He has to begin anew where the catalog was
/// not to be synced and is damaged by a crash.
void ArchiveScenario::before_archive_starts() {
    const auto failure = archive_->failure();
    const bool is_catalog_refused =
        failure.starts_with("catalog ") || failure.starts_with("incompatible catalog ");
    if (is_catalog_refused && !is_catalog_unsynced_) {
        run_.violation("the archive does not start: " + failure);
    } else if (is_catalog_refused) {
        run_.tell("the archive's files are given up, and what was copied of them");
        is_catalog_unsynced_ = false;
        backup_.reset();
        hosts_[0]->disk().bring_back(kArchiveDirectory, {});
        use_.book.restored({});
    }
    if (is_over_) return;
    if (!run_.faults().on.has(FaultKind::older_files) || !run_.prng().chance(300'000)) return;
    if (run_.prng().chance(200'000)) {
        run_.tell("the archive's files are lost");
        hosts_[0]->disk().bring_back(kArchiveDirectory, {});
        use_.book.restored({});
    } else if (backup_) {
        run_.tell("the archive's files are as they were when they were copied");
        hosts_[0]->disk().bring_back(kArchiveDirectory, backup_->files);
        use_.book.restored(backup_->book);
    }
}

/// So that the power fails while the archive waits for what it has written.
void ArchiveScenario::slow_down_syncs() {
    hosts_[0]->disk().options().sync_latency_ns = {1'000'000, 30'000'000};
    power_fails_ns_ = run_.now_ns() + run_.prng().between({20'000'000, 1'000'000'000});
}

void ArchiveScenario::fail_power() {
    power_fails_ns_ = -1;
    nemesis_.crash(*hosts_[0]);
    hosts_[0]->disk().options().sync_latency_ns = run_.faults().world.disk.sync_latency_ns;
}

void ArchiveScenario::rot() {
    const auto bits = hosts_[0]->disk().rot(".rec", static_cast<int>(run_.prng().between({1, 3})));
    for (const auto& bit : bits) {
        const auto name = bit.path.substr(bit.path.rfind('/') + 1);
        const auto segment = archive::parse_segment_file_name(name);
        if (!segment) continue;
        const bool is_noticed = is_in_payload(hosts_[0]->disk(), bits, bit);
        run_.tell(fmt::format("byte {} of {} has rotted{}", bit.offset, name,
                              is_noticed ? "" : ", which no checksum covers"));
        use_.book.rotted(segment->recording_id, is_noticed);
    }
}

bool ArchiveScenario::is_explained(std::string_view error) const {
    const auto says = [&](std::string_view text) { return error.contains(text); };
    const FaultSet on = run_.faults().on;
    if (says("cannot extend")) return true;  // users try it
    // A driver that is still closing the endpoint that the recording had before it is extended.
    if (says("CLOSING state, please retry")) return true;
    if (on.has_any({FaultKind::disk_errors, FaultKind::full_disk}) &&
        (says("Input/output error") || says("No space left") ||
         says("segment file not created"))) {  // of a recording that is replayed as it begins
        return true;
    }
    const bool has_lost_bytes =
        on.has(FaultKind::host_crash) && archive_->options().archive.file_sync_level == 0;
    if (on.has(FaultKind::bit_rot) || has_lost_bytes) {
        for (const auto* text : {"checksum mismatch", "unexpected end of recording",
                                 "does not point to a valid frame", "segment file", "catalog"}) {
            if (says(text)) return true;
        }
    }
    // A replay for one who was asked to end, and left before it began.
    if (is_over_ && says("no connection established")) return true;
    if (use_.is_undisturbed) return false;
    // What the driver had just answered went with it.
    const bool is_driver_gone = !archive_->options().driver &&
                                (!drivers_[0]->is_running() || drivers_[0]->is_asked_to_end());
    if (is_driver_gone && says("open /dev/shm/aeron/")) return true;
    for (const auto* text : {"MediaDriver", "unexpected Aeron close", "unknown session",
                             "no connection established", "controlSessionId="}) {
        if (says(text)) return true;
    }
    return false;
}

/// A driver that stood still gave a recording that was beginning no counter: it is undone.
void ArchiveScenario::forget_undone(std::string_view error) {
    constexpr std::string_view kCounter = "to add counter 'rec-pos: ";
    const auto found = error.find(kCounter);
    if (found == std::string_view::npos || use_.is_undisturbed) return;
    std::int64_t id = -1;
    const char* digits = error.data() + found + kCounter.size();
    std::from_chars(digits, error.data() + error.size(), id);
    if (const auto entry = use_.book.find(id)) {
        entry->may_be_gone = true;
        ++entry->version;
    }
}

/// Of the archive's error log.
void ArchiveScenario::on_archive_error(const std::exception& error) {
    if (!archive_->is_running()) return;
    run_.tell(fmt::format("archive error: {}", error.what()));
    forget_undone(error.what());
    if (!is_explained(error.what())) {
        run_.violation(fmt::format("error log of the archive: {}", error.what()));
    }
}

// The end -----------------------------------------------------------------------------------------

/// Everybody has left.
void ArchiveScenario::check_left_overs() {
    await("counters of sessions and recordings to go", kServiceNs, [&] {
        auto* driver = archive_->options().driver ? archive_->driver() : drivers_[0]->driver();
        if (driver == nullptr) return false;
        bool is_left = false;
        driver->counters().for_each([&](std::int32_t id) {
            const auto type = driver->counters().type_id(id);
            is_left = is_left || type == memory::counter_type::kRecordingPosition ||
                      type == memory::counter_type::kArchiveControlSession;
        });
        return !is_left;
    });
    if (use_.is_undisturbed && archive_->archive() != nullptr) {
        for (const auto& end : archive_->archive()->event_log().session_ends()) {
            if (archive::is_abnormal(end.cause)) {
                run_.violation(fmt::format("control session {} of {} ended: {}",
                                           end.control_session_id, end.client_info, end.reason));
            }
        }
    }
    if (use_.is_undisturbed) check_files();
}

/// Each segment file is one of a recording, once what was truncated and purged last is deleted.
void ArchiveScenario::check_files() {
    const std::int64_t deadline_ns = run_.now_ns() + kServiceNs;
    std::string stray = file_of_no_recording();
    while (!stray.empty() && run_.now_ns() < deadline_ns) {
        run_.pass(kDeletionLookNs);
        stray = file_of_no_recording();
    }
    if (!stray.empty()) run_.violation(fmt::format("{} belongs to no recording", stray));
}

std::string ArchiveScenario::file_of_no_recording() {
    for (const auto& path : hosts_[0]->disk().list(kArchiveDirectory)) {
        const auto name = path.substr(path.rfind('/') + 1);
        const auto segment = archive::parse_segment_file_name(name);
        if (!segment) continue;
        const auto entry = use_.book.find(segment->recording_id);
        const bool was_live = entry && !entry->stop && !entry->may_be_gone;
        if (was_live || (entry && entry->is_unsettled)) continue;
        const bool is_kept = entry && !entry->may_be_gone && entry->stop &&
                             segment->base_position <= *entry->stop &&
                             segment->base_position + entry->descriptor.segment_file_length >
                                 entry->checker.start_position();
        if (!is_kept) return name;
    }
    return {};
}

void ArchiveScenario::end() {
    auditor_->ask_to_end();
    run_.await("the auditor's end", kEndNs, [&] { return !auditor_->is_running(); });
    check_left_overs();
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
