#include "tern/tools/driver_files.hpp"

#include <fmt/format.h>

namespace tern::tools {

std::string default_aeron_directory(platform::Platform& platform) {
    if (const auto configured = platform.system.environment("AERON_DIR")) return *configured;
    const std::string name = "aeron-" + platform.system.user_name();
    return platform.storage.is_directory("/dev/shm")
               ? platform::join_path("/dev/shm", name)
               : platform::join_path(platform.system.temporary_directory(), name);
}

DriverFiles::DriverFiles(platform::Platform& platform, const std::string& directory) {
    const std::string path = platform::join_path(directory, memory::kCncFileName);
    if (!platform.storage.exists(path)) {
        throw Error(
            fmt::format("no media driver: {} does not exist (is the driver running, and is "
                        "this its directory? use --dir or AERON_DIR)",
                        path));
    }
    mapping_ = platform.storage.open_mapped(path, platform::Access::read_only);
    cnc_ = std::make_unique<memory::CncFile>(mapping_->bytes());
    if (cnc_->version() == 0) {
        throw Error(fmt::format("{} is not initialised yet: the driver is still starting", path));
    }
}

}  // namespace tern::tools
