#pragma once
// A host's file system in memory: one disk at "/", shared memory at "/dev/shm".
//
// Paths are absolute and normalised here. Directories exist by themselves, as in a real file
// system; "/", "/tmp" and "/dev/shm" are there from the beginning and durable.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tern/platform/sim/inode.hpp"
#include "tern/platform/sim/options.hpp"
#include "tern/platform/sim/timeline.hpp"

namespace tern::platform::sim {

/// Changes of directories that a crash may undo; older ones become durable by themselves.
inline constexpr std::size_t kMaxDirectoryChanges = 4096;

enum class DiskOperation : std::uint8_t { open, create, read, write, sync, rename };

/// A file or a directory tree, as it was when it was kept.
class DiskCopy {
  private:
    friend class Disk;
    std::map<std::string, std::shared_ptr<const Inode>> entries_;  // by what follows the root
};

struct RottenBit {
    std::string path;
    std::int64_t offset;  ///< of the byte
    int bit;              ///< 0 to 7
};

class Disk {
  public:
    Disk(const DiskOptions& options, Timeline& timeline, Prng prng);

    [[nodiscard]] DiskOptions& options() noexcept { return options_; }
    /// The next `times` operations of this kind on paths that contain `path_part` fail with this
    /// errno, having done nothing.
    void fail_next(DiskOperation operation, std::string path_part, int error, int times = 1);
    /// Told how long an operation takes that has latency (DiskOptions), in ns, while it is called:
    /// the disk itself waits for nobody. At most one listener; an empty one takes it away.
    using LatencyListener = std::function<void(std::int64_t)>;
    void on_latency(LatencyListener listener) { latency_listener_ = std::move(listener); }
    /// From now on nothing becomes durable, whoever still waits for a sync, until crash().
    void lose_power() noexcept { has_power_ = false; }
    /// Power is lost: unsynced changes are kept, lost or torn as the options say. It is back then.
    void crash();

    /// Flips up to `count` bits that were durable, of files whose path contains `path_part`: one in
    /// each of so many pages that hold anything but zeros, drawn from all of them. It makes no
    /// difference whether a file is open or mapped; a page changed since the last sync goes bad
    /// only for those who see it after a crash.
    std::vector<RottenBit> rot(std::string_view path_part, int count);
    /// What processes see at the path and below it. Throws StorageError when there is nothing.
    [[nodiscard]] DiskCopy keep(const std::string& path) const;
    /// Puts the copy in the place of what is at the path now, as an operator restores a backup: on
    /// any host, any number of times, in directories that exist. All directory changes up to now
    /// become durable, and so does the copy. Files still open have lost their names.
    void bring_back(const std::string& path, const DiskCopy& copy);

    // For the Storage of processes. Failures throw StorageError.

    [[nodiscard]] static std::string normalise(const std::string& path);
    /// nullptr when there is none.
    [[nodiscard]] std::shared_ptr<Inode> find(const std::string& path) const;
    [[nodiscard]] std::shared_ptr<Inode> open(const std::string& path);
    [[nodiscard]] std::shared_ptr<Inode> create(const std::string& path, bool exclusive);
    void make_directories(const std::string& path);
    bool remove(const std::string& path);
    void remove_all(const std::string& path);
    void rename(const std::string& from, const std::string& to);
    [[nodiscard]] std::vector<std::string> list(const std::string& directory) const;
    void sync_directory(const std::string& path);

    [[nodiscard]] std::size_t read(const std::string& path, const Inode& file, std::int64_t offset,
                                   Bytes into);
    /// Writes what fits before it throws ENOSPC, as a real disk does.
    void write(const std::string& path, Inode& file, std::int64_t offset, ConstBytes from);
    void resize(const std::string& path, Inode& file, std::int64_t size);
    void reserve(const std::string& path, Inode& file, std::int64_t size);
    void sync(const std::string& path, Inode& file, bool with_size);
    /// Bytes of the disk, or of shared memory, whichever the path is on. A boundless one stays
    /// free.
    [[nodiscard]] std::int64_t free_space(const std::string& path) const;
    [[nodiscard]] std::int64_t used_space(const std::string& path) const;

  private:
    using InodePtr = std::shared_ptr<Inode>;
    struct Edit {
        std::string path;
        InodePtr before;  // nullptr: was not there
    };
    using Change = std::vector<Edit>;  // happens as a whole
    struct InjectedFault {
        DiskOperation operation;
        std::string path_part;
        int error;
        int times;
    };

    void check(DiskOperation operation, const std::string& path);
    void take_time(DiskOperation operation);
    void require_parent(const std::string& path) const;
    [[nodiscard]] InodePtr require(const std::string& path) const;
    [[nodiscard]] Change edit(const std::string& path, InodePtr after);
    void commit(Change change);
    [[nodiscard]] std::vector<std::string> below(const std::string& directory) const;
    [[nodiscard]] std::int64_t room(const std::string& path) const;

    DiskOptions options_;
    Timeline& timeline_;
    Prng prng_;
    std::map<std::string, InodePtr> entries_;
    bool has_power_ = true;
    std::deque<Change> changes_;  // since the last sync of a directory, oldest first
    std::vector<InjectedFault> faults_;
    LatencyListener latency_listener_;
};

}  // namespace tern::platform::sim
