// The recording log of a cluster member: read, printed, planned from, and appended to.

#include "tern/cluster/recording_log.hpp"

#include "tests/fuzz/scratch_file.hpp"

using namespace tern;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static fuzz::ScratchFile file{std::string(cluster::kRecordingLogFileName)};
    file.write(fuzz::input(data, size));
    using Open = cluster::RecordingLog::Open;
    fuzz::allow_errors([&] {
        const cluster::RecordingLog log(file.platform().storage, file.directory(), Open::read_only,
                                        0);
        static_cast<void>(cluster::to_string(log));
        static_cast<void>(log.find_last_term());
        for (const int services : {0, 1, 3}) {
            static_cast<void>(log.latest_snapshots(services));
            fuzz::allow_errors([&] {
                static_cast<void>(
                    cluster::to_string(cluster::make_recovery_plan(log, services, std::nullopt)));
            });
        }
    });
    fuzz::allow_errors([&] {
        cluster::RecordingLog log(file.platform().storage, file.directory(),
                                  Open::create_or_read_write, 0);
        fuzz::allow_errors([&] { static_cast<void>(log.invalidate_latest_snapshot()); });
        log.append_snapshot(1, 1, 64, 128, 7, -1);
        log.close();
        const cluster::RecordingLog again(file.platform().storage, file.directory(),
                                          Open::read_only, 0);
        fuzz::require(!again.entries().empty());
    });
    return 0;
}
