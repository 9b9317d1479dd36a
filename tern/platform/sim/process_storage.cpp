#include "tern/platform/sim/process_storage.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>

#include "tern/base/assert.hpp"
#include "tern/platform/posix/storage.hpp"

namespace tern::platform::sim {

class SimMapping final : public Mapping {
  public:
    SimMapping(ProcessStorage& storage, std::string path, std::shared_ptr<Inode> inode,
               Access access)
        : storage_(storage),
          path_(std::move(path)),
          inode_(std::move(inode)),
          size_(static_cast<std::size_t>(inode_->size())),
          protection_(access == Access::read_only ? PROT_READ : PROT_READ | PROT_WRITE) {
        memory_ = ::mmap(nullptr, size_, protection_, MAP_SHARED, inode_->fd(), 0);
        TERN_ASSERT(memory_ != MAP_FAILED, "the machine under the simulator can map memory");
    }
    ~SimMapping() override {
        storage_.forget(*this);
        ::munmap(memory_, size_);
    }
    SimMapping(const SimMapping&) = delete;
    SimMapping& operator=(const SimMapping&) = delete;

    /// The same addresses, but copied on write.
    void cut_off() {
        void* memory =
            ::mmap(memory_, size_, protection_, MAP_PRIVATE | MAP_FIXED, inode_->fd(), 0);
        TERN_ASSERT(memory == memory_, "the machine under the simulator can map memory");
    }

    Bytes bytes() noexcept override { return {static_cast<std::byte*>(memory_), size_}; }
    const std::string& path() const noexcept override { return path_; }
    void sync() override {
        if (!storage_.is_cut_off()) storage_.disk().sync(path_, *inode_, false);
    }

  private:
    ProcessStorage& storage_;
    std::string path_;
    std::shared_ptr<Inode> inode_;
    std::size_t size_;
    int protection_;
    void* memory_ = nullptr;
};

namespace {

class SimFile final : public File {
  public:
    SimFile(ProcessStorage& storage, std::string path, std::shared_ptr<Inode> inode, Access access)
        : storage_(storage), path_(std::move(path)), inode_(std::move(inode)), access_(access) {}

    std::size_t read_at(std::int64_t offset, Bytes into) override {
        return storage_.disk().read(path_, *inode_, offset, into);
    }
    void write_at(std::int64_t offset, ConstBytes from) override {
        if (may_write()) storage_.disk().write(path_, *inode_, offset, from);
    }
    std::int64_t size() override { return inode_->size(); }
    void truncate(std::int64_t size) override {
        if (may_write()) storage_.disk().resize(path_, *inode_, size);
    }
    void allocate(std::int64_t size) override {
        if (may_write() && size > inode_->size()) storage_.disk().reserve(path_, *inode_, size);
    }
    void sync(bool with_metadata) override {
        if (!storage_.is_cut_off()) storage_.disk().sync(path_, *inode_, with_metadata);
    }
    bool is_hole(std::int64_t offset, std::int64_t length) override {
        return posix::hole_at(inode_->fd(), offset, length);
    }
    const std::string& path() const noexcept override { return path_; }

  private:
    bool may_write() const {
        if (access_ == Access::read_only) {
            throw StorageError("write " + path_ + ": opened read-only", EBADF);
        }
        return !storage_.is_cut_off();
    }
    ProcessStorage& storage_;
    std::string path_;
    std::shared_ptr<Inode> inode_;
    Access access_;
};

}  // namespace

void ProcessStorage::cut_off() {
    cut_off_ = true;
    for (SimMapping* mapping : mappings_) mapping->cut_off();
}

void ProcessStorage::forget(SimMapping& mapping) { std::erase(mappings_, &mapping); }

void ProcessStorage::require_alive(const std::string& path) const {
    if (cut_off_) throw StorageError("open " + path + ": the process was killed", EIO);
}

std::unique_ptr<Mapping> ProcessStorage::map(const std::string& path, std::shared_ptr<Inode> inode,
                                             Access access) {
    if (access == Access::read_write) inode->expect_mapped_writes();
    auto mapping = std::make_unique<SimMapping>(*this, path, std::move(inode), access);
    mappings_.push_back(mapping.get());
    return mapping;
}

std::unique_ptr<Mapping> ProcessStorage::create_mapped(const std::string& given, std::int64_t size,
                                                       const CreateOptions& options) {
    const std::string path = Disk::normalise(given);
    require_alive(path);
    if (size <= 0) throw StorageError("create " + path + ": a mapping needs a size", EINVAL);
    auto inode = disk_.create(path, options.exclusive);
    try {
        if (options.sparse) {
            disk_.resize(path, *inode, size);
        } else {
            disk_.reserve(path, *inode, size);
        }
    } catch (...) {
        disk_.remove(path);
        throw;
    }
    return map(path, std::move(inode), Access::read_write);
}

std::unique_ptr<Mapping> ProcessStorage::open_mapped(const std::string& given, Access access) {
    const std::string path = Disk::normalise(given);
    require_alive(path);
    auto inode = disk_.open(path);
    if (inode->size() == 0) throw StorageError("map empty file " + path, EINVAL);
    return map(path, std::move(inode), access);
}

std::unique_ptr<File> ProcessStorage::open(const std::string& given, Access access) {
    const std::string path = Disk::normalise(given);
    require_alive(path);
    return std::make_unique<SimFile>(*this, path, disk_.open(path), access);
}

std::unique_ptr<File> ProcessStorage::create(const std::string& given,
                                             const CreateOptions& options) {
    const std::string path = Disk::normalise(given);
    require_alive(path);
    return std::make_unique<SimFile>(*this, path, disk_.create(path, options.exclusive),
                                     Access::read_write);
}

bool ProcessStorage::exists(const std::string& path) {
    return disk_.find(Disk::normalise(path)) != nullptr;
}

bool ProcessStorage::is_directory(const std::string& path) {
    const auto inode = disk_.find(Disk::normalise(path));
    return inode && inode->kind() == Inode::Kind::directory;
}

std::int64_t ProcessStorage::file_size(const std::string& path) {
    const auto inode = disk_.find(Disk::normalise(path));
    if (!inode) throw StorageError("stat " + path + ": No such file or directory", ENOENT);
    return inode->size();
}

void ProcessStorage::create_directories(const std::string& path, Visibility /*visibility*/) {
    require_alive(path);
    disk_.make_directories(Disk::normalise(path));
}

bool ProcessStorage::remove(const std::string& path) {
    return !cut_off_ && disk_.remove(Disk::normalise(path));
}

void ProcessStorage::remove_all(const std::string& path) {
    if (!cut_off_) disk_.remove_all(Disk::normalise(path));
}

void ProcessStorage::rename(const std::string& from, const std::string& to) {
    if (!cut_off_) disk_.rename(Disk::normalise(from), Disk::normalise(to));
}

std::vector<std::string> ProcessStorage::list(const std::string& directory) {
    return disk_.list(Disk::normalise(directory));
}

void ProcessStorage::sync_directory(const std::string& directory) {
    if (!cut_off_) disk_.sync_directory(Disk::normalise(directory));
}

std::int64_t ProcessStorage::free_space(const std::string& path) {
    return disk_.free_space(Disk::normalise(path));
}

std::string ProcessStorage::absolute(const std::string& path) { return Disk::normalise(path); }

}  // namespace tern::platform::sim
