// What processes see of a simulated disk, and what a crash leaves of it.

#include "tern/platform/sim/disk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>

#include "tern/platform/sim/world.hpp"

namespace tern::platform::sim {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::Ge;
using testing::Le;

class Stored : public testing::Test {
  protected:
    /// All that is unsynced is lost.
    void lose_all() {
        auto& crash = host_.disk().options().crash;
        crash.lose_page_ppm = kPpm;
        crash.lose_size_ppm = kPpm;
        crash.lose_directory_changes_ppm = kPpm;
    }
    Storage& storage() { return process_->platform().storage; }
    void restart() {
        host_.crash();
        process_ = &host_.start("again");
    }
    std::string content(const std::string& path) {
        auto file = storage().open(path, Access::read_only);
        std::string text(static_cast<std::size_t>(file->size()), '\0');
        const auto bytes = std::as_writable_bytes(std::span(text));
        EXPECT_EQ(file->read_at(0, bytes), text.size());
        return text;
    }
    static std::byte& first(Mapping& mapping) { return mapping.bytes()[0]; }
    template <typename Action>
    static int error_of(Action action) {
        try {
            action();
        } catch (const StorageError& error) {
            return error.error_number();
        }
        return 0;
    }

    World world_{11};
    Host& host_ = world_.add_host("alpha");
    Process* process_ = &host_.start("first");
};

TEST_F(Stored, TwoMappingsOfOnePathAreTheSameMemory) {
    auto created = storage().create_mapped("/dev/shm/log", 10'000, {});
    auto opened =
        host_.start("other").platform().storage.open_mapped("/dev/shm/./log", Access::read_write);
    EXPECT_EQ(opened->size(), 10'000);
    first(*created) = std::byte{9};
    EXPECT_EQ(first(*opened), std::byte{9});
    auto file = storage().open("/dev/shm/log", Access::read_write);
    file->write_at(0, as_bytes("f"));
    EXPECT_EQ(first(*opened), std::byte{'f'});
}

TEST_F(Stored, AKilledProcessChangesNothingAnyMore) {
    auto corpse_mapping = storage().create_mapped("/dev/shm/log", 100, {});
    auto corpse_file = storage().create("/data", {});
    corpse_file->write_at(0, as_bytes("kept"));  // never synced: the kernel has it
    first(*corpse_mapping) = std::byte{1};
    Storage& corpse = storage();
    process_->kill();
    EXPECT_FALSE(process_->platform().system.process_alive(process_->id()));

    process_ = &host_.start("next");
    auto mapping = storage().open_mapped("/dev/shm/log", Access::read_write);
    EXPECT_EQ(first(*mapping), std::byte{1});
    first(*corpse_mapping) = std::byte{2};
    EXPECT_EQ(first(*mapping), std::byte{1});
    corpse_file->write_at(0, as_bytes("lost"));
    corpse.remove_all("/dev/shm");
    EXPECT_FALSE(corpse.remove("/data"));
    EXPECT_EQ(error_of([&] { (void)corpse.create("/x", {}); }), EIO);
    EXPECT_EQ(content("/data"), "kept");
    EXPECT_THAT(storage().list("/dev/shm"), ElementsAre("log"));
}

TEST_F(Stored, ACrashKeepsWhatWasSyncedAndLosesTheRest) {
    lose_all();
    auto file = storage().create("/data", {});
    storage().sync_directory("/");
    file->write_at(0, as_bytes("synced"));
    file->sync(false);
    file->write_at(0, as_bytes("SYNC"));
    file->write_at(6, as_bytes(" and more"));
    EXPECT_EQ(content("/data"), "SYNCed and more");
    restart();
    EXPECT_EQ(content("/data"), "synced");
}

TEST_F(Stored, ACrashMayKeepUnsyncedWritesAsWell) {
    auto& crash = host_.disk().options().crash;
    crash = {.lose_page_ppm = 0,
             .tear_page_ppm = 0,
             .lose_size_ppm = 0,
             .lose_directory_changes_ppm = 0};
    storage().create("/data", {})->write_at(0, as_bytes("lucky"));
    restart();
    EXPECT_EQ(content("/data"), "lucky");
}

TEST_F(Stored, ATornPageIsOldInSomeSectorsAndNewInOthers) {
    auto& crash = host_.disk().options().crash;
    crash = {.lose_page_ppm = 0,
             .tear_page_ppm = kPpm,
             .lose_size_ppm = 0,
             .lose_directory_changes_ppm = 0};
    auto file = storage().create("/data", {});
    const std::string before(4 * kPageLength, 'o');
    file->write_at(0, as_bytes(before));
    file->sync(true);
    file->write_at(0, as_bytes(std::string(before.size(), 'n')));
    restart();
    const std::string after = content("/data");
    ASSERT_EQ(after.size(), before.size());
    for (std::size_t at = 0; at < after.size(); at += kSectorLength) {
        const std::string sector = after.substr(at, kSectorLength);
        EXPECT_TRUE(sector == std::string(kSectorLength, 'o') ||
                    sector == std::string(kSectorLength, 'n'));
    }
    EXPECT_NE(after.find('o'), std::string::npos);
    EXPECT_NE(after.find('n'), std::string::npos);
}

TEST_F(Stored, AMappedDiskFileLosesWhatWasNotSynced) {
    lose_all();
    auto mapping = storage().create_mapped("/mark", 5000, {});
    storage().sync_directory("/");
    first(*mapping) = std::byte{1};
    mapping->sync();
    first(*mapping) = std::byte{2};
    restart();
    auto again = storage().open_mapped("/mark", Access::read_only);
    EXPECT_EQ(again->size(), 5000);
    EXPECT_EQ(first(*again), std::byte{1});
}

TEST_F(Stored, ATruncationIsUndoneWithItsContent) {
    lose_all();
    auto file = storage().create("/data", {});
    storage().sync_directory("/");
    file->write_at(0, as_bytes("whole content"));
    file->sync(true);
    file->truncate(5);
    EXPECT_EQ(content("/data"), "whole");
    restart();
    EXPECT_EQ(content("/data"), "whole content");
}

TEST_F(Stored, DirectoryChangesNeedASyncOfTheDirectory) {
    lose_all();
    storage().create_directories("/a/b", Visibility::shared);
    storage().sync_directory("/a");
    (void)storage().create("/a/b/kept", {});
    storage().sync_directory("/a/b");
    storage().rename("/a/b/kept", "/a/b/renamed");
    (void)storage().create("/a/b/new", {});
    EXPECT_THAT(storage().list("/a/b"), ElementsAre("new", "renamed"));
    bool renamed = false;
    host_.disk().options().crash.lose_page_ppm = 0;
    restart();
    for (const std::string& name : storage().list("/a/b")) {
        EXPECT_NE(name, "new");  // the last change; the one before may be kept
        renamed = renamed || name == "renamed";
    }
    EXPECT_NE(renamed, storage().exists("/a/b/kept"));
}

TEST_F(Stored, SharedMemoryVanishesInACrashUnlessAskedToSurvive) {
    for (const bool survives : {true, false}) {
        host_.disk().options().crash.shared_memory_survives = survives;
        storage().create_directories("/dev/shm/aeron", Visibility::shared);
        (void)storage().create_mapped("/dev/shm/aeron/cnc.dat", 100, {.exclusive = false});
        restart();
        EXPECT_EQ(storage().exists("/dev/shm/aeron/cnc.dat"), survives);
        EXPECT_TRUE(storage().is_directory("/dev/shm"));
    }
}

TEST_F(Stored, AFullDiskTakesWhatFits) {
    host_.disk().options().capacity = 10;
    EXPECT_EQ(storage().free_space("/any"), 10);
    auto file = storage().create("/data", {});
    EXPECT_EQ(error_of([&] { file->write_at(0, as_bytes("twelve bytes")); }), ENOSPC);
    EXPECT_EQ(content("/data"), "twelve byt");
    EXPECT_EQ(storage().free_space("/any"), 0);
    file->write_at(0, as_bytes("TWELVE"));  // no growth
    EXPECT_EQ(error_of([&] { file->allocate(100); }), ENOSPC);
    EXPECT_EQ(error_of([&] { (void)storage().create_mapped("/big", 100, {.sparse = false}); }),
              ENOSPC);
    EXPECT_FALSE(storage().exists("/big"));
    (void)storage().create_mapped("/dev/shm/big", 100, {.sparse = false});  // another volume
    EXPECT_TRUE(storage().remove("/data"));
    EXPECT_EQ(storage().free_space("/any"), 10);
}

TEST_F(Stored, ErrorsAreInjectedByOperationAndPath) {
    auto file = storage().create("/archive/../data", {});
    host_.disk().fail_next(DiskOperation::write, "data", EIO, 2);
    host_.disk().fail_next(DiskOperation::sync, "data", ENOSPC);
    auto other = storage().create("/else", {});
    other->write_at(0, as_bytes("fine"));
    EXPECT_EQ(error_of([&] { file->write_at(0, as_bytes("x")); }), EIO);
    EXPECT_EQ(error_of([&] { file->write_at(0, as_bytes("x")); }), EIO);
    EXPECT_EQ(error_of([&] { file->write_at(0, as_bytes("x")); }), 0);
    EXPECT_EQ(error_of([&] { file->sync(true); }), ENOSPC);
    EXPECT_EQ(error_of([&] { file->sync(true); }), 0);
    host_.disk().options().write_error_ppm = kPpm;
    EXPECT_EQ(error_of([&] { file->write_at(0, as_bytes("x")); }), EIO);
}

TEST_F(Stored, ReadsFailByChanceWhenAsked) {
    auto file = storage().create("/data", {});
    file->write_at(0, as_bytes("x"));
    EXPECT_EQ(content("/data"), "x");
    host_.disk().options().read_error_ppm = kPpm;
    std::array<std::byte, 1> byte;
    EXPECT_EQ(error_of([&] { (void)file->read_at(0, byte); }), EIO);
}

TEST_F(Stored, OperationsTellHowLongTheyTake) {
    auto file = storage().create("/data", {});
    std::vector<std::int64_t> taken;
    host_.disk().on_latency([&](std::int64_t ns) { taken.push_back(ns); });
    std::array<std::byte, 1> byte;
    const auto use = [&](File& used) {
        taken.clear();
        used.write_at(0, as_bytes("x"));
        (void)used.read_at(0, byte);
        used.sync(true);
    };
    use(*file);
    EXPECT_THAT(taken, ElementsAre());
    DiskOptions& options = host_.disk().options();
    options.read_latency_ns = {100, 199};
    options.write_latency_ns = {200, 299};
    options.sync_latency_ns = {300, 399};
    use(*file);
    EXPECT_THAT(taken, ElementsAre(AllOf(Ge(200), Le(299)), AllOf(Ge(100), Le(199)),
                                   AllOf(Ge(300), Le(399))));
    options.stall_ppm = kPpm;
    options.stall_ns = {10'000, 10'000};
    use(*file);
    EXPECT_THAT(taken, Each(AllOf(Ge(10'100), Le(10'399))));
    taken.clear();
    storage().sync_directory("/");
    EXPECT_EQ(taken.size(), 1U);
    use(*storage().create("/dev/shm/memory", {}));
    EXPECT_THAT(taken, ElementsAre());
}

TEST_F(Stored, ADiskMayRunFullAndBeEmptiedAgainWhileInUse) {
    auto file = storage().create("/data", {});
    file->write_at(0, as_bytes("before"));
    host_.disk().options().capacity = 8;
    EXPECT_EQ(error_of([&] { file->write_at(6, as_bytes(" after")); }), ENOSPC);
    EXPECT_EQ(content("/data"), "before a");
    host_.disk().options().capacity = 3;  // less than is there already
    EXPECT_EQ(storage().free_space("/"), 0);
    EXPECT_EQ(error_of([&] { file->write_at(0, as_bytes("BEFORE")); }), 0);
    EXPECT_EQ(error_of([&] { file->write_at(8, as_bytes("x")); }), ENOSPC);
    EXPECT_EQ(content("/data"), "BEFORE a");
    host_.disk().options().capacity = 100;
    file->write_at(6, as_bytes(" after"));
    EXPECT_EQ(content("/data"), "BEFORE after");
}

TEST_F(Stored, ATruncationIsUndoneAsAWhole) {
    auto& crash = host_.disk().options().crash;
    crash = {.lose_page_ppm = 0,
             .tear_page_ppm = 0,
             .lose_size_ppm = kPpm,
             .lose_directory_changes_ppm = 0};
    auto file = storage().create("/data", {});
    const std::string text(3 * kPageLength, 'x');
    file->write_at(0, as_bytes(text));
    file->sync(true);
    file->truncate(kPageLength);
    restart();
    EXPECT_EQ(content("/data"), text);
}

TEST_F(Stored, ASparseFileStaysSparseThroughACrash) {
    lose_all();
    constexpr std::int64_t kSize = std::int64_t{1} << 34;
    auto file = storage().create("/data", {});
    storage().sync_directory("/");
    file->truncate(kSize);
    file->write_at(kSize / 2, as_bytes("middle"));
    file->sync(true);
    file->write_at(kSize / 4, as_bytes("lost"));
    restart();
    auto again = storage().open("/data", Access::read_only);
    EXPECT_EQ(again->size(), kSize);
    EXPECT_TRUE(again->is_hole(0, kSize / 2));
    std::array<std::byte, 6> bytes;
    EXPECT_EQ(again->read_at(kSize / 2, bytes), 6U);
    EXPECT_EQ(as_text(bytes), "middle");
}

/// Where two texts of one length differ, and that it is by one bit there.
std::vector<std::int64_t> flipped(const std::string& before, const std::string& after) {
    std::vector<std::int64_t> offsets;
    for (std::size_t i = 0; i < before.size(); ++i) {
        if (before[i] == after[i]) continue;
        offsets.push_back(static_cast<std::int64_t>(i));
        EXPECT_TRUE(std::has_single_bit(static_cast<std::uint8_t>(before[i] ^ after[i])));
    }
    return offsets;
}

TEST_F(Stored, BitsRotWhereContentIs) {
    storage().create_directories("/archive", Visibility::shared);
    const std::string text(5 * kPageLength - 100, 'x');
    auto file = storage().create("/archive/1-0.rec", {});
    file->write_at(0, as_bytes(text));
    file->truncate(1'000 * kPageLength);  // the rest is a hole, or zeros
    file->write_at(900 * kPageLength, as_bytes(std::string(100 * kPageLength, '\0')));
    file->sync(true);
    storage().create("/other", {})->write_at(0, as_bytes(text));
    const std::uint64_t events = world_.timeline().event_count();
    const std::string before = content("/archive/1-0.rec");
    auto rotten = host_.disk().rot(".rec", 3);
    ASSERT_EQ(rotten.size(), 3U);
    EXPECT_EQ(world_.timeline().event_count(), events + 3);
    std::vector<std::int64_t> told;
    for (const RottenBit& bit : rotten) {
        EXPECT_EQ(bit.path, "/archive/1-0.rec");
        told.push_back(bit.offset);
    }
    std::ranges::sort(told);
    EXPECT_LT(told.back(), 5 * kPageLength);
    EXPECT_EQ(flipped(before, content("/archive/1-0.rec")), told);
    EXPECT_EQ(content("/other"), text);
    EXPECT_EQ(host_.disk().rot(".rec", 100).size(), 5U);  // a page each
    EXPECT_TRUE(host_.disk().rot("/nothing", 1).empty());
}

TEST_F(Stored, BitsRotInMappedFilesAndBehindUnsyncedWrites) {
    lose_all();
    auto mapping = storage().create_mapped("/mapped", kPageLength, {});
    auto file = storage().create("/written", {});
    storage().sync_directory("/");
    first(*mapping) = std::byte{'m'};
    mapping->sync();
    file->write_at(0, as_bytes("w"));
    file->sync(true);
    const std::int64_t in_mapping = host_.disk().rot("/mapped", 1).at(0).offset;
    const std::string seen(as_text(mapping->bytes()));
    EXPECT_EQ(flipped("m" + std::string(kPageLength - 1, '\0'), seen).at(0), in_mapping);

    first(*mapping) = std::byte{'M'};
    file->write_at(0, as_bytes("W"));
    const std::string changed = content("/mapped");
    EXPECT_EQ(host_.disk().rot("/", 9).size(), 2U);
    EXPECT_EQ(content("/written"), "W");
    EXPECT_EQ(content("/mapped"), changed);
    restart();
    EXPECT_EQ(flipped("w", content("/written")).size(), 1U);
    EXPECT_EQ(flipped(seen, content("/mapped")).size(), 1U);
}

TEST_F(Stored, ADirectoryIsBroughtBackAsItWasKept) {
    lose_all();
    storage().create_directories("/archive/deep", Visibility::shared);
    auto file = storage().create("/archive/deep/data", {});
    file->write_at(0, as_bytes("old"));  // unsynced: processes see it
    (void)storage().create_mapped("/archive/mark", 5'000, {});
    const DiskCopy copy = host_.disk().keep("/archive");
    file->write_at(0, as_bytes("newer"));
    (void)storage().create("/archive/later", {});
    (void)storage().remove("/archive/mark");

    host_.disk().bring_back("/archive", copy);
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(content("/archive/deep/data"), "old");
        EXPECT_EQ(content("/archive/mark"), std::string(5'000, '\0'));
        EXPECT_FALSE(storage().exists("/archive/later"));
        restart();  // it is durable
    }
    storage().open("/archive/deep/data", Access::read_write)->write_at(0, as_bytes("changed"));
    Host& other = world_.add_host("beta");
    other.disk().bring_back("/restored", copy);
    process_ = &other.start("there");
    EXPECT_EQ(content("/restored/deep/data"), "old");
    EXPECT_EQ(error_of([&] { (void)other.disk().keep("/nothing"); }), ENOENT);
    EXPECT_EQ(error_of([&] { other.disk().bring_back("/no/parent", copy); }), ENOENT);
}

TEST_F(Stored, RefusesWhatAFileSystemRefuses) {
    EXPECT_EQ(error_of([&] { (void)storage().create("/no/such/place", {}); }), ENOENT);
    EXPECT_EQ(error_of([&] { (void)storage().open("/missing", Access::read_only); }), ENOENT);
    (void)storage().create("/file", {});
    EXPECT_EQ(error_of([&] { (void)storage().create("/file", {}); }), EEXIST);
    EXPECT_EQ(error_of([&] { (void)storage().create("/file/below", {}); }), ENOTDIR);
    EXPECT_EQ(error_of([&] { (void)storage().open_mapped("/file", Access::read_only); }), EINVAL);
    EXPECT_EQ(error_of([&] { storage().create_directories("/file", Visibility::shared); }), EEXIST);
    auto reader = storage().open("/file", Access::read_only);
    EXPECT_EQ(error_of([&] { reader->write_at(0, as_bytes("x")); }), EBADF);
    storage().create_directories("/a/b/", Visibility::shared);
    storage().remove_all("/a");
    EXPECT_FALSE(storage().exists("/a/b"));
    EXPECT_EQ(storage().absolute("x/../y"), "/y");
}

}  // namespace
}  // namespace tern::platform::sim
