#include "tern/platform/sim/inode.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "tern/base/assert.hpp"

namespace tern::platform::sim {

namespace {

/// The simulator's own memory: a failure of the real machine ends the simulation.
void require(bool done) { TERN_ASSERT(done, "the machine under the simulator has memory left"); }

void write_content(int fd, std::int64_t offset, ConstBytes from) {
    while (!from.empty()) {
        const ssize_t written = ::pwrite(fd, from.data(), from.size(), offset);
        require(written > 0);
        from = from.subspan(static_cast<std::size_t>(written));
        offset += written;
    }
}

std::size_t read_content(int fd, std::int64_t offset, Bytes into) {
    std::size_t total = 0;
    while (total < into.size()) {
        const ssize_t read = ::pread(fd, into.data() + total, into.size() - total,
                                     offset + static_cast<std::int64_t>(total));
        require(read >= 0);
        if (read == 0) break;
        total += static_cast<std::size_t>(read);
    }
    return total;
}

}  // namespace

Inode::Inode(Kind kind) : kind_(kind) {
    if (kind == Kind::directory) return;
    fd_ = posix::FileDescriptor(::memfd_create("tern-sim", MFD_CLOEXEC));
    require(fd_.valid());
}

std::size_t Inode::read(std::int64_t offset, Bytes into) const {
    return read_content(fd(), offset, into);
}

void Inode::write(std::int64_t offset, ConstBytes from) {
    const std::int64_t end = offset + static_cast<std::int64_t>(from.size());
    remember(offset, end);
    write_content(fd(), offset, from);
    size_ = std::max(size_, end);
    reserved_ = std::max(reserved_, end);
}

void Inode::resize(std::int64_t size) {
    if (size < size_) remember(size, size_);
    require(::ftruncate(fd(), size) == 0);
    size_ = size;
    reserved_ = std::min(reserved_, size);
}

void Inode::reserve(std::int64_t size) {
    if (size > size_) resize(size);
    reserved_ = std::max(reserved_, size);
}

void Inode::expect_mapped_writes() {
    if (kind_ != Kind::disk_file || mapped_) return;
    mapped_ = true;
    durable_.assign(static_cast<std::size_t>(size_), std::byte{0});
    read_content(fd(), 0, durable_);
    for (const auto& [number, before] : dirty_) {
        const auto at = static_cast<std::size_t>(number * kPageLength);
        if (at >= durable_.size()) continue;
        std::copy_n(before.begin(), std::min(before.size(), durable_.size() - at),
                    durable_.begin() + static_cast<std::ptrdiff_t>(at));
    }
}

Inode::Page Inode::page_at(std::int64_t number) const {
    Page page(static_cast<std::size_t>(kPageLength), std::byte{0});
    read_content(fd(), number * kPageLength, page);
    return page;
}

/// Keeps the durable content of the pages of [begin, end), which are about to change.
void Inode::remember(std::int64_t begin, std::int64_t end) {
    if (kind_ != Kind::disk_file || mapped_) return;  // mapped_: durable_ has it
    for (std::int64_t page = begin / kPageLength; page * kPageLength < end; ++page) {
        if (!dirty_.contains(page)) dirty_.emplace(page, page_at(page));
    }
    while (dirty_.size() > kMaxDirtyPages) dirty_.erase(dirty_.begin());
}

/// While mapped_: as it was at the last sync.
Inode::Page Inode::durable_page_at(std::int64_t number) const {
    Page page(static_cast<std::size_t>(kPageLength), std::byte{0});
    const auto at = static_cast<std::size_t>(number * kPageLength);
    if (at < durable_.size()) {
        std::copy_n(durable_.begin() + static_cast<std::ptrdiff_t>(at),
                    std::min(page.size(), durable_.size() - at), page.begin());
    }
    return page;
}

void Inode::find_mapped_writes() {
    if (!mapped_) return;
    const std::int64_t end = std::max(size_, static_cast<std::int64_t>(durable_.size()));
    for (std::int64_t number = 0; number * kPageLength < end; ++number) {
        if (dirty_.contains(number)) continue;
        Page before = durable_page_at(number);
        if (before != page_at(number)) dirty_.emplace(number, std::move(before));
    }
}

void Inode::sync(bool with_size) {
    // The system writes the size along whenever data would be unreachable without it.
    if (with_size || size_ > durable_size_) durable_size_ = size_;
    dirty_.clear();
    if (!mapped_) return;
    durable_.resize(static_cast<std::size_t>(size_));
    read_content(fd(), 0, durable_);
}

void Inode::crash(Prng& prng, const CrashOptions& options) {
    if (kind_ != Kind::disk_file) return;
    find_mapped_writes();
    const bool lose_size = size_ != durable_size_ && prng.chance(options.lose_size_ppm);
    const std::int64_t size = lose_size ? durable_size_ : size_;
    require(::ftruncate(fd(), std::max(size_, durable_size_)) == 0);
    for (const auto& [number, before] : dirty_) {
        // What a truncation takes is free only once the new size is durable.
        const bool is_cut_off = number * kPageLength >= size_;
        if (is_cut_off || prng.chance(options.lose_page_ppm)) {
            revert(number, before, false, prng);
        } else if (prng.chance(options.tear_page_ppm)) {
            revert(number, before, true, prng);
        }
    }
    require(::ftruncate(fd(), size) == 0);
    size_ = size;
    reserved_ = std::min(reserved_, size);
    durable_size_ = size;
    dirty_.clear();
    durable_.clear();
    mapped_ = false;  // no process is left to have a mapping
}

void Inode::revert(std::int64_t page, const Page& before, bool torn, Prng& prng) {
    if (!torn && std::ranges::all_of(before, [](std::byte b) { return b == std::byte{0}; })) {
        // What never reached the disk is a hole of the file.
        require(::fallocate(fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, page * kPageLength,
                            kPageLength) == 0);
        return;
    }
    for (std::int64_t at = 0; at < kPageLength; at += kSectorLength) {
        if (torn && prng.chance(kPpm / 2)) continue;
        write_content(fd(), page * kPageLength + at,
                      ConstBytes(before).subspan(static_cast<std::size_t>(at),
                                                 static_cast<std::size_t>(kSectorLength)));
    }
}

std::vector<std::int64_t> Inode::pages_with_content() const {
    std::vector<std::int64_t> numbers;
    for (off_t at = 0; (at = ::lseek(fd(), at, SEEK_DATA)) >= 0 && at < size_;) {
        const std::int64_t number = at / kPageLength;
        const Page page = page_at(number);
        const bool is_empty = std::ranges::all_of(page, [](auto b) { return b == std::byte{0}; });
        if (!is_empty) numbers.push_back(number);
        at = (number + 1) * kPageLength;
    }
    return numbers;
}

void Inode::flip_bit(std::int64_t offset, int bit) {
    const auto mask = static_cast<std::byte>(1U << bit);
    const std::int64_t number = offset / kPageLength;
    if (const auto dirty = dirty_.find(number); dirty != dirty_.end()) {
        dirty->second[static_cast<std::size_t>(offset % kPageLength)] ^= mask;
        return;
    }
    if (mapped_) {
        const bool is_dirty = durable_page_at(number) != page_at(number);
        if (offset < static_cast<std::int64_t>(durable_.size())) {
            durable_[static_cast<std::size_t>(offset)] ^= mask;
        }
        if (is_dirty) return;
    }
    std::array<std::byte, 1> byte{};
    read_content(fd(), offset, byte);
    byte[0] ^= mask;
    write_content(fd(), offset, byte);
}

std::shared_ptr<Inode> Inode::copy(Kind kind) const {
    auto other = std::make_shared<Inode>(kind);
    if (kind == Kind::directory) return other;
    other->resize(size_);
    for (const std::int64_t number : pages_with_content()) {
        const auto length = std::min(kPageLength, size_ - number * kPageLength);
        write_content(other->fd(), number * kPageLength,
                      ConstBytes(page_at(number)).first(static_cast<std::size_t>(length)));
    }
    other->reserved_ = reserved_;
    other->durable_size_ = size_;
    return other;
}

}  // namespace tern::platform::sim
