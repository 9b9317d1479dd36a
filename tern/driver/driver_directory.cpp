#include "tern/driver/driver_directory.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "tern/base/math.hpp"
#include "tern/base/timestamp.hpp"
#include "tern/memory/cnc_file.hpp"
#include "tern/memory/counter.hpp"
#include "tern/memory/distinct_error_log.hpp"
#include "tern/memory/loss_report.hpp"
#include "tern/memory/owner.hpp"

namespace tern::driver {
namespace {

/// The process named in a CnC file, ready or not; 0 when it has none.
std::int64_t owner_of(const std::string& path, const platform::Platform& platform) {
    if (platform.storage.file_size(path) < memory::kCncHeaderLength) return 0;
    const auto mapping = platform.storage.open_mapped(path, platform::Access::read_only);
    return load<std::int64_t>(mapping->bytes().data() + memory::cnc::kPidOffset);
}

void refuse_active_driver(const DriverContext& context, const platform::Platform& platform,
                          const std::string& path) {
    const std::int64_t pid = owner_of(path, platform);
    const memory::DriverPresence presence = memory::check_driver_presence(
        platform.storage, context.aeron_directory, platform.clock.epoch_ms(),
        memory::owner_timeout_ms(platform.system, pid, context.driver_timeout_ms));
    // A file that is not ready belongs to a driver that is starting, or died while it was.
    const bool active = presence == memory::DriverPresence::active ||
                        (presence == memory::DriverPresence::starting &&
                         memory::is_owner_seen(platform.system, pid));
    if (!active) return;
    throw memory::OwnerActiveError(
        fmt::format("Active media driver detected: {} (process {}; stop it, wait {} ms after it "
                    "died, or use another aeron.dir)",
                    path, pid, context.driver_timeout_ms),
        pid);
}

void save_errors(const DriverContext& context, const platform::Platform& platform,
                 const std::string& path) {
    const auto mapping = platform.storage.open_mapped(path, platform::Access::read_only);
    if (mapping->size() <= memory::kCncHeaderLength) return;
    std::string saved;
    try {
        const memory::CncFile cnc(mapping->bytes());
        if (cnc.version() == 0) return;
        saved = fmt::format("{}-{}-error.log", context.aeron_directory,
                            format_file_timestamp(platform.clock.epoch_ms()));
        if (!memory::save_error_report(platform.storage, saved, cnc.error_log())) return;
    } catch (const std::exception&) {
        return;  // not a CnC file that can be read: nothing to save, and no reason not to start
    }
    std::fprintf(stderr, "WARNING: Existing errors saved to: %s\n", saved.c_str());
}

}  // namespace

void take_over_directory(const DriverContext& context, const platform::Platform& platform) {
    platform::Storage& storage = platform.storage;
    const std::string& directory = context.aeron_directory;
    if (storage.is_directory(directory)) {
        if (context.warn_if_directory_exists) {
            std::fprintf(stderr, "WARNING: %s exists\n", directory.c_str());
        }
        const std::string path = platform::join_path(directory, memory::kCncFileName);
        if (!context.delete_directory_on_start && storage.exists(path)) {
            refuse_active_driver(context, platform, path);
            save_errors(context, platform, path);
        }
        storage.remove_all(directory);
    }
    for (const std::string_view part : {"publications", "images"}) {
        storage.create_directories(platform::join_path(directory, part),
                                   platform::Visibility::shared);
    }
}

std::unique_ptr<platform::Mapping> create_cnc(const DriverContext& context,
                                              const platform::Platform& platform) {
    // Whole counters only: what comes behind them has to be aligned.
    const std::int32_t counters_length =
        align_up(context.counters_values_buffer_length,
                 static_cast<std::int32_t>(memory::kCounterValueLength));
    const memory::CncHeader header{.to_driver_length = context.to_driver_buffer_length,
                                   .to_clients_length = context.to_clients_buffer_length,
                                   .counters_values_length = counters_length,
                                   .error_log_length = context.error_buffer_length,
                                   .client_liveness_timeout_ns = context.client_liveness_timeout_ns,
                                   .start_timestamp_ms = platform.clock.epoch_ms(),
                                   .pid = platform.system.process_id(),
                                   .file_page_size = context.file_page_size};
    return memory::create_cnc_file(platform.storage, context.aeron_directory, header);
}

std::unique_ptr<platform::Mapping> create_loss_report(const DriverContext& context,
                                                      const platform::Platform& platform) {
    return platform.storage.create_mapped(
        platform::join_path(context.aeron_directory, memory::kLossReportFileName),
        memory::loss_report_file_length(context.loss_report_buffer_length, context.file_page_size),
        {.sparse = false});
}

}  // namespace tern::driver
