#pragma once
// Files, mappings and directories.
//
// Paths are plain strings in the platform's own file system. Failures throw StorageError with the
// path, the operation and the system's reason; its code is the errno.
//
// Thread safety: a Storage may be used from any thread; a File or Mapping from one at a time
// (mapped memory itself is shared; its users order their accesses).

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tern/base/bytes.hpp"
#include "tern/base/error.hpp"

namespace tern::platform {

class StorageError : public SystemError {
    using SystemError::SystemError;
};

enum class Access : std::uint8_t { read_only, read_write };

/// Permission bits; the process's umask applies to the first, the second is meant literally.
enum class Visibility : std::uint8_t {
    shared,      ///< 0666 & ~umask, directories 0777 & ~umask: as upstream creates its files
    owner_only,  ///< 0600, directories 0700
};

/// A mapped file; unmapped by the destructor. The memory is never moved.
class Mapping {
  public:
    virtual ~Mapping() = default;
    [[nodiscard]] virtual Bytes bytes() noexcept = 0;
    [[nodiscard]] virtual const std::string& path() const noexcept = 0;
    virtual void sync() = 0;  ///< msync, waiting
    [[nodiscard]] std::int64_t size() noexcept { return static_cast<std::int64_t>(bytes().size()); }
};

/// An open file with positional reads and writes; closed by the destructor.
class File {
  public:
    virtual ~File() = default;
    /// Reads up to into.size() bytes; returns how many (fewer only at the end of the file).
    virtual std::size_t read_at(std::int64_t offset, Bytes into) = 0;
    /// Writes all of `from`, or throws; a full disk throws StorageError(ENOSPC).
    virtual void write_at(std::int64_t offset, ConstBytes from) = 0;
    [[nodiscard]] virtual std::int64_t size() = 0;
    virtual void truncate(std::int64_t size) = 0;  ///< also grows, sparsely
    virtual void allocate(std::int64_t size) = 0;  ///< grows with blocks reserved (fallocate)
    virtual void sync(bool with_metadata) = 0;     ///< fdatasync, or fsync with metadata
    /// True when the file system knows that nothing was ever written there: the range is part of a
    /// hole. False is no knowledge: file systems without holes always say so.
    [[nodiscard]] virtual bool is_hole(std::int64_t offset, std::int64_t length) = 0;
    [[nodiscard]] virtual const std::string& path() const noexcept = 0;
};

struct CreateOptions {
    bool exclusive = true;   ///< fail with EEXIST when the file is there; else it is truncated
    bool sparse = true;      ///< false: blocks reserved, so that a full disk is told here
    bool pre_touch = false;  ///< of a mapping: all pages in memory now, not at their first use
    Visibility visibility = Visibility::shared;
};

class Storage {
  public:
    virtual ~Storage() = default;

    /// Creates a file of `size` zero bytes (at least one) and maps it shared, read-write. A
    /// failure leaves no file behind.
    [[nodiscard]] virtual std::unique_ptr<Mapping> create_mapped(const std::string& path,
                                                                 std::int64_t size,
                                                                 const CreateOptions& options) = 0;
    /// Maps the whole of an existing file, shared; an empty one is StorageError(EINVAL).
    [[nodiscard]] virtual std::unique_ptr<Mapping> open_mapped(const std::string& path,
                                                               Access access) = 0;
    /// Opens an existing file.
    [[nodiscard]] virtual std::unique_ptr<File> open(const std::string& path, Access access) = 0;
    /// Creates an empty file and opens it read-write.
    [[nodiscard]] virtual std::unique_ptr<File> create(const std::string& path,
                                                       const CreateOptions& options) = 0;

    [[nodiscard]] virtual bool exists(const std::string& path) = 0;
    [[nodiscard]] virtual bool is_directory(const std::string& path) = 0;
    [[nodiscard]] virtual std::int64_t file_size(const std::string& path) = 0;
    virtual void create_directories(const std::string& path, Visibility visibility) = 0;
    /// Removes a file; returns false when there was none.
    virtual bool remove(const std::string& path) = 0;
    /// Removes a directory and all below it; nothing happens when there is none.
    virtual void remove_all(const std::string& path) = 0;
    virtual void rename(const std::string& from, const std::string& to) = 0;  ///< replaces `to`
    /// Names (not paths) of the entries of a directory, sorted.
    [[nodiscard]] virtual std::vector<std::string> list(const std::string& directory) = 0;
    /// Makes creations, renames and removals in the directory durable.
    virtual void sync_directory(const std::string& directory) = 0;
    /// Bytes that may still be allocated on the file system of `path`.
    [[nodiscard]] virtual std::int64_t free_space(const std::string& path) = 0;
    /// Absolute, with links resolved as far as the path exists.
    [[nodiscard]] virtual std::string absolute(const std::string& path) = 0;
};

/// `directory` + "/" + `name`.
[[nodiscard]] std::string join_path(std::string_view directory, std::string_view name);

}  // namespace tern::platform
