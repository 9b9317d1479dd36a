#pragma once
// Files and mappings of the system; stateless, any thread.

#include "tern/platform/storage.hpp"

namespace tern::platform::posix {

class PosixStorage final : public Storage {
  public:
    [[nodiscard]] std::unique_ptr<Mapping> create_mapped(const std::string& path, std::int64_t size,
                                                         const CreateOptions& options) override;
    [[nodiscard]] std::unique_ptr<Mapping> open_mapped(const std::string& path,
                                                       Access access) override;
    [[nodiscard]] std::unique_ptr<File> open(const std::string& path, Access access) override;
    [[nodiscard]] std::unique_ptr<File> create(const std::string& path,
                                               const CreateOptions& options) override;
    [[nodiscard]] bool exists(const std::string& path) override;
    [[nodiscard]] bool is_directory(const std::string& path) override;
    [[nodiscard]] std::int64_t file_size(const std::string& path) override;
    void create_directories(const std::string& path, Visibility visibility) override;
    bool remove(const std::string& path) override;
    void remove_all(const std::string& path) override;
    void rename(const std::string& from, const std::string& to) override;
    [[nodiscard]] std::vector<std::string> list(const std::string& directory) override;
    void sync_directory(const std::string& directory) override;
    [[nodiscard]] std::int64_t free_space(const std::string& path) override;
    [[nodiscard]] std::string absolute(const std::string& path) override;
};

/// File::is_hole of an open file.
[[nodiscard]] bool hole_at(int fd, std::int64_t offset, std::int64_t length) noexcept;

}  // namespace tern::platform::posix
