#pragma once
// For the archive's unit tests only: directories, golden bytes, frames.

#include <cstdint>
#include <string>
#include <vector>

#include "tern/archive/recording_descriptor.hpp"
#include "tern/base/bytes.hpp"
#include "tern/platform/platform.hpp"

namespace tern::archive::test {

/// A directory of its own, removed at the end.
class TemporaryDirectory {
  public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

[[nodiscard]] std::string golden_path(const std::string& name);
/// Unpacks golden/archive/<name>.tar.xz; returns the archive directory within `into`.
[[nodiscard]] std::string unpack_golden_archive(const std::string& name,
                                                const TemporaryDirectory& into);

[[nodiscard]] std::vector<std::byte> read_file(const std::string& path);
void write_file(const std::string& path, ConstBytes bytes);

/// A data frame (type 1) or padding frame (type 0) as it lies in a term; `length` includes the
/// header. The payload is `fill`; alignment bytes are zero.
[[nodiscard]] std::vector<std::byte> make_frame(std::uint16_t type, std::int32_t length,
                                                std::int32_t term_id, std::int32_t term_offset,
                                                std::int32_t session_id, std::int32_t stream_id,
                                                std::byte fill = std::byte{0x5A});

[[nodiscard]] RecordingDescriptor sample_descriptor();

}  // namespace tern::archive::test
