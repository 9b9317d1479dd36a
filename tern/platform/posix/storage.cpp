#include "tern/platform/posix/storage.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>
#include <system_error>

#include "tern/platform/posix/file_descriptor.hpp"

namespace tern::platform::posix {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kZeroBlockLength = std::size_t{64} * 1024;

[[noreturn]] void fail(std::string_view operation, const std::string& path, int error) {
    throw StorageError(
        fmt::format("{} {}: {}", operation, path, std::generic_category().message(error)), error);
}

[[noreturn]] void fail(std::string_view operation, const std::string& path,
                       const std::error_code& error) {
    fail(operation, path, error.value());
}

int open_flags(Access access) { return (access == Access::read_only ? O_RDONLY : O_RDWR); }

FileDescriptor open_existing(const std::string& path, Access access) {
    FileDescriptor fd(::open(path.c_str(), open_flags(access) | O_CLOEXEC));
    if (!fd.valid()) fail("open", path, errno);
    return fd;
}

FileDescriptor create_new(const std::string& path, const CreateOptions& options) {
    const bool owner_only = options.visibility == Visibility::owner_only;
    const mode_t mode = owner_only ? 0600 : 0666;
    const int flags = O_RDWR | O_CREAT | O_CLOEXEC | (options.exclusive ? O_EXCL : O_TRUNC);
    FileDescriptor fd(::open(path.c_str(), flags, mode));
    if (!fd.valid()) fail("create", path, errno);
    if (owner_only && ::fchmod(fd.get(), mode) != 0) fail("set mode of", path, errno);
    return fd;
}

std::int64_t size_of(int fd, const std::string& path) {
    struct stat info {};
    if (::fstat(fd, &info) != 0) fail("stat", path, errno);
    return info.st_size;
}

void write_fully(int fd, const std::string& path, std::int64_t offset, ConstBytes from) {
    while (!from.empty()) {
        const ssize_t written = ::pwrite(fd, from.data(), from.size(), offset);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail("write", path, errno);
        if (written == 0) fail("write", path, EIO);
        from = from.subspan(static_cast<std::size_t>(written));
        offset += written;
    }
}

/// Grows a file with blocks reserved; where the file system cannot reserve, by writing zeros.
void reserve(int fd, const std::string& path, std::int64_t size) {
    const std::int64_t present = size_of(fd, path);
    if (size <= present) return;
    int result = 0;
    do {
        result = ::fallocate(fd, 0, present, size - present);
    } while (result != 0 && errno == EINTR);
    if (result == 0) return;
    if (errno != EOPNOTSUPP && errno != ENOSYS) fail("allocate", path, errno);

    static constexpr std::array<std::byte, kZeroBlockLength> kZeros{};
    for (std::int64_t offset = present; offset < size;) {
        const auto length = std::min(static_cast<std::int64_t>(kZeroBlockLength), size - offset);
        write_fully(fd, path, offset, ConstBytes(kZeros).first(static_cast<std::size_t>(length)));
        offset += length;
    }
}

class PosixMapping final : public Mapping {
  public:
    PosixMapping(int fd, std::string path, std::int64_t size, Access access, bool populate)
        : path_(std::move(path)), size_(static_cast<std::size_t>(size)) {
        const int protection = access == Access::read_only ? PROT_READ : PROT_READ | PROT_WRITE;
        const int flags = MAP_SHARED | (populate ? MAP_POPULATE : 0);
        void* memory = ::mmap(nullptr, size_, protection, flags, fd, 0);
        if (memory == MAP_FAILED) fail("map", path_, errno);
        memory_ = static_cast<std::byte*>(memory);
    }
    ~PosixMapping() override { ::munmap(memory_, size_); }
    PosixMapping(const PosixMapping&) = delete;
    PosixMapping& operator=(const PosixMapping&) = delete;

    Bytes bytes() noexcept override { return {memory_, size_}; }
    const std::string& path() const noexcept override { return path_; }
    void sync() override {
        if (::msync(memory_, size_, MS_SYNC) != 0) fail("sync", path_, errno);
    }

  private:
    std::string path_;
    std::size_t size_;
    std::byte* memory_ = nullptr;
};

class PosixFile final : public File {
  public:
    PosixFile(FileDescriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

    std::size_t read_at(std::int64_t offset, Bytes into) override {
        std::size_t total = 0;
        while (total < into.size()) {
            const ssize_t read = ::pread(fd_.get(), into.data() + total, into.size() - total,
                                         offset + static_cast<std::int64_t>(total));
            if (read < 0 && errno == EINTR) continue;
            if (read < 0) fail("read", path_, errno);
            if (read == 0) break;
            total += static_cast<std::size_t>(read);
        }
        return total;
    }
    void write_at(std::int64_t offset, ConstBytes from) override {
        write_fully(fd_.get(), path_, offset, from);
    }
    std::int64_t size() override { return size_of(fd_.get(), path_); }
    void truncate(std::int64_t size) override {
        if (::ftruncate(fd_.get(), size) != 0) fail("truncate", path_, errno);
    }
    void allocate(std::int64_t size) override { reserve(fd_.get(), path_, size); }
    void sync(bool with_metadata) override {
        const int result = with_metadata ? ::fsync(fd_.get()) : ::fdatasync(fd_.get());
        if (result != 0) fail("sync", path_, errno);
    }
    bool is_hole(std::int64_t offset, std::int64_t length) override {
        return hole_at(fd_.get(), offset, length);
    }
    const std::string& path() const noexcept override { return path_; }

  private:
    FileDescriptor fd_;
    std::string path_;
};

}  // namespace

bool hole_at(int fd, std::int64_t offset, std::int64_t length) noexcept {
    const off_t data = ::lseek(fd, offset, SEEK_DATA);
    if (data < 0) return errno == ENXIO;  // none up to the end
    return data >= offset + length;
}

std::unique_ptr<Mapping> PosixStorage::create_mapped(const std::string& path, std::int64_t size,
                                                     const CreateOptions& options) {
    if (size <= 0) fail("create", path, EINVAL);
    const FileDescriptor fd = create_new(path, options);
    try {
        if (!options.sparse) reserve(fd.get(), path, size);
        if (::ftruncate(fd.get(), size) != 0) fail("size", path, errno);
        return std::make_unique<PosixMapping>(fd.get(), path, size, Access::read_write,
                                              options.pre_touch);
    } catch (...) {
        ::unlink(path.c_str());  // half a file would be taken for a whole one
        throw;
    }
}

std::unique_ptr<Mapping> PosixStorage::open_mapped(const std::string& path, Access access) {
    const FileDescriptor fd = open_existing(path, access);
    const std::int64_t size = size_of(fd.get(), path);
    if (size == 0) fail("map empty file", path, EINVAL);
    return std::make_unique<PosixMapping>(fd.get(), path, size, access, false);
}

std::unique_ptr<File> PosixStorage::open(const std::string& path, Access access) {
    return std::make_unique<PosixFile>(open_existing(path, access), path);
}

std::unique_ptr<File> PosixStorage::create(const std::string& path, const CreateOptions& options) {
    return std::make_unique<PosixFile>(create_new(path, options), path);
}

bool PosixStorage::exists(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0;
}

bool PosixStorage::is_directory(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

std::int64_t PosixStorage::file_size(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) fail("stat", path, errno);
    return info.st_size;
}

void PosixStorage::create_directories(const std::string& path, Visibility visibility) {
    const bool owner_only = visibility == Visibility::owner_only;
    const mode_t mode = owner_only ? 0700 : 0777;
    for (std::size_t end = 0; end != std::string::npos;) {
        end = path.find('/', end + 1);
        const std::string prefix = path.substr(0, end);
        if (::mkdir(prefix.c_str(), mode) == 0) {
            if (owner_only && ::chmod(prefix.c_str(), mode) != 0) {
                fail("set mode of", prefix, errno);
            }
            continue;
        }
        const int error = errno;
        if (!is_directory(prefix)) fail("create directory", prefix, error);
    }
}

bool PosixStorage::remove(const std::string& path) {
    if (::unlink(path.c_str()) == 0) return true;
    if (errno == ENOENT) return false;
    fail("remove", path, errno);
}

void PosixStorage::remove_all(const std::string& path) {
    std::error_code error;
    fs::remove_all(path, error);
    if (error) fail("remove directory", path, error);
}

void PosixStorage::rename(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) {
        fail("rename", fmt::format("{} to {}", from, to), errno);
    }
}

std::vector<std::string> PosixStorage::list(const std::string& directory) {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
        names.push_back(entry->path().filename().string());
    }
    if (error) fail("list", directory, error);
    std::ranges::sort(names);
    return names;
}

void PosixStorage::sync_directory(const std::string& directory) {
    const FileDescriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.valid()) fail("open directory", directory, errno);
    if (::fsync(fd.get()) != 0) fail("sync directory", directory, errno);
}

std::int64_t PosixStorage::free_space(const std::string& path) {
    // The nearest ancestor that exists tells for a path that does not yet.
    fs::path place = absolute(path);
    struct statvfs info {};
    while (::statvfs(place.c_str(), &info) != 0) {
        if (errno != ENOENT || place == place.parent_path()) fail("free space of", path, errno);
        place = place.parent_path();
    }
    constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    const std::uint64_t blocks = std::min<std::uint64_t>(info.f_bavail, kMax / info.f_frsize);
    return static_cast<std::int64_t>(blocks * info.f_frsize);
}

std::string PosixStorage::absolute(const std::string& path) {
    std::error_code error;
    const fs::path result = fs::weakly_canonical(fs::absolute(path, error), error);
    if (error) fail("resolve", path, error);
    return result.string();
}

}  // namespace tern::platform::posix
