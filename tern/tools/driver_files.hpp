#pragma once
// Finding and reading the files of a running driver, for the commands that only look.

#include <memory>
#include <string>

#include "tern/memory/cnc_file.hpp"
#include "tern/platform/platform.hpp"

namespace tern::tools {

/// AERON_DIR, or the default directory of this user (TRN-2.1): /dev/shm/aeron-<user> on Linux.
[[nodiscard]] std::string default_aeron_directory(platform::Platform& platform);

/// The CnC file of a driver, mapped read-only.
class DriverFiles {
  public:
    /// Throws Error, naming the file and what to do, when there is no driver or it is not ready.
    DriverFiles(platform::Platform& platform, const std::string& directory);
    [[nodiscard]] const memory::CncFile& cnc() const noexcept { return *cnc_; }

  private:
    std::unique_ptr<platform::Mapping> mapping_;
    std::unique_ptr<memory::CncFile> cnc_;
};

}  // namespace tern::tools
