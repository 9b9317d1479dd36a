#include "tern/platform/sim/disk.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "tern/platform/storage.hpp"

namespace tern::platform::sim {

namespace {

constexpr std::string_view kSharedMemory = "/dev/shm";

bool is_shared_memory(std::string_view path) { return path.starts_with(kSharedMemory); }

std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == 0 ? "/" : path.substr(0, slash);
}

[[noreturn]] void fail(std::string_view operation, const std::string& path, int error) {
    throw StorageError(
        fmt::format("{} {}: {}", operation, path, std::generic_category().message(error)), error);
}

std::string_view name_of(DiskOperation operation) {
    switch (operation) {
        case DiskOperation::open:
            return "open";
        case DiskOperation::create:
            return "create";
        case DiskOperation::read:
            return "read";
        case DiskOperation::write:
            return "write";
        case DiskOperation::sync:
            return "sync";
        case DiskOperation::rename:
            return "rename";
    }
    return "use";
}

std::uint32_t error_ppm(DiskOperation operation, const DiskOptions& options) {
    switch (operation) {
        case DiskOperation::read:
            return options.read_error_ppm;
        case DiskOperation::write:
            return options.write_error_ppm;
        case DiskOperation::sync:
            return options.sync_error_ppm;
        case DiskOperation::open:
        case DiskOperation::create:
        case DiskOperation::rename:
            break;
    }
    return 0;
}

}  // namespace

Disk::Disk(const DiskOptions& options, Timeline& timeline, Prng prng)
    : options_(options), timeline_(timeline), prng_(prng) {
    for (const char* path : {"/", "/dev", "/dev/shm", "/tmp"}) {
        entries_[path] = std::make_shared<Inode>(Inode::Kind::directory);
    }
}

// Faults ----------------------------------------------------------------------------------------

void Disk::fail_next(DiskOperation operation, std::string path_part, int error, int times) {
    faults_.push_back({operation, std::move(path_part), error, times});
}

void Disk::take_time(DiskOperation operation) {
    const bool is_read = operation == DiskOperation::read;
    const bool is_write = operation == DiskOperation::write;
    if (!is_read && !is_write && operation != DiskOperation::sync) return;
    const Range& latency = is_read    ? options_.read_latency_ns
                           : is_write ? options_.write_latency_ns
                                      : options_.sync_latency_ns;
    std::int64_t taken_ns = latency.max > 0 ? prng_.between(latency) : 0;
    if (prng_.chance(options_.stall_ppm)) taken_ns += prng_.between(options_.stall_ns);
    if (taken_ns > 0 && latency_listener_) latency_listener_(taken_ns);
}

void Disk::check(DiskOperation operation, const std::string& path) {
    if (!is_shared_memory(path)) take_time(operation);
    for (InjectedFault& fault : faults_) {
        if (fault.times <= 0 || fault.operation != operation) continue;
        if (path.find(fault.path_part) == std::string::npos) continue;
        --fault.times;
        fail(name_of(operation), path, fault.error);
    }
    if (prng_.chance(error_ppm(operation, options_))) fail(name_of(operation), path, EIO);
}

void Disk::crash() {
    has_power_ = true;
    const CrashOptions& crash = options_.crash;
    if (!changes_.empty() && prng_.chance(crash.lose_directory_changes_ppm)) {
        const auto kept = static_cast<std::size_t>(prng_.next() % changes_.size());
        for (; changes_.size() > kept; changes_.pop_back()) {
            const Change& change = changes_.back();
            for (auto undone = change.rbegin(); undone != change.rend(); ++undone) {
                if (undone->before) {
                    entries_[undone->path] = undone->before;
                } else {
                    entries_.erase(undone->path);
                }
            }
        }
    }
    changes_.clear();
    if (!crash.shared_memory_survives) {
        for (const std::string& path : below(std::string(kSharedMemory))) entries_.erase(path);
    }
    for (auto& [path, inode] : entries_) inode->crash(prng_, crash);
    timeline_.note(Event::crash, entries_.size());
}

std::vector<RottenBit> Disk::rot(std::string_view path_part, int count) {
    struct Candidate {
        const std::string* path;
        Inode* inode;
        std::int64_t page;
    };
    std::vector<Candidate> candidates;
    for (const auto& [path, inode] : entries_) {
        if (inode->kind() != Inode::Kind::disk_file || !path.contains(path_part)) continue;
        for (const std::int64_t page : inode->pages_with_content()) {
            candidates.push_back({&path, inode.get(), page});
        }
    }
    prng_.shuffle(candidates);
    std::vector<RottenBit> rotten;
    for (const auto& [path, inode, page] : candidates) {
        if (std::ssize(rotten) >= count) break;
        const std::int64_t begin = page * kPageLength;
        const std::int64_t end = std::min(begin + kPageLength, inode->size());
        const std::int64_t offset = prng_.between({begin, end - 1});
        const auto bit = static_cast<int>(prng_.next() % 8);
        inode->flip_bit(offset, bit);
        rotten.push_back({*path, offset, bit});
        timeline_.note(Event::bit_rot, hash_of(*path), static_cast<std::uint64_t>(offset),
                       static_cast<std::uint64_t>(bit));
    }
    return rotten;
}

DiskCopy Disk::keep(const std::string& given) const {
    const std::string path = normalise(given);
    DiskCopy copy;
    copy.entries_[""] = require(path)->copy(require(path)->kind());
    for (const std::string& child : below(path)) {
        const Inode& inode = *find(child);
        copy.entries_[child.substr(path.size())] = inode.copy(inode.kind());
    }
    return copy;
}

void Disk::bring_back(const std::string& given, const DiskCopy& copy) {
    const std::string path = normalise(given);
    require_parent(path);
    remove_all(path);
    const auto file_kind =
        is_shared_memory(path) ? Inode::Kind::memory_file : Inode::Kind::disk_file;
    for (const auto& [rest, inode] : copy.entries_) {
        const bool is_directory = inode->kind() == Inode::Kind::directory;
        static_cast<void>(edit(path + rest, inode->copy(is_directory ? inode->kind() : file_kind)));
    }
    changes_.clear();
}

// Directories -----------------------------------------------------------------------------------

std::string Disk::normalise(const std::string& path) {
    const auto absolute = (std::filesystem::path("/") / path).lexically_normal();
    std::string text = absolute.string();
    if (text.size() > 1 && text.back() == '/') text.pop_back();
    return text;
}

std::shared_ptr<Inode> Disk::find(const std::string& path) const {
    const auto entry = entries_.find(path);
    return entry == entries_.end() ? nullptr : entry->second;
}

Disk::InodePtr Disk::require(const std::string& path) const {
    auto inode = find(path);
    if (!inode) fail("find", path, ENOENT);
    return inode;
}

void Disk::require_parent(const std::string& path) const {
    const auto parent = find(parent_of(path));
    if (!parent) fail("create", path, ENOENT);
    if (parent->kind() != Inode::Kind::directory) fail("create", path, ENOTDIR);
}

/// Puts `after` at the path (nullptr: nothing) and tells how to undo that.
Disk::Change Disk::edit(const std::string& path, InodePtr after) {
    Change change{{path, find(path)}};
    if (after) {
        entries_[path] = std::move(after);
    } else {
        entries_.erase(path);
    }
    timeline_.note(Event::directory_change, hash_of(path), change[0].before != nullptr);
    return change;
}

/// Changes within shared memory are not journaled: a crash takes or leaves all of it.
void Disk::commit(Change change) {
    if (is_shared_memory(change.front().path)) return;
    changes_.push_back(std::move(change));
    if (changes_.size() > kMaxDirectoryChanges) changes_.pop_front();
}

std::shared_ptr<Inode> Disk::open(const std::string& path) {
    check(DiskOperation::open, path);
    auto inode = find(path);
    if (!inode) fail("open", path, ENOENT);
    if (inode->kind() == Inode::Kind::directory) fail("open", path, EISDIR);
    return inode;
}

std::shared_ptr<Inode> Disk::create(const std::string& path, bool exclusive) {
    check(DiskOperation::create, path);
    require_parent(path);
    if (auto present = find(path)) {
        if (exclusive) fail("create", path, EEXIST);
        if (present->kind() == Inode::Kind::directory) fail("create", path, EISDIR);
        present->resize(0);
        return present;
    }
    auto inode = std::make_shared<Inode>(is_shared_memory(path) ? Inode::Kind::memory_file
                                                                : Inode::Kind::disk_file);
    commit(edit(path, inode));
    return inode;
}

void Disk::make_directories(const std::string& path) {
    if (const auto present = find(path)) {
        if (present->kind() != Inode::Kind::directory) fail("create directory", path, EEXIST);
        return;
    }
    make_directories(parent_of(path));
    commit(edit(path, std::make_shared<Inode>(Inode::Kind::directory)));
}

bool Disk::remove(const std::string& path) {
    const auto inode = find(path);
    if (!inode) return false;
    if (inode->kind() == Inode::Kind::directory) fail("remove", path, EISDIR);
    commit(edit(path, nullptr));
    return true;
}

void Disk::remove_all(const std::string& path) {
    auto paths = below(path);
    std::ranges::reverse(paths);  // children before their parents
    for (const std::string& child : paths) commit(edit(child, nullptr));
    if (find(path)) commit(edit(path, nullptr));
}

void Disk::rename(const std::string& from, const std::string& to) {
    check(DiskOperation::rename, from);
    require_parent(to);
    const auto source = find(from);
    if (!source) fail("rename", from, ENOENT);
    if (from == to) return;
    const auto target = find(to);
    if (target && target->kind() == Inode::Kind::directory) fail("rename", to, EISDIR);
    Change change;
    const auto move = [&](const std::string& old_path, const std::string& new_path) {
        auto inode = find(old_path);
        for (Change& part : std::array{edit(old_path, nullptr), edit(new_path, inode)}) {
            change.push_back(std::move(part.front()));
        }
    };
    const auto children = below(from);
    move(from, to);
    for (const std::string& child : children) move(child, to + child.substr(from.size()));
    commit(std::move(change));
}

std::vector<std::string> Disk::below(const std::string& directory) const {
    const std::string prefix = directory == "/" ? "/" : directory + "/";
    std::vector<std::string> paths;
    for (auto entry = entries_.upper_bound(prefix);
         entry != entries_.end() && entry->first.starts_with(prefix); ++entry) {
        paths.push_back(entry->first);
    }
    return paths;
}

std::vector<std::string> Disk::list(const std::string& directory) const {
    if (require(directory)->kind() != Inode::Kind::directory) fail("list", directory, ENOTDIR);
    std::vector<std::string> names;
    for (const std::string& path : below(directory)) {
        if (parent_of(path) == directory) names.push_back(path.substr(path.rfind('/') + 1));
    }
    std::ranges::sort(names);
    return names;
}

void Disk::sync_directory(const std::string& path) {
    if (require(path)->kind() != Inode::Kind::directory) fail("sync directory", path, ENOTDIR);
    check(DiskOperation::sync, path);
    if (!has_power_) return;
    timeline_.note(Event::file_sync, hash_of(path));
    // The journal is in order: what came before the last change here becomes durable with it.
    const auto last =
        std::ranges::find_if(changes_.rbegin(), changes_.rend(), [&](const Change& change) {
            return std::ranges::any_of(
                change, [&](const Edit& edited) { return parent_of(edited.path) == path; });
        });
    changes_.erase(changes_.begin(), last.base());
}

// Files -----------------------------------------------------------------------------------------

std::int64_t Disk::used_space(const std::string& path) const {
    const bool shared = is_shared_memory(path);
    std::int64_t used = 0;
    for (const auto& [name, inode] : entries_) {
        if (is_shared_memory(name) == shared) used += inode->reserved();
    }
    return used;
}

std::int64_t Disk::free_space(const std::string& path) const {
    const auto capacity =
        is_shared_memory(path) ? options_.shared_memory_capacity : options_.capacity;
    if (capacity == DiskOptions::kBoundless) return capacity;
    return std::max<std::int64_t>(capacity - used_space(path), 0);
}

std::size_t Disk::read(const std::string& path, const Inode& file, std::int64_t offset,
                       Bytes into) {
    check(DiskOperation::read, path);
    return file.read(offset, into);
}

void Disk::write(const std::string& path, Inode& file, std::int64_t offset, ConstBytes from) {
    check(DiskOperation::write, path);
    const auto length = static_cast<std::int64_t>(from.size());
    const std::int64_t growth = offset + length - std::max(file.reserved(), offset);
    const std::int64_t missing = growth > 0 ? growth - free_space(path) : 0;
    if (missing > 0) from = from.first(static_cast<std::size_t>(length - missing));
    timeline_.note(Event::file_write, hash_of(path), static_cast<std::uint64_t>(offset),
                   hash_of(from));
    if (!from.empty()) file.write(offset, from);
    if (missing > 0) fail("write", path, ENOSPC);
}

void Disk::resize(const std::string& path, Inode& file, std::int64_t size) {
    check(DiskOperation::write, path);
    timeline_.note(Event::file_resize, hash_of(path), static_cast<std::uint64_t>(size));
    file.resize(size);
}

void Disk::reserve(const std::string& path, Inode& file, std::int64_t size) {
    check(DiskOperation::write, path);
    if (size - file.reserved() > free_space(path)) fail("allocate", path, ENOSPC);
    timeline_.note(Event::file_resize, hash_of(path), static_cast<std::uint64_t>(size), 1);
    file.reserve(size);
}

void Disk::sync(const std::string& path, Inode& file, bool with_size) {
    check(DiskOperation::sync, path);
    if (!has_power_) return;
    timeline_.note(Event::file_sync, hash_of(path), with_size);
    file.sync(with_size);
}

}  // namespace tern::platform::sim
