#pragma once
// For tests of this room: a directory of their own on the real platform, removed at the end, and
// upstream's golden files.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "tern/base/bytes.hpp"
#include "tern/platform/posix/platform.hpp"

namespace tern::cluster::testing {

[[nodiscard]] inline std::vector<std::byte> read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    const auto bytes = as_bytes(text);
    return {bytes.begin(), bytes.end()};
}

[[nodiscard]] inline std::string golden_path(std::string_view name) {
    return std::string(TERN_SOURCE_DIR "/../shared/golden/").append(name);
}

[[nodiscard]] inline std::vector<std::byte> read_golden(std::string_view name) {
    return read_file(golden_path(name));
}

class TemporaryDirectory {
  public:
    TemporaryDirectory() {
        const auto unique = platform::posix::make_platform().random.next_u64();
        path_ = std::filesystem::temp_directory_path() / ("tern-cluster-" + std::to_string(unique));
        std::filesystem::create_directories(path_);
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    [[nodiscard]] std::string path() const { return path_.string(); }
    [[nodiscard]] platform::Storage& storage() const {
        return platform::posix::make_platform().storage;
    }
    [[nodiscard]] std::vector<std::byte> read(std::string_view name) const {
        return read_file((path_ / name).string());
    }
    void write(std::string_view name, ConstBytes content) const {
        std::ofstream out(path_ / name, std::ios::binary | std::ios::trunc);
        out.write(as_text(content).data(), static_cast<std::streamsize>(content.size()));
    }
    void copy_golden(std::string_view golden, std::string_view name) const {
        write(name, read_golden(golden));
    }

  private:
    std::filesystem::path path_;
};

}  // namespace tern::cluster::testing
