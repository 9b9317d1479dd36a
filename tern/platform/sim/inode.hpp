#pragma once
// The content of one simulated file: what processes see now, and what a crash would leave of it.
//
// The memory is a memfd, so that a mapping has an address of its own: the mappings of a killed
// process can be cut off from the file while its objects still exist (Process::kill).

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "tern/base/bytes.hpp"
#include "tern/platform/posix/file_descriptor.hpp"
#include "tern/platform/sim/options.hpp"

namespace tern::platform::sim {

inline constexpr std::int64_t kPageLength = 4096;
inline constexpr std::int64_t kSectorLength = 512;
/// Unsynced pages per file; past that the lowest become durable, as writeback would have it.
inline constexpr std::size_t kMaxDirtyPages = 16'384;

class Inode {
  public:
    enum class Kind : std::uint8_t { directory, disk_file, memory_file };

    explicit Inode(Kind kind);

    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    [[nodiscard]] std::int64_t size() const noexcept { return size_; }
    /// Bytes that count against the capacity of the disk.
    [[nodiscard]] std::int64_t reserved() const noexcept { return reserved_; }

    std::size_t read(std::int64_t offset, Bytes into) const;
    void write(std::int64_t offset, ConstBytes from);
    void resize(std::int64_t size);
    void reserve(std::int64_t size);
    /// From now on the content may change without a write(): a writable mapping exists.
    void expect_mapped_writes();

    void sync(bool with_size);
    void crash(Prng& prng, const CrashOptions& options);

    /// The numbers of the pages that hold anything but zeros, ascending.
    [[nodiscard]] std::vector<std::int64_t> pages_with_content() const;
    /// On the disk, and in what processes see unless that was changed since the last sync.
    void flip_bit(std::int64_t offset, int bit);
    /// Another of the same content, all of it durable.
    [[nodiscard]] std::shared_ptr<Inode> copy(Kind kind) const;

  private:
    using Page = std::vector<std::byte>;

    [[nodiscard]] Page page_at(std::int64_t page) const;
    [[nodiscard]] Page durable_page_at(std::int64_t page) const;
    void remember(std::int64_t begin, std::int64_t end);
    void find_mapped_writes();
    void revert(std::int64_t page, const Page& before, bool torn, Prng& prng);

    Kind kind_;
    posix::FileDescriptor fd_;
    std::int64_t size_ = 0;
    std::int64_t reserved_ = 0;
    std::int64_t durable_size_ = 0;
    std::map<std::int64_t, Page> dirty_;  // page number -> as it was at the last sync
    bool mapped_ = false;
    std::vector<std::byte> durable_;  // whole content at the last sync, while mapped_
};

}  // namespace tern::platform::sim
