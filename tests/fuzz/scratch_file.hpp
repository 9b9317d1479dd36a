#pragma once
// A file on a memory file system for targets that read files by name.

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "tern/platform/posix/platform.hpp"
#include "tests/fuzz/target.hpp"

namespace tern::fuzz {

/// A directory of this process, removed at its end, with one file in it.
class ScratchFile {
  public:
    explicit ScratchFile(const std::string& name)
        : directory_("/dev/shm/tern-fuzz-" + std::to_string(::getpid())),
          path_(directory_ + "/" + name) {
        platform_.storage.create_directories(directory_, platform::Visibility::owner_only);
    }
    ~ScratchFile() { platform_.storage.remove_all(directory_); }
    ScratchFile(const ScratchFile&) = delete;
    ScratchFile& operator=(const ScratchFile&) = delete;

    /// Replaces the contents.
    void write(ConstBytes bytes) {
        platform_.storage.remove(path_);
        const auto file = platform_.storage.create(path_, {});
        if (!bytes.empty()) file->write_at(0, bytes);
    }
    [[nodiscard]] const std::string& directory() const noexcept { return directory_; }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] platform::Platform& platform() noexcept { return platform_; }

  private:
    platform::Platform platform_ = platform::posix::make_platform();
    std::string directory_;
    std::string path_;
};

}  // namespace tern::fuzz
