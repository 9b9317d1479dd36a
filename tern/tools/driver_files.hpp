#pragma once
// Finding and reading the files of a driver, for the commands that only look.

#include <memory>
#include <string>

#include "tern/memory/cnc_file.hpp"
#include "tern/platform/platform.hpp"

namespace tern::tools {

/// AERON_DIR, or the default directory of this user (TRN-2.1): /dev/shm/aeron-<user> on Linux.
[[nodiscard]] std::string default_aeron_directory(platform::Platform& platform);

/// What to say when there is no driver in the directory, and what to do about it.
[[nodiscard]] std::string no_driver_text(const std::string& directory);

/// The files of a driver, mapped read-only. Whether it still runs is not asked: the files of one
/// that has ended can be looked at too.
class DriverFiles {
  public:
    /// Throws Error, naming the file and what to do, when there is no driver, it is still
    /// starting, its CnC file is of another version, or cannot be understood.
    DriverFiles(platform::Storage& storage, std::string directory);

    [[nodiscard]] const std::string& directory() const noexcept { return directory_; }
    [[nodiscard]] const memory::CncFile& cnc() const noexcept { return *cnc_; }
    /// Maps it anew. Throws Error when there is none.
    [[nodiscard]] std::unique_ptr<platform::Mapping> loss_report() const;

  private:
    platform::Storage& storage_;
    std::string directory_;
    std::unique_ptr<platform::Mapping> mapping_;
    std::unique_ptr<memory::CncFile> cnc_;
};

}  // namespace tern::tools
