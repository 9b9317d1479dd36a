#include "tern/tools/driver_files.hpp"

#include <fmt/format.h>

#include <utility>

#include "tern/base/error.hpp"
#include "tern/memory/loss_report.hpp"

namespace tern::tools {
namespace {

constexpr int kMajorShift = 16;

std::unique_ptr<platform::Mapping> map_cnc(platform::Storage& storage, const std::string& directory,
                                           const std::string& path) {
    if (!storage.exists(path)) throw Error(no_driver_text(directory));
    if (storage.file_size(path) <= memory::kCncHeaderLength) {
        throw Error(
            fmt::format("{} has no content yet: its driver is still starting, or was "
                        "killed while it did",
                        path));
    }
    return storage.open_mapped(path, platform::Access::read_only);
}

void check_version(std::int32_t version, const std::string& path) {
    if (version == 0) {
        throw Error(
            fmt::format("{} is not initialised yet: its driver is still starting, or was "
                        "killed while it did",
                        path));
    }
    if (version >> kMajorShift != memory::kCncVersion >> kMajorShift) {
        throw Error(fmt::format("CnC version not compatible: app={} file={} ({})",
                                memory::version_text(memory::kCncVersion),
                                memory::version_text(version), path));
    }
}

}  // namespace

std::string default_aeron_directory(platform::Platform& platform) {
    if (const auto configured = platform.system.environment("AERON_DIR")) return *configured;
    const std::string name = "aeron-" + platform.system.user_name();
    return platform.storage.is_directory("/dev/shm")
               ? platform::join_path("/dev/shm", name)
               : platform::join_path(platform.system.temporary_directory(), name);
}

std::string no_driver_text(const std::string& directory) {
    return fmt::format(
        "no media driver in {}: there is no {}. Start one with `tern driver`, or name the "
        "directory of one that runs with --dir or AERON_DIR",
        directory, memory::kCncFileName);
}

DriverFiles::DriverFiles(platform::Storage& storage, std::string directory)
    : storage_(storage), directory_(std::move(directory)) {
    const std::string path = platform::join_path(directory_, memory::kCncFileName);
    mapping_ = map_cnc(storage_, directory_, path);
    check_version(load<std::int32_t>(mapping_->bytes().data()), path);
    try {
        cnc_ = std::make_unique<memory::CncFile>(mapping_->bytes());
    } catch (const Error& error) {
        throw Error(fmt::format("{}: {}", path, error.what()));
    }
}

std::unique_ptr<platform::Mapping> DriverFiles::loss_report() const {
    const std::string path = platform::join_path(directory_, memory::kLossReportFileName);
    if (!storage_.exists(path) || storage_.file_size(path) == 0) {
        throw Error(fmt::format("Loss report does not exist: {}", path));
    }
    return storage_.open_mapped(path, platform::Access::read_only);
}

}  // namespace tern::tools
