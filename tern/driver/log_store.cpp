#include "tern/driver/log_store.hpp"

#include <fmt/format.h>

#include "tern/driver/error_recorder.hpp"
#include "tern/driver/error_report.hpp"

namespace tern::driver {

LogStore::LogStore(const DriverContext& context, platform::Storage& storage,
                   const memory::SystemCounters& counters, ErrorRecorder& errors)
    : context_(context),
      storage_(storage),
      bytes_mapped_(counters[memory::SystemCounter::bytes_currently_mapped]),
      free_fails_(counters[memory::SystemCounter::free_fails]),
      errors_(errors) {}

LogFile LogStore::create_publication(const logbuffer::LogParameters& parameters) {
    return create("publications", parameters);
}

LogFile LogStore::create_image(const logbuffer::LogParameters& parameters) {
    return create("images", parameters);
}

LogFile LogStore::create(std::string_view directory, const logbuffer::LogParameters& parameters) {
    const std::int64_t length =
        logbuffer::log_file_length(parameters.term_length, parameters.page_size);
    check_space(length);
    const std::string path = fmt::format("{}/{}/{}.logbuffer", context_.aeron_directory, directory,
                                         parameters.correlation_id);
    auto mapping = storage_.create_mapped(
        path, length, {.sparse = parameters.sparse, .pre_touch = !parameters.sparse});
    bytes_mapped_.add(length);
    const auto log = logbuffer::LogBuffers::initialise(mapping->bytes(), parameters);
    return {std::move(mapping), log};
}

void LogStore::check_space(std::int64_t length) {
    if (!context_.perform_storage_checks) return;
    const std::int64_t usable = storage_.free_space(context_.aeron_directory);
    if (usable < length) {
        throw control_error(
            wire::ErrorCode::storage_space,
            fmt::format("insufficient usable storage for new log of length={} usable={} in {}",
                        length, usable, context_.aeron_directory));
    }
    if (usable <= context_.low_file_store_warning_threshold) {
        errors_.warn(fmt::format("WARNING: space is running low: threshold={} usable={} in {}",
                                 context_.low_file_store_warning_threshold, usable,
                                 context_.aeron_directory));
    }
}

void LogStore::free(std::unique_ptr<platform::Mapping> mapping) {
    if (!mapping) return;
    const std::string path = mapping->path();
    bytes_mapped_.add(-mapping->size());
    mapping.reset();
    if (!try_delete(path)) undeleted_.push_back(path);
}

void LogStore::retry_deletions() {
    int tries = context_.resource_free_limit;
    std::erase_if(undeleted_,
                  [&](const std::string& path) { return tries-- > 0 && try_delete(path); });
}

bool LogStore::try_delete(const std::string& path) {
    try {
        storage_.remove(path);
        return true;
    } catch (const std::exception& error) {
        free_fails_.increment();
        errors_.record(error);
        return false;
    }
}

}  // namespace tern::driver
