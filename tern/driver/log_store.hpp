#pragma once
// The log buffer files of a driver: created, mapped, and deleted again (DRV-12).
//
// Thread safety: the conductor's thread only.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tern/driver/context.hpp"
#include "tern/logbuffer/log_buffers.hpp"
#include "tern/memory/system_counters.hpp"
#include "tern/platform/storage.hpp"

namespace tern::driver {

class ErrorRecorder;

/// A mapped log file. Its owner gives it back to LogStore::free.
struct LogFile {
    std::unique_ptr<platform::Mapping> mapping;
    logbuffer::LogBuffers log;
};

class LogStore {
  public:
    LogStore(const DriverContext& context, platform::Storage& storage,
             const memory::SystemCounters& counters, ErrorRecorder& errors);

    /// <directory>/publications/<registration_id>.logbuffer, initialised. Throws Error with code
    /// STORAGE_SPACE when there is no room; then no file is left behind.
    [[nodiscard]] LogFile create_publication(const logbuffer::LogParameters& parameters);
    /// <directory>/images/<correlation_id>.logbuffer.
    [[nodiscard]] LogFile create_image(const logbuffer::LogParameters& parameters);

    /// Unmaps and deletes. A file that cannot be deleted is tried again by retry_deletions().
    void free(std::unique_ptr<platform::Mapping> mapping);
    /// Once per timer tick.
    void retry_deletions();

  private:
    [[nodiscard]] LogFile create(std::string_view directory,
                                 const logbuffer::LogParameters& parameters);
    void check_space(std::int64_t length);
    [[nodiscard]] bool try_delete(const std::string& path);

    const DriverContext& context_;
    platform::Storage& storage_;
    memory::Counter bytes_mapped_;
    memory::Counter free_fails_;
    ErrorRecorder& errors_;
    std::vector<std::string> undeleted_;
};

}  // namespace tern::driver
